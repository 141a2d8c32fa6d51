//! The extensions that path validation understands (RFC 5280 section 4.2), and the criticality each must have.

use const_oid::ObjectIdentifier;
use der::Decode;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralNames;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, NameConstraints, PolicyConstraints, SubjectKeyIdentifier,
};

use super::ChainError;
use crate::oid;

/// The understood extensions of one certificate; each has at most one value.
#[derive(Default)]
pub(super) struct Extensions {
    pub authority_key: Option<AuthorityKeyIdentifier>,
    pub subject_key: Option<SubjectKeyIdentifier>,
    pub key_usage: Option<KeyUsage>,
    pub policies: Option<CertificatePolicies>,
    pub alternative_names: Option<Marked<GeneralNames>>,
    pub basic_constraints: Option<Marked<BasicConstraints>>,
    pub name_constraints: Option<NameConstraints>,
    pub policy_constraints: Option<PolicyConstraints>,
    pub inhibit_any_policy: Option<u32>,
    pub purposes: Option<Marked<ExtendedKeyUsage>>,
    pub crl_distribution_points: Option<CrlDistributionPoints>,
}

/// A value with the criticality of its extension.
pub(super) struct Marked<T> {
    pub critical: bool,
    pub value: T,
}

impl Extensions {
    pub fn read(list: &[Extension]) -> Result<Self, ChainError> {
        let mut out = Self::default();
        for (index, extension) in list.iter().enumerate() {
            if list
                .iter()
                .take(index)
                .any(|before| before.extn_id == extension.extn_id)
            {
                return Err(ChainError::Extension("given twice"));
            }
            out.take(extension)?;
        }
        Ok(out)
    }

    fn take(&mut self, extension: &Extension) -> Result<(), ChainError> {
        match extension.extn_id {
            oid::AUTHORITY_KEY_IDENTIFIER => self.authority_key = Some(plain(extension, "authorityKeyIdentifier")?),
            oid::SUBJECT_KEY_IDENTIFIER => self.subject_key = Some(plain(extension, "subjectKeyIdentifier")?),
            oid::KEY_USAGE => self.key_usage = Some(decode(extension, "keyUsage")?),
            oid::CERTIFICATE_POLICIES => self.policies = Some(policies(extension)?),
            oid::SUBJECT_ALT_NAME => {
                let names: Marked<GeneralNames> = marked(extension, "subjectAltName")?;
                self.alternative_names = Some(non_empty(names, Vec::is_empty, "subjectAltName")?);
            }
            oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(marked(extension, "basicConstraints")?),
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(name_constraints(extension)?),
            oid::POLICY_CONSTRAINTS => self.policy_constraints = Some(policy_constraints(extension)?),
            oid::INHIBIT_ANY_POLICY => self.inhibit_any_policy = Some(critical(extension, "inhibitAnyPolicy")?),
            oid::EXTENDED_KEY_USAGE => {
                let purposes: Marked<ExtendedKeyUsage> = marked(extension, "extKeyUsage")?;
                self.purposes = Some(non_empty(purposes, |p| p.0.is_empty(), "extKeyUsage")?);
            }
            oid::CRL_DISTRIBUTION_POINTS => {
                self.crl_distribution_points = Some(decode(extension, "cRLDistributionPoints")?);
            }
            oid::AUTHORITY_INFORMATION_ACCESS => {
                let access: AuthorityInfoAccessSyntax = plain(extension, "authorityInfoAccess")?;
                if access.0.is_empty() {
                    return Err(ChainError::Extension("authorityInfoAccess"));
                }
            }
            // Says nothing that a path check could heed, and says it in octets that need not be read.
            oid::QC_STATEMENTS | oid::OCSP_NO_CHECK | oid::PRIVATE_KEY_USAGE_PERIOD => {}
            // Policy mappings are not processed: without them fewer policies hold, never more.
            _ if extension.critical => return Err(ChainError::UnknownCritical),
            _ => {}
        }
        Ok(())
    }

    /// keyIdentifier of the authority key identifier.
    pub fn issuer_key_identifier(&self) -> Option<&[u8]> {
        self.authority_key
            .as_ref()?
            .key_identifier
            .as_ref()
            .map(|id| id.as_bytes())
    }

    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.subject_key.as_ref().map(|id| id.0.as_bytes())
    }

    pub fn is_authority(&self) -> bool {
        self.basic_constraints.as_ref().is_some_and(|b| b.value.ca)
    }

    pub fn has_purpose(&self, purpose: ObjectIdentifier) -> bool {
        self.purposes.as_ref().is_some_and(|p| p.value.0.contains(&purpose))
    }
}

fn decode<'a, T: Decode<'a>>(extension: &'a Extension, name: &'static str) -> Result<T, ChainError> {
    T::from_der(extension.extn_value.as_bytes()).map_err(|_| ChainError::Extension(name))
}

fn marked<'a, T: Decode<'a>>(extension: &'a Extension, name: &'static str) -> Result<Marked<T>, ChainError> {
    Ok(Marked {
        critical: extension.critical,
        value: decode(extension, name)?,
    })
}

/// An extension that must not be critical.
fn plain<'a, T: Decode<'a>>(extension: &'a Extension, name: &'static str) -> Result<T, ChainError> {
    if extension.critical {
        return Err(ChainError::Extension(name));
    }
    decode(extension, name)
}

/// An extension that must be critical.
fn critical<'a, T: Decode<'a>>(extension: &'a Extension, name: &'static str) -> Result<T, ChainError> {
    if !extension.critical {
        return Err(ChainError::Extension(name));
    }
    decode(extension, name)
}

fn non_empty<T>(value: Marked<T>, empty: impl Fn(&T) -> bool, name: &'static str) -> Result<Marked<T>, ChainError> {
    if empty(&value.value) {
        return Err(ChainError::Extension(name));
    }
    Ok(value)
}

/// Section 4.2.1.4: at least one policy, none twice.
fn policies(extension: &Extension) -> Result<CertificatePolicies, ChainError> {
    let name = "certificatePolicies";
    let policies: CertificatePolicies = decode(extension, name)?;
    let mut seen: Vec<_> = policies.0.iter().map(|p| p.policy_identifier).collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.is_empty() || seen.len() != policies.0.len() {
        return Err(ChainError::Extension(name));
    }
    Ok(policies)
}

/// Section 4.2.1.10: critical, never empty; neither `permitted` nor `excluded` is an empty list.
fn name_constraints(extension: &Extension) -> Result<NameConstraints, ChainError> {
    let name = "nameConstraints";
    let constraints: NameConstraints = critical(extension, name)?;
    let lists = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
    if lists.iter().all(|list| list.is_none()) || lists.iter().any(|list| list.as_ref().is_some_and(Vec::is_empty)) {
        return Err(ChainError::Extension(name));
    }
    Ok(constraints)
}

/// Section 4.2.1.11: critical, never empty.
fn policy_constraints(extension: &Extension) -> Result<PolicyConstraints, ChainError> {
    let name = "policyConstraints";
    let constraints: PolicyConstraints = critical(extension, name)?;
    if constraints.require_explicit_policy.is_none() && constraints.inhibit_policy_mapping.is_none() {
        return Err(ChainError::Extension(name));
    }
    Ok(constraints)
}
