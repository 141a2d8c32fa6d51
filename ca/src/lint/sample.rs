//! A good certificate of every profile, and the way tests spoil it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::PathBuf;

use const_oid::ObjectIdentifier;
use der::Encode;
use signum_core::Timestamp;
use signum_core::contract::PersonName;
use signum_hsm_shim::{KeyAlgorithm, KeyUri};
use signum_pki::oid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::{Context, lint};
use crate::authority::{AuthorityName, Issuer, Role, SigningKey};
use crate::config::{Algorithms, Config, Qscd};
use crate::profile::{self, Profile, SubjectForm};
use crate::tbs::{Particulars, Tbs};
use crate::{name, server_name};

/// Seconds since the Unix epoch; far enough for every profile.
pub(super) const ISSUER_ENDS: u64 = 2_500_000_000;
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A file of tests/fixtures/pki.
pub(super) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures/pki")
        .join(name)
}

/// The public half of a throw-away key, as SubjectPublicKeyInfo; nothing is signed here.
pub(super) fn spki(name: &str) -> Vec<u8> {
    std::fs::read(fixture("keys").join(format!("{name}.der"))).unwrap()
}

/// What a certificate is built of; tests change it before, or the certificate after.
#[derive(Clone)]
pub(super) struct Sample {
    pub config: Config,
    pub profile: Profile,
    pub issuer: Issuer,
    pub subject: Name,
    pub spki: Vec<u8>,
    pub names: Vec<GeneralName>,
    pub in_qscd: bool,
    /// Seconds.
    pub validity: i64,
}

impl Sample {
    pub fn new(profile: &Profile, algorithms: Algorithms, in_qscd: bool) -> Self {
        let config = Config {
            qscd: Qscd::Pretend,
            public_url: "http://pki.example.org".to_owned(),
            algorithms,
            ..Config::default()
        };
        Self::with(config, profile, in_qscd)
    }

    pub fn with(config: Config, profile: &Profile, in_qscd: bool) -> Self {
        let algorithms = config.algorithms;
        let issuer = issuer(&config, profile);
        let own = |role: Role| name::authority(&config, role.of(algorithms)).unwrap();
        let subject = match (profile.id, profile.subject) {
            ("root", _) => issuer.subject.clone(),
            ("issuing-ca", _) => own(Role::Qsig),
            (_, SubjectForm::TlsAuthority) => own(Role::Tls),
            (_, SubjectForm::Organization) => name::organization(&config, "Signum TEST Unit").unwrap(),
            (_, SubjectForm::NaturalPerson) => name::person(&config, &person(&config)).unwrap(),
            (_, SubjectForm::Official) => official(&config, "Zyrtare e lartë"),
            (_, SubjectForm::Server) => name::server(&config, "Prishtinë", "Agjencia Shembull").unwrap(),
        };
        let spki = match (profile.id, algorithms) {
            ("root", _) => issuer.key.spki.clone(),
            (_, Algorithms::Rsa) => spki("rsa3072-subject"),
            (_, Algorithms::Ec) if profile.is_authority() => spki("p384-subject"),
            (_, Algorithms::Ec) => spki("p256-subject"),
        };
        let names = ["www.agency.example.org", "8.8.8.8"].map(|name| server_name::encode(name).unwrap());
        Self {
            profile: profile.clone(),
            issuer,
            subject,
            spki,
            names: names.to_vec(),
            in_qscd,
            validity: profile.longest,
            config,
        }
    }

    pub fn tbs(&self) -> Tbs {
        let mut serial = [0x5a; 17];
        serial[0] = 1;
        let particulars = Particulars {
            serial: &serial,
            subject: &self.subject,
            spki: &self.spki,
            not_before: NOW,
            not_after: Timestamp::from_seconds(NOW.seconds() + self.validity - 1),
            in_qscd: self.in_qscd,
            shard: 0,
            names: &self.names,
        };
        Tbs::build(&self.config, &self.issuer, &self.profile, &particulars).unwrap()
    }

    /// The rules that `der` breaks.
    pub fn lint(&self, der: &[u8]) -> Vec<&'static str> {
        let context = Context {
            config: &self.config,
            issuer: &self.issuer,
            profile: &self.profile,
            in_qscd: self.in_qscd,
            now: NOW,
        };
        let findings = lint(der, &context).err().unwrap_or_default();
        findings.into_iter().map(|finding| finding.rule).collect()
    }
}

/// The authority that issues what the profile says.
pub(super) fn issuer_role(profile: &Profile) -> Role {
    match profile.id {
        "root" | "issuing-ca" | "issuing-tls-ca" => Role::Root,
        "citizen-authentication" => Role::Auth,
        "organization-seal" => Role::Seal,
        "tsu" => Role::Tsa,
        "agency-tls" => Role::Tls,
        _ => Role::Qsig,
    }
}

fn issuer(config: &Config, profile: &Profile) -> Issuer {
    let name: AuthorityName = issuer_role(profile).of(config.algorithms);
    let (algorithm, key) = match config.algorithms {
        Algorithms::Ec => (KeyAlgorithm::EcP384, "p384-issuer"),
        Algorithms::Rsa => (KeyAlgorithm::Rsa3072, "rsa3072-issuer"),
    };
    let validity = (
        Timestamp(NOW.0 - 3_600_000_000),
        Timestamp::from_seconds(ISSUER_ENDS as i64),
    );
    Issuer {
        name,
        subject: name::authority(config, name).unwrap(),
        key: SigningKey {
            uri: KeyUri::new("t", name.as_str()),
            algorithm,
            spki: spki(key),
        },
        validity: (profile.id != "root").then_some(validity),
        serial: None,
    }
}

pub(super) fn person(config: &Config) -> PersonName {
    let pseudonym = config.person_identifier == crate::config::PersonIdentifier::Pseudonym;
    let number = if pseudonym {
        "0f8fad5b-d9cb-469f-a165-70867728950e"
    } else {
        "1234567892"
    };
    PersonName {
        given_name: "Ylbërë Đorđe".to_owned(),
        surname: "Shembulli-Пример".to_owned(),
        personal_number: number.to_owned(),
    }
}

pub(super) fn official(config: &Config, title: &str) -> Name {
    name::official(config, &person(config), "Ministria Shembull", "NTRXK-810000001", title).unwrap()
}

/// Spoils a qualified signature certificate and expects `rule` among what is found.
pub(super) fn kills(rule: &str, spoil: impl FnOnce(&mut Tbs)) {
    kills_in(&profile::citizen_signature::PROFILE, rule, spoil);
}

pub(super) fn kills_in(profile: &Profile, rule: &str, spoil: impl FnOnce(&mut Tbs)) {
    let sample = Sample::new(profile, Algorithms::Ec, true);
    let mut tbs = sample.tbs();
    spoil(&mut tbs);
    let found = sample.lint(&tbs.to_der().unwrap());
    assert!(found.contains(&rule), "{rule} not among {found:?}");
}

pub(super) fn remove(tbs: &mut Tbs, id: ObjectIdentifier) {
    tbs.extensions.as_mut().unwrap().retain(|e| e.extn_id != id);
}

pub(super) fn replace<T: Encode>(tbs: &mut Tbs, id: ObjectIdentifier, value: &T) {
    edit(tbs, id, |e| {
        e.extn_value = der::asn1::OctetString::new(value.to_der().unwrap()).unwrap()
    });
}

pub(super) fn edit(tbs: &mut Tbs, id: ObjectIdentifier, change: impl FnOnce(&mut Extension)) {
    change(
        tbs.extensions
            .as_mut()
            .unwrap()
            .iter_mut()
            .find(|e| e.extn_id == id)
            .unwrap(),
    );
}

/// Takes one QC statement away.
pub(super) fn remove_statement(tbs: &mut Tbs, id: ObjectIdentifier) {
    let mut statements: signum_pki::qc::QcStatements = value(tbs, oid::QC_STATEMENTS);
    statements.retain(|s| s.id != id);
    replace(tbs, oid::QC_STATEMENTS, &statements);
}

/// Every profile in both generations of algorithms, the qualified ones with and without evidence of a device.
pub(super) fn all() -> impl Iterator<Item = Sample> {
    let of = |algorithms| {
        profile::ALL.into_iter().flat_map(move |profile| {
            let qscd = if profile.statements.is_qualified() {
                vec![false, true]
            } else {
                vec![false]
            };
            qscd.into_iter()
                .map(move |in_qscd| Sample::new(profile, algorithms, in_qscd))
        })
    };
    Algorithms::ALL.into_iter().flat_map(of)
}

#[test]
fn every_profile_passes_unspoilt() {
    for sample in all() {
        assert_eq!(
            sample.lint(&sample.tbs().to_der().unwrap()),
            Vec::<&str>::new(),
            "{}",
            sample.profile.id
        );
    }
}

/// The value of an extension that is there.
pub(super) fn value<T>(tbs: &Tbs, id: ObjectIdentifier) -> T
where
    T: for<'d> der::Decode<'d, Error = der::Error>,
{
    let extension = tbs
        .extensions
        .as_ref()
        .unwrap()
        .iter()
        .find(|e| e.extn_id == id)
        .unwrap();
    T::from_der(extension.extn_value.as_bytes()).unwrap()
}

/// Lints octets that are not a TBSCertificate.
pub(super) fn lint_octets(der: &[u8]) -> Vec<&'static str> {
    Sample::new(&profile::root::PROFILE, Algorithms::Ec, false).lint(der)
}
