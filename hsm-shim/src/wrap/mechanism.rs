//! How a private key is wrapped: AES-GCM (NIST SP 800-38D) where the module wraps with it, otherwise RFC 5649.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::raw::Functions;
use crate::token::fault::Fault;
use crate::wrap::envelope::Envelope;

/// Octets of a GCM initialisation vector: 96 bits from the token's generator, fresh for each key. One KEK wraps far fewer
/// than 2^32 keys, the limit for random vectors (SP 800-38D section 8.3).
pub(super) const IV: usize = 12;
const TAG_BITS: u64 = 128;

/// A wrapping mechanism, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrapMechanism {
    /// `CKM_AES_GCM`; what the key belongs to is its associated data.
    Gcm,
    /// `CKM_AES_KEY_WRAP_KWP` (0x210B), the name PKCS#11 v3.0 gives RFC 5649.
    Kwp,
    /// `CKM_AES_KEY_WRAP_PAD` (0x210A), RFC 5649 in SoftHSM.
    Pad,
}

impl WrapMechanism {
    /// `CKM_...`.
    pub fn code(self) -> u64 {
        match self {
            Self::Gcm => 0x1087,
            Self::Kwp => 0x210b,
            Self::Pad => 0x210a,
        }
    }

    /// As a binding covers it and an envelope carries it.
    pub(super) fn octet(self) -> u8 {
        match self {
            Self::Gcm => 1,
            Self::Kwp => 2,
            Self::Pad => 3,
        }
    }

    pub(super) fn of_octet(octet: u8) -> Option<Self> {
        [Self::Gcm, Self::Kwp, Self::Pad]
            .into_iter()
            .find(|m| m.octet() == octet)
    }
}

/// Module and session in which keys are wrapped and unwrapped.
pub(crate) struct Wrapping<'a> {
    pub(crate) functions: &'a Functions,
    pub(crate) session: &'a Session,
}

impl Wrapping<'_> {
    /// Wraps `key` under `kek`; `belongs` is associated data where the mechanism takes some.
    pub(crate) fn wrap(
        &self,
        mechanism: WrapMechanism,
        kek: ObjectHandle,
        key: ObjectHandle,
        belongs: &[u8],
    ) -> Result<Envelope, Fault> {
        let mut iv = Vec::new();
        let wrapped = match mechanism {
            WrapMechanism::Gcm => {
                iv = vec![0; IV];
                self.session.generate_random_slice(&mut iv)?;
                // The parameters borrow the vector mutably: a module may write to it, which would show below.
                let mut sent = iv.clone();
                let parameters = GcmParams::new(&mut sent, belongs, TAG_BITS.into())?;
                let wrapped = self.session.wrap_key(&Mechanism::AesGcm(parameters), kek, key)?;
                if sent != iv {
                    return Err(HsmError::SelfCheckFailed.into());
                }
                wrapped
            }
            WrapMechanism::Kwp => self.functions.wrap_kwp(self.session, kek, key)?,
            WrapMechanism::Pad => self.session.wrap_key(&Mechanism::AesKeyWrapPad, kek, key)?,
        };
        Ok(Envelope { mechanism, iv, wrapped })
    }

    /// Unwraps into a session object. A blob that is not of this KEK or of `belongs` is [`HsmError::BlobRejected`].
    pub(crate) fn unwrap(
        &self,
        envelope: &Envelope,
        kek: ObjectHandle,
        belongs: &[u8],
        attributes: &[Attribute],
    ) -> Result<ObjectHandle, Fault> {
        let unwrapped = match envelope.mechanism {
            WrapMechanism::Gcm => {
                let mut iv = envelope.iv.clone();
                let parameters = GcmParams::new(&mut iv, belongs, TAG_BITS.into())?;
                let mechanism = Mechanism::AesGcm(parameters);
                let key = self.session.unwrap_key(&mechanism, kek, &envelope.wrapped, attributes);
                key.map_err(Fault::from)
            }
            WrapMechanism::Kwp => self
                .functions
                .unwrap_kwp(self.session, kek, &envelope.wrapped, attributes),
            WrapMechanism::Pad => {
                let key = self
                    .session
                    .unwrap_key(&Mechanism::AesKeyWrapPad, kek, &envelope.wrapped, attributes);
                key.map_err(Fault::from)
            }
        };
        unwrapped.map_err(refused_blob)
    }
}

/// The codes a module has for "this is not what was wrapped".
fn refused_blob(fault: Fault) -> Fault {
    match fault {
        Fault::Module(Error::Pkcs11(
            // kryoptic says this of a blob that is shorter than its tag.
            RvError::DataLenRange
            | RvError::DataInvalid
            | RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::WrappedKeyInvalid
            | RvError::WrappedKeyLenRange,
            _,
        )) => HsmError::BlobRejected("it does not unwrap".into()).into(),
        other => other,
    }
}
