//! The `sub` under which one sector knows somebody represented: pairwise like a person's own, and derived, so that no list of
//! other people's children has to be kept.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signum_core::http::Csrf;

/// 128 bits of a keyed hash over sector and reference; written as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepresenteeSub([u8; 16]);

impl RepresenteeSub {
    pub(crate) fn of(csrf: &Csrf, sector: &str, reference: &str) -> Option<Self> {
        let proof = csrf.proof("representee", &format!("{} {sector} {reference}", sector.len()));
        Self::parse(proof.get(..32)?)
    }

    /// Reads 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut octets = [0; 16];
        (lower && hex::decode_to_slice(text, &mut octets).is_ok()).then_some(Self(octets))
    }
}

impl std::fmt::Display for RepresenteeSub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for RepresenteeSub {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RepresenteeSub {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a representee"))
    }
}
