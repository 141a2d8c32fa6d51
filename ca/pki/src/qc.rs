//! The qcStatements extension: RFC 3739 section 3.2.6, EN 319 412-1 section 5.1, EN 319 412-5 section 4.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, Ia5String, PrintableString};
use der::{Encode, Sequence};

use crate::oid;

/// `QCStatements ::= SEQUENCE OF QCStatement`.
pub type QcStatements = Vec<QcStatement>;

/// One statement; `info` depends on `id`.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct QcStatement {
    pub id: ObjectIdentifier,
    pub info: Option<Any>,
}

/// `QcEuPDS`: where the disclosure statement lies, in a language (EN 319 412-5 section 4.3.4).
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct PdsLocation {
    pub url: Ia5String,
    pub language: PrintableString,
}

/// `SemanticsInformation` without nameRegistrationAuthorities (RFC 3739 section 3.2.6.1).
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct SemanticsInformation {
    pub identifier: ObjectIdentifier,
}

impl QcStatement {
    fn bare(id: ObjectIdentifier) -> Self {
        Self { id, info: None }
    }
    fn with<T: Encode>(id: ObjectIdentifier, info: &T) -> der::Result<Self> {
        use der::Decode;
        let info = Some(Any::from_der(&info.to_der()?)?);
        Ok(Self { id, info })
    }
    /// The certificate is qualified under the legislation that QcCClegislation names.
    pub fn compliance() -> Self {
        Self::bare(oid::QC_COMPLIANCE)
    }
    /// The private key lies in a qualified signature creation device.
    pub fn sscd() -> Self {
        Self::bare(oid::QC_SSCD)
    }
    /// The certificate is for electronic signatures.
    pub fn esign() -> der::Result<Self> {
        Self::with(oid::QC_TYPE, &vec![oid::QC_TYPE_ESIGN])
    }
    /// Disclosure statements as `(ISO 639-1 language, https URL)`.
    pub fn pds(locations: &[(String, String)]) -> der::Result<Self> {
        let list = locations
            .iter()
            .map(|(language, url)| {
                Ok(PdsLocation {
                    url: Ia5String::new(url)?,
                    language: PrintableString::new(language)?,
                })
            })
            .collect::<der::Result<Vec<_>>>()?;
        Self::with(oid::QC_PDS, &list)
    }
    /// The countries under whose law the certificate is qualified; absent means the European Union.
    pub fn legislation(country: &str) -> der::Result<Self> {
        Self::with(oid::QC_LEGISLATION, &vec![PrintableString::new(country)?])
    }
    /// The subject's serialNumber is read as `semantics` says.
    pub fn semantics(semantics: ObjectIdentifier) -> der::Result<Self> {
        Self::with(oid::QC_SYNTAX_V2, &SemanticsInformation { identifier: semantics })
    }
}
