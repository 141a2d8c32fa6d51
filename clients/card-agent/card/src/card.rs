//! A card in a reader. It is held alone only while it works: never while a person thinks of a PIN.

use std::io::Write;

use pcsc::{Disposition, Protocols, ShareMode, Transaction};

use crate::channel::Channel;
use crate::digest::Digest;
use crate::error::{CardError, ReaderError};
use crate::log::Log;
use crate::pin::{Pin, Secret, Tries};
use crate::profile::{Key, Profile, recognised};
use crate::reader::{Reader, Readers};

/// A card of a kind we know. When it is taken out every call fails, also with another card in its place.
pub struct Inserted {
    card: pcsc::Card,
    profile: &'static dyn Profile,
    reader: String,
    log: Option<Box<dyn Write>>,
}

/// The cards of kinds we know, in the order of their readers.
pub fn find(readers: &Readers) -> Result<Vec<Inserted>, ReaderError> {
    let mut found = Vec::new();
    for reader in readers.list()? {
        let profile = reader.answer_to_reset.as_deref().and_then(recognised);
        if let Some(profile) = profile {
            found.push(Inserted::connect(readers, &reader, profile)?);
        }
    }
    Ok(found)
}

impl Inserted {
    /// The card in `reader`, as one of `profile`.
    pub fn connect(readers: &Readers, reader: &Reader, profile: &'static dyn Profile) -> Result<Self, ReaderError> {
        let card = readers
            .context
            .connect(&reader.name, ShareMode::Shared, Protocols::ANY)?;
        Ok(Self {
            card,
            profile,
            reader: reader.name(),
            log: None,
        })
    }

    /// Writes commands down, without PINs, from now on.
    pub fn log_to(&mut self, log: Box<dyn Write>) {
        self.log = Some(log);
    }

    pub fn profile(&self) -> &'static dyn Profile {
        self.profile
    }

    pub fn reader(&self) -> &str {
        &self.reader
    }

    pub fn document_number(&mut self) -> Result<String, CardError> {
        let profile = self.profile;
        self.with(Disposition::LeaveCard, |card| profile.document_number(card))
    }

    /// DER.
    pub fn certificate(&mut self, key: Key) -> Result<Vec<u8>, CardError> {
        let profile = self.profile;
        self.with(Disposition::LeaveCard, |card| profile.certificate(card, key))
    }

    pub fn tries(&mut self, secret: Secret) -> Result<Tries, CardError> {
        let profile = self.profile;
        self.with(Disposition::LeaveCard, |card| profile.tries(card, secret))
    }

    /// As [`Profile::authenticate`], if no fewer tries are left than the person was `shown`; the card is reset after it, so that no
    /// other program finds PIN1 verified.
    pub fn authenticate(
        &mut self,
        shown: Tries,
        pin: &Pin,
        origin: &str,
        challenge: &str,
    ) -> Result<Vec<u8>, CardError> {
        let profile = self.profile;
        self.with(Disposition::ResetCard, |card| {
            still(profile, card, Secret::Pin1, shown)?;
            profile.authenticate(card, pin, origin, challenge)
        })
    }

    /// As [`Profile::sign`], if no fewer tries are left than the person was `shown`; the card is reset after it.
    pub fn sign(&mut self, shown: Tries, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError> {
        let profile = self.profile;
        self.with(Disposition::ResetCard, |card| {
            still(profile, card, Secret::Pin2, shown)?;
            profile.sign(card, pin, digest)
        })
    }

    /// Holds the card alone for several commands, such as those of [`crate::personalise`]; the card is reset after them.
    pub fn alone<T>(&mut self, work: impl FnOnce(&mut dyn Channel) -> Result<T, CardError>) -> Result<T, CardError> {
        self.with(Disposition::ResetCard, work)
    }

    fn with<T>(
        &mut self,
        end: Disposition,
        work: impl FnOnce(&mut dyn Channel) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let transaction = begin(&mut self.card)?;
        let mut held = Held(&transaction);
        let result = match &mut self.log {
            Some(log) => work(&mut Log {
                channel: &mut held,
                to: log,
            }),
            None => work(&mut held),
        };
        let ended = transaction.end(end).map_err(|(_, error)| ReaderError::from(error));
        let value = result?;
        ended?;
        Ok(value)
    }
}

/// Refuses where another program has spent tries since the person was told how many are left: in the transaction in which the PIN
/// goes to the card, so that nothing comes between. Nobody's last try is spent unasked.
pub fn still(profile: &dyn Profile, card: &mut dyn Channel, secret: Secret, shown: Tries) -> Result<(), CardError> {
    let left = profile.tries(card, secret)?.left;
    match left {
        0 => Err(CardError::Blocked(secret)),
        _ if left < shown.left => Err(CardError::FewerTries { secret, left }),
        _ => Ok(()),
    }
}

/// Another program may have reset the card meanwhile; it is still the same one.
fn begin(card: &mut pcsc::Card) -> Result<Transaction<'_>, ReaderError> {
    // Begun and ended at once: what is begun here lends the card until the end of this function.
    let probe = card.transaction().map(drop);
    match probe {
        Ok(()) => {}
        Err(pcsc::Error::ResetCard) => card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)?,
        Err(error) => return Err(error.into()),
    }
    Ok(card.transaction()?)
}

struct Held<'a, 'card>(&'a Transaction<'card>);

impl Channel for Held<'_, '_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
        let response = self.0.transmit(command, &mut buffer)?;
        Ok(response.to_vec())
    }
}
