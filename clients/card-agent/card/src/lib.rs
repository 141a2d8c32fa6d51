//! eID cards over PC/SC: readers, card profiles, PINs, log-in and signature, and the personalisation of a blank card.
//!
//! A [`Profile`] knows one kind of card and speaks through a [`Channel`]; [`Inserted`] is a card in a reader, [`find`] finds
//! them. Nothing signs a digest of the caller's with the authentication key: log-in hashes origin and challenge itself, a
//! certification request is built here.

mod apdu;
mod card;
mod channel;
mod digest;
mod error;
mod esteid2018;
mod letter;
mod log;
pub mod personalise;
mod pin;
mod profile;
mod reader;

#[cfg(test)]
mod tests;

pub use card::{Inserted, find, still};
pub use channel::Channel;
pub use digest::{Digest, HashFunction};
pub use error::{CardError, ReaderError};
pub use letter::Letter;
pub use log::{Log, described};
pub use pin::{Pin, PinForm, PinRule, Secret, Tries};
pub use profile::{Key, PROFILES, Profile, recognised};
pub use reader::{Reader, Readers};
