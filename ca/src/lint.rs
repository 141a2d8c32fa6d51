//! The linter: reads the exact TBS octets before the HSM sees them, one small rule a file.
//!
//! RFC 5280 section 4, EN 319 412-1, -2 and -5. It kills what pkilint lets pass (no QcType, no QcCClegislation, no QcSSCD, a
//! wrong country, no serialNumber, no CRL address, a certificate that outlives its issuer) as well as what pkilint finds.

mod alternative_names;
mod basic_constraints;
mod country;
mod criticality;
mod crl_distribution_points;
mod encoding;
mod extended_key_usage;
mod extension_list;
mod information_access;
mod issuer_name;
mod key_identifiers;
mod key_usage;
mod no_check;
mod organization_identifier;
mod outlives_issuer;
mod person_identifier;
mod policies;
mod private_key_usage;
mod public_key;
mod qc_compliance;
mod qc_legislation;
mod qc_list;
mod qc_pds;
mod qc_semantics;
mod qc_sscd;
mod qc_type;
mod serial_number;
mod short_term;
mod signature_algorithm;
mod subject_order;
mod subject_text;
mod validity;
mod version;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod kill_matrix;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod sample;

use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use signum_core::Timestamp;
use signum_pki::oid;
use signum_pki::qc::QcStatements;
use x509_cert::ext::Extension;

use crate::authority::Issuer;
use crate::config::Config;
use crate::profile::Profile;
use crate::tbs::Tbs;

/// What the octets are held against.
pub(crate) struct Context<'a> {
    pub config: &'a Config,
    pub issuer: &'a Issuer,
    pub profile: &'a Profile,
    pub in_qscd: bool,
    pub now: Timestamp,
}

/// A rule that the octets break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub rule: &'static str,
    pub requirement: &'static str,
}

struct Rule {
    /// Stable name, for logs and the audit trail.
    id: &'static str,
    /// The requirement, with its place.
    requirement: &'static str,
    holds: fn(&Examined<'_>, &Context<'_>) -> bool,
}

/// How many there are.
pub(crate) const RULE_COUNT: usize = RULES.len();

const RULES: [Rule; 33] = [
    encoding::RULE,
    version::RULE,
    serial_number::RULE,
    signature_algorithm::RULE,
    issuer_name::RULE,
    validity::RULE,
    outlives_issuer::RULE,
    subject_order::RULE,
    subject_text::RULE,
    country::RULE,
    person_identifier::RULE,
    organization_identifier::RULE,
    public_key::RULE,
    extension_list::RULE,
    criticality::RULE,
    key_identifiers::RULE,
    key_usage::RULE,
    extended_key_usage::RULE,
    basic_constraints::RULE,
    private_key_usage::RULE,
    alternative_names::RULE,
    policies::RULE,
    information_access::RULE,
    crl_distribution_points::RULE,
    no_check::RULE,
    short_term::RULE,
    qc_list::RULE,
    qc_compliance::RULE,
    qc_sscd::RULE,
    qc_type::RULE,
    qc_pds::RULE,
    qc_legislation::RULE,
    qc_semantics::RULE,
];

/// A parsed TBSCertificate beside its octets.
struct Examined<'a> {
    der: &'a [u8],
    tbs: Tbs,
}

/// Reads `der`, a TBSCertificate; every broken rule is named.
pub(crate) fn lint(der: &[u8], context: &Context<'_>) -> Result<(), Vec<Finding>> {
    let Ok(tbs) = Tbs::from_der(der) else {
        return Err(vec![encoding::RULE.finding()]);
    };
    let examined = Examined { der, tbs };
    let broken = |rule: &&Rule| !(rule.holds)(&examined, context);
    let findings: Vec<_> = RULES.iter().filter(broken).map(Rule::finding).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

impl Rule {
    const fn finding(&self) -> Finding {
        Finding {
            rule: self.id,
            requirement: self.requirement,
        }
    }
}

impl Examined<'_> {
    fn extensions(&self) -> &[Extension] {
        self.tbs.extensions.as_deref().unwrap_or(&[])
    }

    fn extension(&self, id: ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|e| e.extn_id == id)
    }

    /// The extension's value; `None` when it is absent, not of this type or not in DER.
    fn value<T>(&self, id: ObjectIdentifier) -> Option<T>
    where
        T: for<'d> Decode<'d, Error = der::Error> + Encode,
    {
        strict(self.extension(id)?.extn_value.as_bytes())
    }

    fn qc_statements(&self) -> QcStatements {
        self.value(oid::QC_STATEMENTS).unwrap_or_default()
    }

    /// The value of a QC statement as `T`.
    fn qc_statement<T>(&self, id: ObjectIdentifier) -> Option<T>
    where
        T: for<'d> Decode<'d, Error = der::Error> + Encode,
    {
        let statement = self.qc_statements().into_iter().find(|s| s.id == id)?;
        strict(&statement.info?.to_der().ok()?)
    }

    /// The text of the subject's attribute of that type, when there is exactly one.
    fn subject_text(&self, kind: ObjectIdentifier) -> Option<String> {
        let mut found = self.tbs.subject.iter().filter(|a| a.oid == kind);
        let (Some(attribute), None) = (found.next(), found.next()) else {
            return None;
        };
        String::from_utf8(attribute.value.value().to_vec()).ok()
    }
}

/// Decodes what has the one encoding that DER gives it: a lenient decoder would hide a BIT STRING's trailing zeros.
fn strict<T>(der: &[u8]) -> Option<T>
where
    T: for<'d> Decode<'d, Error = der::Error> + Encode,
{
    let value = T::from_der(der).ok()?;
    (value.to_der().ok()? == der).then_some(value)
}
