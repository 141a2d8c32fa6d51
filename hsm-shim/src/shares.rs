//! A PIN in m-of-n shares, one for each holder (Shamir, over GF(256) by the crate `vsss-rs`; docs/decisions/0005).
//!
//! What is shared is the PIN, filled up to one length, and a checksum over it: with a wrong share, or too few, the result is
//! known to be wrong before the token hears of it, so no try of the PIN is lost.

use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vsss_rs::Gf256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::HsmError;
use crate::token::pin::read_private;

const DOMAIN: &[u8] = b"signum-pin-share-v1";
/// Octets of a filled-up PIN: its length does not show in the shares' length.
const FILLED: usize = 256;
const CHECKSUM: usize = 32;
/// Octets of a share's own check: tells a typing error from a share of something else.
const CHECK: usize = 8;
/// Longest share file.
const LONGEST: u64 = 4096;

/// One holder's share, as its file says it. Fewer than `needed` of them say nothing about the PIN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub version: u8,
    /// Which splitting it comes from, 16 hexadecimal digits; shares of different sets do not combine.
    pub set: String,
    /// The holder's number, from 1.
    pub holder: u8,
    pub needed: u8,
    pub holders: u8,
    /// Hexadecimal.
    share: String,
    /// The first octets of SHA-256 over the above.
    check: String,
}

/// Why shares give no PIN. Says nothing of the PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    #[error("2 to 16 holders, of whom at least 2 are needed")]
    Numbers,
    #[error("a PIN has 1 to 255 octets")]
    Pin,
    #[error("share file: {0}")]
    Malformed(String),
    #[error("the share of holder {0} has a typing error")]
    Typo(u8),
    #[error("the share of holder {0} is of another set")]
    AnotherSet(u8),
    #[error("the share of holder {0} is there twice")]
    Twice(u8),
    #[error("{given} shares where {needed} are needed")]
    TooFew { given: usize, needed: u8 },
    #[error("the shares do not fit together: one of them is wrong")]
    DoNotFit,
}

impl From<ShareError> for HsmError {
    fn from(error: ShareError) -> Self {
        Self::Misconfigured(format!("PIN shares: {error}"))
    }
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share {} of {}, set {}", self.holder, self.holders, self.set)
    }
}

/// Splits a PIN. The operating system's randomness makes the polynomials.
pub fn split(pin: &SecretString, needed: u8, holders: u8) -> Result<Vec<Share>, ShareError> {
    if needed < 2 || needed > holders || holders > 16 {
        return Err(ShareError::Numbers);
    }
    let text = pin.expose_secret().as_bytes();
    let length = u8::try_from(text.len()).ok().filter(|length| *length > 0);
    let rng = UnwrapErr(SysRng);
    let set = {
        let mut octets = [0; 8];
        getrandom::fill(&mut octets).map_err(|error| ShareError::Malformed(error.to_string()))?;
        hex::encode(octets)
    };
    let mut filled = Zeroizing::new(Vec::with_capacity(FILLED + CHECKSUM));
    filled.push(length.ok_or(ShareError::Pin)?);
    filled.extend_from_slice(text);
    filled.resize(FILLED, 0);
    let sum = checksum(&set, needed, &filled);
    filled.extend_from_slice(&sum);
    let split = Gf256::split_bytes(needed.into(), holders.into(), filled.as_slice(), rng);
    let split = Zeroizing::new(split.map_err(|error| ShareError::Malformed(error.to_string()))?);
    let shares: Vec<Share> = (1..=holders)
        .zip(split.iter())
        .map(|(holder, octets)| {
            let mut share = Share {
                version: 1,
                set: set.clone(),
                holder,
                needed,
                holders,
                share: hex::encode(octets),
                check: String::new(),
            };
            share.check = share.own_check();
            share
        })
        .collect();
    // What was split must come back, from the first and from the last that suffice.
    for some in [shares.get(..needed.into()), shares.get(usize::from(holders - needed)..)] {
        let back = combine(some.ok_or(ShareError::Numbers)?)?;
        if !bool::from(back.expose_secret().as_bytes().ct_eq(text)) {
            return Err(ShareError::DoNotFit);
        }
    }
    Ok(shares)
}

/// Puts the PIN together. More shares than needed are checked too: one wrong share is an error even then.
pub fn combine(shares: &[Share]) -> Result<SecretString, ShareError> {
    let Some(first) = shares.first() else {
        return Err(ShareError::TooFew { given: 0, needed: 2 });
    };
    let mut octets = Zeroizing::new(Vec::new());
    for (at, share) in shares.iter().enumerate() {
        share.check()?;
        if share.set != first.set || share.needed != first.needed || share.holders != first.holders {
            return Err(ShareError::AnotherSet(share.holder));
        }
        if shares.iter().take(at).any(|earlier| earlier.holder == share.holder) {
            return Err(ShareError::Twice(share.holder));
        }
        octets.push(share.octets()?);
    }
    if shares.len() < usize::from(first.needed) {
        return Err(ShareError::TooFew {
            given: shares.len(),
            needed: first.needed,
        });
    }
    let filled = Gf256::combine_bytes(octets.as_slice()).map_err(|_| ShareError::DoNotFit)?;
    let filled = Zeroizing::new(filled);
    let (text, sum) = filled.split_at_checked(FILLED).ok_or(ShareError::DoNotFit)?;
    if !bool::from(checksum(&first.set, first.needed, text).ct_eq(sum)) {
        return Err(ShareError::DoNotFit);
    }
    let (length, text) = text.split_first().ok_or(ShareError::DoNotFit)?;
    let pin = text.get(..usize::from(*length)).ok_or(ShareError::DoNotFit)?;
    let pin = std::str::from_utf8(pin).map_err(|_| ShareError::DoNotFit)?;
    Ok(SecretString::from(pin))
}

impl Share {
    /// Reads a holder's file: a private one, as PIN files are.
    pub fn read(path: &Path) -> Result<Self, HsmError> {
        Ok(Self::parse(&read_private(path, "share file", LONGEST)?)?)
    }

    pub fn parse(text: &str) -> Result<Self, ShareError> {
        // The parser's message would quote the line, and the line may be the share.
        let share: Self = toml::from_str(text).map_err(|_| ShareError::Malformed("not a share".into()))?;
        share.check()?;
        Ok(share)
    }

    /// The file's text, with a few words for the holder.
    pub fn to_toml(&self) -> Result<Zeroizing<String>, ShareError> {
        let body = Zeroizing::new(toml::to_string(self).map_err(|error| ShareError::Malformed(error.to_string()))?);
        Ok(Zeroizing::new(format!(
            "# One share of a token's PIN. {} of {} together give it; fewer say nothing.\n\
             # Keep it where the other holders cannot reach.\n{}",
            self.needed,
            self.holders,
            body.as_str()
        )))
    }

    fn check(&self) -> Result<(), ShareError> {
        if self.version != 1 {
            return Err(ShareError::Malformed("of a later version".into()));
        }
        if !bool::from(self.own_check().as_bytes().ct_eq(self.check.as_bytes())) {
            return Err(ShareError::Typo(self.holder));
        }
        if self.needed < 2 || self.needed > self.holders || self.holder == 0 || self.holder > self.holders {
            return Err(ShareError::Numbers);
        }
        self.octets().map(drop)
    }

    fn own_check(&self) -> String {
        let hash = Sha256::new_with_prefix(DOMAIN)
            .chain_update([self.version, self.holder, self.needed, self.holders])
            .chain_update(self.set.as_bytes())
            .chain_update(self.share.as_bytes())
            .finalize();
        hex::encode(hash.iter().take(CHECK).copied().collect::<Vec<u8>>())
    }

    fn octets(&self) -> Result<Vec<u8>, ShareError> {
        let octets = hex::decode(&self.share).map_err(|_| ShareError::Typo(self.holder))?;
        // The first octet is the point of the polynomial: the holder's number.
        if octets.len() == FILLED + CHECKSUM + 1 && octets.first() == Some(&self.holder) {
            Ok(octets)
        } else {
            Err(ShareError::Typo(self.holder))
        }
    }
}

fn checksum(set: &str, needed: u8, filled: &[u8]) -> [u8; CHECKSUM] {
    Sha256::new_with_prefix(DOMAIN)
        .chain_update(set.as_bytes())
        .chain_update([needed])
        .chain_update(filled)
        .finalize()
        .into()
}
