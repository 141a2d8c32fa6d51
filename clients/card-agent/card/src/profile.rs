//! A profile knows one kind of card. Kosovo's own applet is not published, so kinds are a table.

use crate::channel::Channel;
use crate::digest::{Digest, HashFunction};
use crate::error::CardError;
use crate::esteid2018::EstEid2018;
use crate::pin::{Pin, PinRule, Secret, Tries};

/// The two keys of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Authentication,
    Signature,
}

impl Key {
    /// The secret it is used after.
    pub fn secret(self) -> Secret {
        match self {
            Self::Authentication => Secret::Pin1,
            Self::Signature => Secret::Pin2,
        }
    }
}

/// What differs from one kind of card to the next. Each call finds the card in any state and selects what it needs.
pub trait Profile: Sync {
    /// For people and logs.
    fn name(&self) -> &'static str;

    /// Whether a card with this answer to reset is of the kind.
    fn recognises(&self, answer_to_reset: &[u8]) -> bool;

    fn document_number(&self, card: &mut dyn Channel) -> Result<String, CardError>;

    /// DER.
    fn certificate(&self, card: &mut dyn Channel, key: Key) -> Result<Vec<u8>, CardError>;

    fn pin_rule(&self, secret: Secret) -> PinRule;

    fn tries(&self, card: &mut dyn Channel, secret: Secret) -> Result<Tries, CardError>;

    /// The JWS name of the algorithm that log-in uses.
    fn authentication_algorithm(&self) -> &'static str;

    /// The functions of which the signature key signs digests.
    fn hash_functions(&self) -> &'static [HashFunction];

    /// Spends one try of PIN1 and signs hash(hash(origin) ‖ hash(challenge)) as Web eID does.
    fn authenticate(
        &self,
        card: &mut dyn Channel,
        pin: &Pin,
        origin: &str,
        challenge: &str,
    ) -> Result<Vec<u8>, CardError>;

    /// Spends one try of PIN2 and signs the digest: r ‖ s.
    fn sign(&self, card: &mut dyn Channel, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError>;
}

/// Every kind we know.
pub static PROFILES: &[&dyn Profile] = &[&EstEid2018];

/// The profile for a card.
pub fn recognised(answer_to_reset: &[u8]) -> Option<&'static dyn Profile> {
    PROFILES
        .iter()
        .copied()
        .find(|profile| profile.recognises(answer_to_reset))
}
