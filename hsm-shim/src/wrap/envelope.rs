//! A wrapped key as a row holds it, in two columns that are opaque to everyone else.
//!
//! Version 2: `blob` = mechanism (1 octet), length of the vector (1), vector, wrapped key; `binding` = 2, and for
//! mechanisms without associated data the HMAC. Version 1 (rows made before): `blob` = the wrapped key under
//! `CKM_AES_KEY_WRAP_PAD`, `binding` = the HMAC alone.

use crate::error::HsmError;
use crate::wrap::mechanism::{IV, WrapMechanism};

const VERSION: u8 = 2;
const MAC: usize = 32;

/// A wrapped key and how it was wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(super) mechanism: WrapMechanism,
    /// Empty but for AES-GCM.
    pub(super) iv: Vec<u8>,
    pub(super) wrapped: Vec<u8>,
}

/// What says that an envelope belongs to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof<'a> {
    /// HMAC in the form of version 1.
    MacV1(&'a [u8]),
    /// HMAC in the form of version 2.
    Mac(&'a [u8]),
    /// The wrapping itself: AES-GCM with associated data.
    Sealed,
}

impl Envelope {
    /// The column `blob`.
    pub(super) fn blob(&self) -> Result<Vec<u8>, HsmError> {
        let length = u8::try_from(self.iv.len()).map_err(|_| HsmError::SelfCheckFailed)?;
        Ok([&[self.mechanism.octet(), length], self.iv.as_slice(), &self.wrapped].concat())
    }

    /// The column `binding`, from the HMAC if the mechanism needs one.
    pub(super) fn binding(mac: Option<[u8; MAC]>) -> Vec<u8> {
        let mut binding = vec![VERSION];
        binding.extend(mac.into_iter().flatten());
        binding
    }

    /// Reads both columns. Only the exact forms above are taken.
    pub(super) fn parse<'a>(blob: &[u8], binding: &'a [u8]) -> Result<(Self, Proof<'a>), HsmError> {
        if binding.len() == MAC {
            let envelope = Self {
                mechanism: WrapMechanism::Pad,
                iv: Vec::new(),
                wrapped: blob.to_vec(),
            };
            return Ok((envelope, Proof::MacV1(binding)));
        }
        let malformed = || HsmError::BlobRejected("not a form of a wrapped key".into());
        let [VERSION, mac @ ..] = binding else {
            return Err(malformed());
        };
        let [mechanism, length, rest @ ..] = blob else {
            return Err(malformed());
        };
        let mechanism = WrapMechanism::of_octet(*mechanism).ok_or_else(malformed)?;
        let (iv, wrapped) = rest.split_at_checked(usize::from(*length)).ok_or_else(malformed)?;
        let (vector, proof) = match mechanism {
            WrapMechanism::Gcm if mac.is_empty() => (IV, Proof::Sealed),
            WrapMechanism::Kwp | WrapMechanism::Pad if mac.len() == MAC => (0, Proof::Mac(mac)),
            _ => return Err(malformed()),
        };
        if iv.len() != vector || wrapped.is_empty() {
            return Err(malformed());
        }
        let (iv, wrapped) = (iv.to_vec(), wrapped.to_vec());
        Ok((Self { mechanism, iv, wrapped }, proof))
    }
}
