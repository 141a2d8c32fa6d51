//! What the agent needs of a card, whichever way it is reached. PC/SC with a profile is one way; PKCS#11 may be another.

use std::fs::OpenOptions;

use signum_card::{CardError, Digest, HashFunction, Inserted, Key, Pin, PinRule, ReaderError, Readers, Secret, Tries};

/// A card of one person.
pub trait Eid {
    fn document_number(&mut self) -> Result<String, CardError>;
    /// DER.
    fn certificate(&mut self, key: Key) -> Result<Vec<u8>, CardError>;
    fn pin_rule(&self, secret: Secret) -> PinRule;
    fn tries(&mut self, secret: Secret) -> Result<Tries, CardError>;
    /// JWS name.
    fn authentication_algorithm(&self) -> &'static str;
    fn hash_functions(&self) -> &'static [HashFunction];
    /// One try of PIN1; none where fewer are left than the person was `shown`.
    fn authenticate(&mut self, shown: Tries, pin: &Pin, origin: &str, challenge: &str) -> Result<Vec<u8>, CardError>;
    /// One try of PIN2; none where fewer are left than the person was `shown`.
    fn sign(&mut self, shown: Tries, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError>;
}

/// Where cards are.
pub trait Cards {
    /// Those that are there now.
    fn look(&mut self) -> Result<Vec<Box<dyn Eid>>, ReaderError>;
}

/// The readers of this machine. `SIGNUM_CARD_LOG` names a file to which commands are appended, without PINs.
pub struct PcscCards;

impl Cards for PcscCards {
    fn look(&mut self) -> Result<Vec<Box<dyn Eid>>, ReaderError> {
        let mut cards: Vec<Box<dyn Eid>> = Vec::new();
        for mut card in signum_card::find(&Readers::open()?)? {
            if let Some(path) = std::env::var_os("SIGNUM_CARD_LOG") {
                let log = OpenOptions::new().append(true).create(true).open(path);
                card.log_to(Box::new(log.map_err(ReaderError::Log)?));
            }
            cards.push(Box::new(card));
        }
        Ok(cards)
    }
}

impl Eid for Inserted {
    fn document_number(&mut self) -> Result<String, CardError> {
        Inserted::document_number(self)
    }

    fn certificate(&mut self, key: Key) -> Result<Vec<u8>, CardError> {
        Inserted::certificate(self, key)
    }

    fn pin_rule(&self, secret: Secret) -> PinRule {
        self.profile().pin_rule(secret)
    }

    fn tries(&mut self, secret: Secret) -> Result<Tries, CardError> {
        Inserted::tries(self, secret)
    }

    fn authentication_algorithm(&self) -> &'static str {
        self.profile().authentication_algorithm()
    }

    fn hash_functions(&self) -> &'static [HashFunction] {
        self.profile().hash_functions()
    }

    fn authenticate(&mut self, shown: Tries, pin: &Pin, origin: &str, challenge: &str) -> Result<Vec<u8>, CardError> {
        Inserted::authenticate(self, shown, pin, origin, challenge)
    }

    fn sign(&mut self, shown: Tries, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError> {
        Inserted::sign(self, shown, pin, digest)
    }
}
