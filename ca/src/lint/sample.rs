//! A good certificate of every profile, and the way tests spoil it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::OnceLock;

use const_oid::ObjectIdentifier;
use der::Encode;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use signum_core::contract::PersonName;
use signum_core::{OsRandom, Random, Timestamp};
use signum_hsm_shim::{KeyAlgorithm, KeyUri};
use signum_pki::oid;
use x509_cert::ext::Extension;

use super::{Context, lint};
use crate::authority::{AuthorityName, Issuer, SigningKey};
use crate::config::{Config, Qscd};
use crate::name;
use crate::profile::{self, Profile, SubjectForm};
use crate::tbs::{Particulars, Tbs};

/// Seconds since the Unix epoch; far enough for every profile.
pub(super) const ISSUER_ENDS: u64 = 2_500_000_000;
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// Public halves of throw-away keys; nothing is signed here.
fn spki(curve: Nid) -> Vec<u8> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    key.public_key_to_der().unwrap()
}

fn issuer(config: &Config, profile: &Profile) -> Issuer {
    static SPKI: OnceLock<Vec<u8>> = OnceLock::new();
    let root = profile.id == "root";
    let name = if root || profile.id == "issuing-ca" {
        AuthorityName::Root
    } else {
        AuthorityName::Qsig
    };
    Issuer {
        name,
        subject: name::authority(config, name).unwrap(),
        key: SigningKey {
            uri: KeyUri::new("t", name.as_str()),
            algorithm: KeyAlgorithm::EcP384,
            spki: SPKI.get_or_init(|| spki(Nid::SECP384R1)).clone(),
        },
        validity: (!root).then(|| {
            (
                Timestamp(NOW.0 - 3_600_000_000),
                Timestamp::from_seconds(ISSUER_ENDS as i64),
            )
        }),
    }
}

/// Lints a certificate of `profile` after `spoil`; the rules it breaks.
pub(super) fn broken(profile: &Profile, in_qscd: bool, spoil: impl FnOnce(&mut Tbs)) -> Vec<&'static str> {
    let config = Config {
        qscd: Qscd::Pretend,
        public_url: "http://pki.example.org".to_owned(),
        ..Config::default()
    };
    let issuer = issuer(&config, profile);
    let subject = match profile.subject {
        SubjectForm::Organization if profile.id == "root" => issuer.subject.clone(),
        SubjectForm::Organization => name::organization(&config, "Signum TEST Unit").unwrap(),
        SubjectForm::NaturalPerson => name::person(&config, &person()).unwrap(),
    };
    let random: &dyn Random = &OsRandom;
    let mut serial = random.bytes::<17>();
    serial[0] = 1;
    let spki = match profile.id {
        "root" => issuer.key.spki.clone(),
        "issuing-ca" => spki(Nid::SECP384R1),
        _ => spki(Nid::X9_62_PRIME256V1),
    };
    let mut tbs = Tbs::build(
        &config,
        &issuer,
        profile,
        &Particulars {
            serial: &serial,
            subject: &subject,
            spki: &spki,
            not_before: NOW,
            not_after: Timestamp::from_seconds(NOW.seconds() + profile.longest - 1),
            in_qscd,
            shard: 0,
        },
    )
    .unwrap();
    spoil(&mut tbs);
    let context = Context {
        config: &config,
        issuer: &issuer,
        profile,
        in_qscd,
        now: NOW,
    };
    match lint(&tbs.to_der().unwrap(), &context) {
        Ok(()) => Vec::new(),
        Err(findings) => findings.into_iter().map(|f| f.rule).collect(),
    }
}

fn person() -> PersonName {
    PersonName {
        given_name: "Ylbërë Đorđe".to_owned(),
        surname: "Shembulli-Пример".to_owned(),
        personal_number: "1234567892".to_owned(),
    }
}

/// Spoils a qualified signature certificate and expects `rule` among what is found.
pub(super) fn kills(rule: &str, spoil: impl FnOnce(&mut Tbs)) {
    kills_in(&profile::citizen_signature::PROFILE, rule, spoil);
}

pub(super) fn kills_in(profile: &Profile, rule: &str, spoil: impl FnOnce(&mut Tbs)) {
    let found = broken(profile, true, spoil);
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

#[test]
fn every_profile_passes_unspoilt() {
    for profile in profile::ALL {
        for in_qscd in [false, true] {
            assert_eq!(broken(profile, in_qscd, |_| {}), Vec::<&str>::new(), "{}", profile.id);
        }
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
    let (config, profile) = (Config::default(), &profile::root::PROFILE);
    let issuer = issuer(&config, profile);
    let context = Context {
        config: &config,
        issuer: &issuer,
        profile,
        in_qscd: false,
        now: NOW,
    };
    lint(der, &context).unwrap_err().into_iter().map(|f| f.rule).collect()
}
