//! A virtual eID card for tests: the EstEID-2018 (IDEMIA IAS-ECC) layout that stock OpenSC knows, spoken to vpcd.
//!
//! Two P-384 keys, PIN1, PIN2 and PUK. The keys are software keys and stand for the card's chip; nothing of the product
//! depends on this crate.

mod apdu;
mod card;
mod data;
mod file;
pub mod person;
mod personalise;
mod pin;
mod select;
mod sign;
pub mod stack;
mod state;
mod store;
pub mod test_issuer;
mod trace;
pub mod vpcd;

#[cfg(test)]
mod tests;

pub use apdu::Status;
pub use card::Card;
pub use state::Key;
pub use store::{Store, StoreError};
pub use trace::{Trace, described};

/// Answer to reset: T=1, historical bytes of EstEID 2018, by which OpenSC and libelectronic-id recognise the profile.
pub const ATR: [u8; 22] = [
    0x3b, 0xdb, 0x96, 0x00, 0x80, 0xb1, 0xfe, 0x45, 0x1f, 0x83, 0x00, 0x12, 0x23, 0x3f, 0x53, 0x65, 0x49, 0x44, 0x0f,
    0x90, 0x00, 0xf1,
];
