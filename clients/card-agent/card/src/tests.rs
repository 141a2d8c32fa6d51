//! The card layer against the virtual card, without PC/SC, and against cards that answer nonsense.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod logs;
mod nonsense;
mod person;
mod personalisation;
mod pins;

use signum_vcard::{Card, Store, test_issuer};
use tempfile::TempDir;

use crate::{Channel, PROFILES, Pin, Profile, ReaderError, Secret};

/// The virtual card, directly.
struct Virtual {
    card: Card,
    _folder: TempDir,
}

impl Virtual {
    fn blank() -> Self {
        let folder = TempDir::new().unwrap();
        Store::create(folder.path()).unwrap();
        Self {
            card: Card::open(folder.path()).unwrap(),
            _folder: folder,
        }
    }

    fn whole() -> Self {
        let mut card = Self::blank();
        test_issuer::personalise(&mut card.card, &test_issuer::HOLDER).unwrap();
        card
    }
}

impl Channel for Virtual {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        Ok(self.card.transmit(command))
    }
}

fn profile() -> &'static dyn Profile {
    PROFILES[0]
}

fn pin(secret: Secret, digits: &str) -> Pin {
    Pin::typed(digits, profile().pin_rule(secret)).unwrap()
}
