//! TimeStampResp and TSTInfo (RFC 3161 section 2.4.2).

use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, Int};
use der::{Encode, Sequence};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;

use super::gen_time::GenTime;
use super::request::MessageImprint;

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct TimeStampResp {
    pub status: PkiStatusInfo,
    /// A ContentInfo; present exactly when a stamp was granted.
    pub token: Option<Any>,
}

/// `status` 0 is granted, 2 rejection.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct PkiStatusInfo {
    pub status: u8,
    pub status_string: Option<Vec<String>>,
    pub fail_info: Option<BitString>,
}

/// The bits of PKIFailureInfo that RFC 3161 uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum FailureInfo {
    BadAlg = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    TimeNotAvailable = 14,
    UnacceptedPolicy = 15,
    UnacceptedExtension = 16,
    AddInfoNotAvailable = 17,
    SystemFailure = 25,
}

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct TstInfo {
    pub version: u8,
    pub policy: ObjectIdentifier,
    pub message_imprint: MessageImprint,
    pub serial_number: Int,
    pub gen_time: GenTime,
    pub accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    pub ordering: bool,
    pub nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub tsa: Option<GeneralName>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

/// How far genTime may be off.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct Accuracy {
    pub seconds: Option<u16>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub micros: Option<u16>,
}

impl TimeStampResp {
    pub const fn granted(token: Any) -> Self {
        Self {
            status: PkiStatusInfo {
                status: 0,
                status_string: None,
                fail_info: None,
            },
            token: Some(token),
        }
    }

    /// DER of a refusal; `why` is for a person to read.
    pub fn rejected(failure: FailureInfo, why: &str) -> der::Result<Vec<u8>> {
        Self {
            status: PkiStatusInfo {
                status: 2,
                status_string: Some(vec![why.to_owned()]),
                fail_info: Some(failure.bits()?),
            },
            token: None,
        }
        .to_der()
    }
}

impl FailureInfo {
    /// Named BIT STRING without trailing zero bits (X.690 section 11.2.2).
    fn bits(self) -> der::Result<BitString> {
        let bit = self as u8;
        let mut octets = vec![0u8; usize::from(bit / 8) + 1];
        if let Some(last) = octets.last_mut() {
            *last = 0x80 >> (bit % 8);
        }
        BitString::new(7 - bit % 8, octets)
    }
}
