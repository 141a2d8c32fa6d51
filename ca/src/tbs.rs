//! TBSCertificate (RFC 5280 section 4.1) with the extensions of a profile in their fixed order.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, GeneralizedTime, Ia5String, Null, OctetString};
use der::{DateTime, Decode, Encode, Sequence};
use signum_core::Timestamp;
use signum_pki::certificate::key_identifier;
use signum_pki::oid;
use signum_pki::qc::QcStatement;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, PrivateKeyUsagePeriod,
};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::authority::{Issuer, address};
use crate::config::Config;
use crate::profile::{Pointers, Policies, Profile};

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub(crate) struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub version: Version,
    pub serial_number: SerialNumber,
    pub signature: AlgorithmIdentifierOwned,
    pub issuer: Name,
    pub validity: Validity,
    pub subject: Name,
    pub spki: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

/// A certificate around exactly the octets that were signed.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub(crate) struct SignedCertificate {
    pub tbs: Any,
    pub algorithm: AlgorithmIdentifierOwned,
    pub signature: BitString,
}

/// What differs between certificates of one profile.
pub(crate) struct Particulars<'a> {
    pub serial: &'a [u8],
    pub subject: &'a Name,
    /// SubjectPublicKeyInfo DER.
    pub spki: &'a [u8],
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub in_qscd: bool,
    pub shard: u32,
    /// For subjectAltName.
    pub names: &'a [GeneralName],
}

/// UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5); whole seconds.
pub(crate) fn time(at: Timestamp) -> der::Result<Time> {
    Ok(Time::from(date_time(at)?))
}

pub(crate) fn generalized_time(at: Timestamp) -> der::Result<GeneralizedTime> {
    Ok(GeneralizedTime::from_date_time(date_time(at)?))
}

fn date_time(at: Timestamp) -> der::Result<DateTime> {
    let seconds = u64::try_from(at.seconds()).map_err(|_| der::ErrorKind::DateTime)?;
    DateTime::from_unix_duration(std::time::Duration::from_secs(seconds))
}

impl Tbs {
    pub fn build(config: &Config, issuer: &Issuer, profile: &Profile, of: &Particulars<'_>) -> der::Result<Self> {
        let signature = issuer.key.algorithm_identifier().ok_or(der::ErrorKind::Failed)?;
        Ok(Self {
            version: Version::V3,
            serial_number: SerialNumber::new(of.serial)?,
            signature,
            issuer: issuer.subject.clone(),
            validity: Validity::new(time(of.not_before)?, time(of.not_after)?),
            subject: of.subject.clone(),
            spki: SubjectPublicKeyInfoOwned::from_der(of.spki)?,
            extensions: Some(extensions(config, issuer, profile, of)?),
        })
    }
}

/// An extension around any value.
pub(crate) fn extension<T: Encode>(id: ObjectIdentifier, critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: id,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

pub(crate) fn uri(text: &str) -> der::Result<GeneralName> {
    Ok(GeneralName::UniformResourceIdentifier(Ia5String::new(text)?))
}

/// One full name, as CRLDP and IDP have it.
pub(crate) fn full_name(text: &str) -> der::Result<DistributionPointName> {
    Ok(DistributionPointName::FullName(vec![uri(text)?]))
}

fn extensions(config: &Config, issuer: &Issuer, profile: &Profile, of: &Particulars<'_>) -> der::Result<Extensions> {
    let mut out = Vec::new();
    let self_signed = issuer.validity.is_none();
    if !self_signed {
        let value = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_identifier(&issuer.key.spki)?)?),
            ..Default::default()
        };
        out.push(extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &value)?);
    }
    if profile.key_identifier {
        let value = OctetString::new(key_identifier(of.spki)?)?;
        out.push(extension(oid::SUBJECT_KEY_IDENTIFIER, false, &value)?);
    }
    let usage = profile
        .key_usage
        .iter()
        .fold(KeyUsage(Default::default()), |mut all, one| {
            all.0 |= *one;
            all
        });
    out.push(extension(oid::KEY_USAGE, true, &usage)?);
    if let Some(constraints) = profile.constraints {
        let value = BasicConstraints {
            ca: true,
            path_len_constraint: constraints.path_length,
        };
        out.push(extension(oid::BASIC_CONSTRAINTS, true, &value)?);
    }
    if let Some(usage) = profile.extended_key_usage {
        out.push(extension(
            oid::EXTENDED_KEY_USAGE,
            usage.critical,
            &ExtendedKeyUsage(vec![usage.purpose]),
        )?);
    }
    if let Some(seconds) = profile.private_key_usage {
        let end = Timestamp::from_seconds(of.not_before.seconds().saturating_add(seconds - 1));
        let value = PrivateKeyUsagePeriod {
            not_before: Some(generalized_time(of.not_before)?),
            not_after: Some(generalized_time(end)?),
        };
        out.push(extension(oid::PRIVATE_KEY_USAGE_PERIOD, false, &value)?);
    }
    if profile.alternative_names {
        out.push(extension(oid::SUBJECT_ALT_NAME, false, &of.names.to_vec())?);
    }
    let policies = policies(config, profile, of.in_qscd)?;
    if !policies.is_empty() {
        out.push(extension(oid::CERTIFICATE_POLICIES, false, &policies)?);
    }
    out.extend(pointers(config, issuer, profile, of.shard)?);
    let statements = statements(config, profile, of.in_qscd)?;
    if !statements.is_empty() {
        out.push(extension(oid::QC_STATEMENTS, false, &statements)?);
    }
    if profile.no_check {
        out.push(extension(oid::OCSP_NO_CHECK, false, &Null)?);
    }
    if profile.short_term {
        out.push(extension(oid::VALIDITY_ASSURED_SHORT_TERM, false, &Null)?);
        out.push(extension(oid::NO_REVOCATION_AVAILABLE, false, &Null)?);
    }
    Ok(out)
}

/// The practice statement's address goes on the first policy only.
fn policies(config: &Config, profile: &Profile, in_qscd: bool) -> der::Result<Vec<PolicyInformation>> {
    let (first, etsi) = match profile.policies {
        Policies::None => return Ok(Vec::new()),
        Policies::Any => (oid::ANY_POLICY, None),
        Policies::Own { suffix, etsi } => (own_policy(config, suffix)?, Some(etsi)),
        Policies::Qualified { suffix, plain, qscd } => {
            (own_policy(config, suffix)?, Some(if in_qscd { qscd } else { plain }))
        }
        Policies::Bare(policies) => {
            let bare = |id: &ObjectIdentifier| PolicyInformation {
                policy_identifier: *id,
                policy_qualifiers: None,
            };
            return Ok(policies.iter().map(bare).collect());
        }
    };
    let cps = PolicyQualifierInfo {
        policy_qualifier_id: oid::CPS_QUALIFIER,
        qualifier: Some(Any::encode_from(&Ia5String::new(&config.cps())?)?),
    };
    let first = PolicyInformation {
        policy_identifier: first,
        policy_qualifiers: Some(vec![cps]),
    };
    let second = etsi.map(|policy_identifier| PolicyInformation {
        policy_identifier,
        policy_qualifiers: None,
    });
    Ok(std::iter::once(first).chain(second).collect())
}

pub(crate) fn own_policy(config: &Config, suffix: &str) -> der::Result<ObjectIdentifier> {
    ObjectIdentifier::new(&format!("{}.{suffix}", config.policy_arc)).map_err(|_| der::ErrorKind::OidMalformed.into())
}

fn pointers(config: &Config, issuer: &Issuer, profile: &Profile, shard: u32) -> der::Result<Vec<Extension>> {
    if profile.pointers == Pointers::None {
        return Ok(Vec::new());
    }
    let mut access = vec![AccessDescription {
        access_method: oid::CA_ISSUERS,
        access_location: uri(&address::certificate(config, issuer.name))?,
    }];
    if profile.pointers == Pointers::Leaf {
        access.push(AccessDescription {
            access_method: oid::OCSP,
            access_location: uri(&address::ocsp(config, issuer.name))?,
        });
    }
    let mut out = vec![extension(oid::AUTHORITY_INFORMATION_ACCESS, false, &access)?];
    if profile.pointers != Pointers::Issuer {
        let list = DistributionPoint {
            distribution_point: Some(full_name(&address::crl(config, issuer.name, shard))?),
            reasons: None,
            crl_issuer: None,
        };
        out.push(extension(oid::CRL_DISTRIBUTION_POINTS, false, &vec![list])?);
    }
    Ok(out)
}

fn statements(config: &Config, profile: &Profile, in_qscd: bool) -> der::Result<Vec<QcStatement>> {
    let mut all = Vec::new();
    if let Some(kind) = profile.statements.qualified_type() {
        all.push(QcStatement::compliance());
        all.extend(in_qscd.then(QcStatement::sscd));
        all.push(QcStatement::of_type(kind)?);
        all.push(QcStatement::pds(&config.pds())?);
        if !config.eu_mode {
            all.push(QcStatement::legislation(&config.country)?);
        }
    }
    if let Some(semantics) = profile.statements.semantics() {
        let authority = config.name_authority(semantics == oid::SEMANTICS_NATURAL);
        all.push(QcStatement::semantics(semantics, authority)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn times_are_utc_time_until_2049_and_generalized_time_after() {
        let last_of_2049 = Timestamp::from_seconds(2_524_607_999);
        assert!(matches!(time(last_of_2049).unwrap(), Time::UtcTime(_)));
        let first_of_2050 = Timestamp::from_seconds(2_524_608_000);
        assert!(matches!(time(first_of_2050).unwrap(), Time::GeneralTime(_)));
    }
}
