//! A certificate built after another profile: one field of the profile's data changed at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use const_oid::ObjectIdentifier;
use der::Encode;
use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::Nest;
use crate::lint::sample::{self, Sample};
use crate::name;
use crate::profile::{Constraints, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};

type Change = (&'static str, fn(&mut Profile));

/// One change and more for each field of [`Profile`]; what leaves a profile as it is makes no mutant.
const CHANGES: [Change; 34] = [
    ("longest", |p| p.longest += 1),
    ("subject: Organization", |p| p.subject = SubjectForm::Organization),
    ("subject: TlsAuthority", |p| p.subject = SubjectForm::TlsAuthority),
    ("subject: NaturalPerson", |p| p.subject = SubjectForm::NaturalPerson),
    ("subject: Official", |p| p.subject = SubjectForm::Official),
    ("subject: Server", |p| p.subject = SubjectForm::Server),
    ("key_usage: digitalSignature", |p| {
        p.key_usage = &[KeyUsages::DigitalSignature]
    }),
    ("key_usage: nonRepudiation", |p| {
        p.key_usage = &[KeyUsages::NonRepudiation]
    }),
    ("key_usage: keyCertSign", |p| p.key_usage = &[KeyUsages::KeyCertSign]),
    ("key_usage: none", |p| p.key_usage = &[]),
    ("extended_key_usage: none", |p| p.extended_key_usage = None),
    ("extended_key_usage: clientAuth", |p| purpose(p, oid::CLIENT_AUTH)),
    ("extended_key_usage: timeStamping", |p| purpose(p, oid::TIME_STAMPING)),
    ("extended_key_usage: criticality", |p| {
        if let Some(usage) = &mut p.extended_key_usage {
            usage.critical = !usage.critical;
        }
    }),
    ("constraints: none", |p| p.constraints = None),
    ("constraints: CA", |p| {
        p.constraints = Some(Constraints { path_length: None })
    }),
    ("constraints: path length 1", |p| {
        p.constraints = Some(Constraints { path_length: Some(1) })
    }),
    ("policies: none", |p| p.policies = Policies::None),
    ("policies: any", |p| p.policies = Policies::Any),
    ("policies: another own", |p| {
        p.policies = Policies::Own {
            suffix: "1.9",
            etsi: oid::NCP_PLUS,
        }
    }),
    ("policies: another ETSI's", |p| {
        p.policies = Policies::Qualified {
            suffix: "1.2",
            plain: oid::OVCP,
            qscd: oid::OVCP,
        }
    }),
    ("policies: bare", |p| p.policies = Policies::Bare(&[oid::NCP_PLUS])),
    ("statements: none", |p| p.statements = Statements::None),
    ("statements: semantics", |p| p.statements = Statements::Semantics),
    ("statements: signature", |p| p.statements = Statements::Signature),
    ("statements: seal", |p| p.statements = Statements::Seal),
    ("pointers: none", |p| p.pointers = Pointers::None),
    ("pointers: root", |p| p.pointers = Pointers::Root),
    ("pointers: issuer", |p| p.pointers = Pointers::Issuer),
    ("private_key_usage", |p| {
        p.private_key_usage = Some(p.private_key_usage.map_or(86_400, |s| s + 1))
    }),
    ("no_check", |p| p.no_check = !p.no_check),
    ("key_identifier", |p| p.key_identifier = !p.key_identifier),
    ("alternative_names", |p| p.alternative_names = !p.alternative_names),
    ("short_term", |p| p.short_term = !p.short_term),
];

pub(super) fn breed(nest: &mut Nest<'_>) {
    for (name, change) in CHANGES {
        let mut other = nest.sample.clone();
        change(&mut other.profile);
        other.validity += other.profile.longest - nest.sample.profile.longest;
        if other.profile.subject != nest.sample.profile.subject {
            other.subject = subject(&other);
        }
        nest.add_octets(format!("profile.{name}"), other.tbs().to_der().unwrap());
    }
    let mut other = nest.sample.clone();
    other.in_qscd = !other.in_qscd;
    nest.add_octets("evidence of a device: the contrary", other.tbs().to_der().unwrap());
    let mut other = nest.sample.clone();
    other.config.eu_mode = true;
    nest.add_octets("EU mode in a country outside", other.tbs().to_der().unwrap());
}

fn purpose(profile: &mut Profile, purpose: ObjectIdentifier) {
    profile.extended_key_usage = Some(ExtendedUsage {
        purpose,
        critical: purpose == oid::TIME_STAMPING,
    });
}

fn subject(of: &Sample) -> x509_cert::name::Name {
    let config = &of.config;
    let made = match of.profile.subject {
        SubjectForm::Organization => name::organization(config, "Signum TEST Unit"),
        SubjectForm::TlsAuthority => name::authority(config, crate::authority::Role::Tls.of(config.algorithms)),
        SubjectForm::NaturalPerson => name::person(config, &sample::person(config)),
        SubjectForm::Official => Ok(sample::official(config, "Zyrtare")),
        SubjectForm::Server => name::server(config, "Prishtinë", "Agjencia"),
    };
    made.unwrap()
}
