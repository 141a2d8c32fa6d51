//! Certificates for pkilint, as files with our own judgement beside each: `index.tsv` has file, profile, mutant, rules.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use der::asn1::{Any, BitString};
use der::{Decode, Encode};

use super::golden::file_name;
use super::sample::{self, Sample};
use crate::config::{Config, PersonIdentifier};
use crate::profile::{agency_tls, citizen_signature, official_signature, organization_seal};
use crate::tbs::SignedCertificate;
use crate::{name, server_name};

/// A folder being filled.
pub(super) struct Corpus {
    folder: PathBuf,
    index: String,
    count: usize,
}

impl Corpus {
    /// Begins with the good certificates and with variants of them.
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut corpus = Self {
            folder: folder.to_owned(),
            index: String::new(),
            count: 0,
        };
        for sample in sample::all() {
            corpus.add_variant("good", &sample);
        }
        for (name, sample) in variants() {
            corpus.add_variant(name, &sample);
        }
        for profile in [
            &citizen_signature::PROFILE,
            &official_signature::PROFILE,
            &organization_seal::PROFILE,
            &agency_tls::PROFILE,
        ] {
            corpus.add_flipped(&Sample::new(profile, Default::default(), profile.subject.is_person()));
        }
        corpus
    }

    /// Names and server names with one bit flipped, as far as we let them pass: what else would pkilint refuse?
    fn add_flipped(&mut self, sample: &Sample) {
        let (subject, names) = (sample.subject.to_der().unwrap(), sample.names.to_der().unwrap());
        let good = sample.tbs().to_der().unwrap();
        for part in [subject, names] {
            let Some(start) = good.windows(part.len()).position(|window| window == part) else {
                continue;
            };
            for bit in (start * 8..(start + part.len()) * 8).step_by(3) {
                let mut tbs = good.clone();
                tbs[bit / 8] ^= 1 << (bit % 8);
                if sample.lint(&tbs).is_empty() {
                    self.add(sample, &format!("bit {bit} flipped"), &tbs, &[]);
                }
            }
        }
    }

    fn add_variant(&mut self, name: &str, sample: &Sample) {
        let tbs = sample.tbs().to_der().unwrap();
        self.add(sample, name, &tbs, &sample.lint(&tbs));
    }

    /// Puts a signature of zeros around what is no TBSCertificate to anybody else; pkilint verifies none.
    pub fn add(&mut self, sample: &Sample, name: &str, tbs: &[u8], rules: &[&str]) {
        let Ok(tbs) = Any::from_der(tbs) else { return };
        let signed = SignedCertificate {
            // As in the certificate itself, so that the two differ in no mutant but its own.
            algorithm: algorithm(tbs.value()).unwrap_or_else(|| sample.issuer.key.algorithm_identifier().unwrap()),
            tbs,
            signature: BitString::from_bytes(&[0x30, 6, 2, 1, 1, 2, 1, 1]).unwrap(),
        };
        let file = format!("{:05}.der", self.count);
        self.count += 1;
        std::fs::write(self.folder.join(&file), signed.to_der().unwrap()).unwrap();
        let profile = file_name(sample);
        writeln!(self.index, "{file}\t{profile}\t{name}\t{}", rules.join(" ")).unwrap();
    }

    pub fn finish(self) {
        std::fs::write(self.folder.join("index.tsv"), self.index).unwrap();
    }
}

/// signature of a TBSCertificate's content: the third element, after version and serial number.
fn algorithm(content: &[u8]) -> Option<spki::AlgorithmIdentifierOwned> {
    let mut rest = content;
    loop {
        let (element, after) = Any::from_der_partial(rest).ok()?;
        if der::Tagged::tag(&element) == der::Tag::Sequence {
            return element.decode_as().ok();
        }
        rest = after;
    }
}

/// What people, offices, servers and settings may be like, as far as we accept it.
fn variants() -> Vec<(&'static str, Sample)> {
    let mut all = Vec::new();
    for (what, given, surname) in [
        ("name of one letter", "A", "B"),
        (
            "long name",
            "Ardiana Blerta Çelnikë Drenushë Ëndërrë",
            "Shembulli-Njëmendësia-Përparimtare",
        ),
        ("name of 100 letters each", &*"Ë".repeat(100), &*"Ž".repeat(100)),
        ("Cyrillic name", "Ђорђе", "Примеровић"),
        ("name with an apostrophe", "D'Artagnan", "O’Shembull"),
    ] {
        all.push((what, of_person(given, surname)));
    }
    for (what, title) in [
        ("title of 64 letters", "T".repeat(64)),
        ("Cyrillic title", "Министар".to_owned()),
    ] {
        let mut sample = Sample::new(&official_signature::PROFILE, Default::default(), true);
        sample.subject = sample::official(&sample.config, &title);
        all.push((what, sample));
    }
    for (what, names) in [
        ("one name", vec!["example.org"]),
        ("Punycode", vec!["xn--bcher-kva.example.org"]),
        ("IPv6", vec!["2a00:1450::1"]),
        (
            "label of 63 letters",
            vec!["abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678.example.org"],
        ),
        ("digits", vec!["1.2.example.org"]),
    ] {
        let mut sample = Sample::new(&agency_tls::PROFILE, Default::default(), false);
        sample.names = names.into_iter().map(|n| server_name::encode(n).unwrap()).collect();
        all.push((what, sample));
    }
    let qualified = |config: Config| Sample::with(config, &citizen_signature::PROFILE, true);
    let config = Sample::new(&citizen_signature::PROFILE, Default::default(), true).config;
    all.push(("a month", {
        let mut sample = qualified(config.clone());
        sample.validity = 30 * crate::profile::DAY;
        sample
    }));
    all.push((
        "pseudonym",
        qualified(Config {
            person_identifier: PersonIdentifier::Pseudonym,
            ..config.clone()
        }),
    ));
    all.push((
        "EU mode",
        qualified(Config {
            eu_mode: true,
            country: "AT".to_owned(),
            organization_identifier: "NTRAT-810000000".to_owned(),
            ..config.clone()
        }),
    ));
    all.push((
        "TLS country XX",
        Sample::with(
            Config {
                tls_country: "XX".to_owned(),
                ..config
            },
            &agency_tls::PROFILE,
            false,
        ),
    ));
    all
}

fn of_person(given: &str, surname: &str) -> Sample {
    let mut sample = Sample::new(&citizen_signature::PROFILE, Default::default(), true);
    let mut person = sample::person(&sample.config);
    (person.given_name, person.surname) = (given.to_owned(), surname.to_owned());
    sample.subject = name::person(&sample.config, &person).unwrap();
    sample
}
