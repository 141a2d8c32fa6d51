//! The qcStatements extension: RFC 3739 section 3.2.6, EN 319 412-1 section 5.1, EN 319 412-5 section 4.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, Ia5String, PrintableString};
use der::{Encode, Sequence};
use x509_cert::ext::pkix::name::GeneralName;

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

/// `SemanticsInformation` (RFC 3739 section 3.2.6.1); the authorities say who gives locally defined identifiers.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct SemanticsInformation {
    pub identifier: ObjectIdentifier,
    #[asn1(optional = "true")]
    pub name_registration_authorities: Option<Vec<GeneralName>>,
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
    /// What the certificate is for: `oid::QC_TYPE_ESIGN` or `oid::QC_TYPE_ESEAL`.
    pub fn of_type(kind: ObjectIdentifier) -> der::Result<Self> {
        Self::with(oid::QC_TYPE, &vec![kind])
    }
    /// In a TSTInfo: the time stamp is a qualified one of the European Union.
    pub fn qualified_time_stamp() -> Self {
        Self::bare(oid::QUALIFIED_TIME_STAMP)
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
    /// The subject's identifier is read as `semantics` says; `authority` (URI) gave it, when it is locally defined.
    pub fn semantics(semantics: ObjectIdentifier, authority: Option<&str>) -> der::Result<Self> {
        let uri = |text| Ok::<_, der::Error>(vec![GeneralName::UniformResourceIdentifier(Ia5String::new(text)?)]);
        let name_registration_authorities = authority.map(uri).transpose()?;
        let information = SemanticsInformation {
            identifier: semantics,
            name_registration_authorities,
        };
        Self::with(oid::QC_SYNTAX_V2, &information)
    }
}
