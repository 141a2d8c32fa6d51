//! Typed identifiers: 16 random bytes, shown as a UUID (RFC 9562 version 4), stored as bytes.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::random::Random;

/// An identifier of a `T`; ids of different things cannot be mixed up.
pub struct Id<T>(pub [u8; 16], PhantomData<fn() -> T>);

impl<T> Id<T> {
    pub fn new(random: &dyn Random) -> Self {
        Self(
            *uuid::Builder::from_random_bytes(random.bytes()).as_uuid().as_bytes(),
            PhantomData,
        )
    }
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes, PhantomData)
    }
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }
    /// Reads a stored id; `None` unless it is exactly 16 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
    /// Reads the UUID form, as it stands in an address.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::parse_str(text)
            .ok()
            .map(|u| Self::from_bytes(*u.as_bytes()))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn an_id_reads_back_from_every_form_it_is_written_in() {
        let id: Id<()> = Id::new(&OsRandom);
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_eq!(Id::from_slice(&id.bytes()), Some(id));
        assert_eq!(
            serde_json::from_str::<Id<()>>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
        assert_eq!(id.to_string().as_bytes().get(14), Some(&b'4'));
        assert!(Id::<()>::parse("x").is_none() && Id::<()>::from_slice(&[0; 15]).is_none());
        assert_ne!(Id::<()>::new(&OsRandom), id);
    }
}
