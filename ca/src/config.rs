//! What an operator can set for the CA.

mod number;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::officer::Pin;
use crate::server_name;
pub use number::Checksum;

/// When a citizen's signing key counts as lying in a qualified signature creation device (QcSSCD, QCP-n-qscd).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Qscd {
    /// Never: QCP-n without QcSSCD.
    #[default]
    None,
    /// The devices behind every proven key origin are certified; the operator answers for it.
    Certified,
    /// As if they were; accepted only of a CA whose name says TEST.
    Pretend,
}

/// Which algorithms the CA's own keys have; a generation that was made keeps answering when the other one issues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithms {
    /// P-384 with SHA-384 for authorities, P-256 with SHA-256 for responders and time-stamping units.
    #[default]
    Ec,
    /// RSA-3072 with SHA-256 (PKCS#1 v1.5) throughout.
    Rsa,
}

impl Algorithms {
    pub const ALL: [Self; 2] = [Self::Ec, Self::Rsa];
}

/// What a person's serialNumber shows (EN 319 412-1 section 5.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonIdentifier {
    /// `PNOXK-1234567890`, the national personal number.
    #[default]
    PersonalNumber,
    /// `UI:XK-<uuid>`, a pseudonym that the register gives; `registration_authority_url` says which register.
    Pseudonym,
}

/// What a question about a serial number that was never issued is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unissued {
    /// Revoked since 1 January 1970, with extended-revoked (RFC 6960 section 2.2).
    #[default]
    Revoked,
    /// The error `unauthorized`, without a signature (RFC 5019 section 2.2.3).
    Unauthorized,
}

/// What says whether this machine's clock may be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSource {
    /// The chronyd that keeps it: no time stamp while it is not synchronised, or may be off by more than a second.
    Chrony,
    /// Nothing; accepted only of a CA whose name says TEST.
    #[default]
    Unchecked,
}

signum_core::config! {
    /// The certification authority; every setting has a default that suits a demonstration.
    pub struct Config {
        /// Address of OCSP, CRL, certificates and time stamps as certificates name it: plain http, without a final slash.
        public_url: String = "http://localhost:8084".to_owned(),
        /// Label of the token that holds every key of the CA.
        token: String = "signum-ca".to_owned(),
        /// Country of every name, of the PNO and NTR prefixes and of QcCClegislation. XK is user-assigned in ISO 3166-1.
        country: String = "XK".to_owned(),
        /// Legal name of the trust service provider.
        organization: String = "Signum Demo".to_owned(),
        /// Its identifier in the register of companies: NTR, country, hyphen, number (EN 319 412-1 section 5.1.4).
        organization_identifier: String = "NTRXK-810000000".to_owned(),
        /// Start of every authority's common name; a demonstration says TEST here.
        name_prefix: String = "Signum TEST".to_owned(),
        /// Whether the root's key lies on an offline machine: nothing here makes authorities then; their certificates and the root's
        /// list come by `signum ceremony import`.
        offline_root: bool = false,
        /// Algorithms of the authorities that issue now: `ec` or `rsa`. The first start with another value makes that generation
        /// beside the one that is there, which goes on answering for what it issued.
        algorithms: Algorithms = Algorithms::Ec,
        /// Whether the country's qualified certificates are qualified in the European Union (mutual recognition or accession):
        /// drops QcCClegislation, whose absence says so.
        eu_mode: bool = false,
        /// Whether time stamps say that they are qualified ones of the European Union; only with `eu_mode`.
        qualified_time_stamps: bool = false,
        /// What says that the clock is right before a time is stamped: `chrony`, or `unchecked` (TEST only).
        clock: ClockSource = ClockSource::Unchecked,
        /// The program that asks chronyd.
        chronyc: PathBuf = PathBuf::from("/usr/bin/chronyc"),
        /// What a person's serialNumber shows: `personal-number` or `pseudonym`.
        person_identifier: PersonIdentifier = PersonIdentifier::PersonalNumber,
        /// Digits of a personal number, where no pattern says another form.
        personal_number_digits: u8 = 10,
        /// The form of a personal number as a regular expression that the whole number matches, `[A-Z][0-9]{8}`; empty means
        /// `personal_number_digits` digits, as in Kosovo.
        personal_number_pattern: String = String::new(),
        /// The check digit that ends a personal number: `none`, `luhn`, `iso7064-mod11-10` or `iso7064-mod97-10`.
        personal_number_checksum: Checksum = Checksum::None,
        /// Digits of an organisation's number in the register, where no pattern says another form.
        organization_number_digits: u8 = 9,
        /// The form of an organisation's number as a regular expression; empty means `organization_number_digits` digits.
        organization_number_pattern: String = String::new(),
        /// The register that gives pseudonyms, as a URI.
        registration_authority_url: String = "https://pki.example.org/pseudonyms".to_owned(),
        /// Country in the names of TLS servers: empty means `country`; XX is what the CA/Browser Forum asks for where ISO 3166-1 has
        /// no official code.
        tls_country: String = String::new(),
        /// Domains of the agencies: TLS certificates are issued for names in and below these alone.
        tls_domains: Vec<String> = vec!["example.org".to_owned()],
        /// Resolver that is asked for CAA records (RFC 8659) before a TLS certificate, as `127.0.0.1:53`; one that validates
        /// DNSSEC. Empty means that nobody is asked, which a CA whose name does not say TEST may only where `tls_domains` is empty.
        caa_resolver: String = String::new(),
        /// Domains by which CAA records name this CA: `example.org. CAA 0 issue "pki.example.org"`.
        caa_identifiers: Vec<String> = Vec::new(),
        /// How long the resolver may take for one question, in seconds; it is asked twice.
        caa_timeout_seconds: u32 = 5,
        /// Generation of the hierarchy; a new one has new names and new keys.
        generation: u32 = 1,
        /// Object identifier under which our certificate policies lie: `.1.1` authentication, `.1.2` qualified signature,
        /// `.1.3` official signature, `.1.4` seal, `.1.5` time stamping, `.1.6` short-lived signature. The default lies in the arc kept for documentation (RFC 5612).
        policy_arc: String = "1.3.6.1.4.1.32473.383".to_owned(),
        /// Address of the certification practice statement; empty means `<public_url>/cps`.
        cps_url: String = String::new(),
        /// PKI disclosure statements by ISO 639-1 language; https, as EN 319 412-5 section 4.3.4 requires.
        pds_urls: BTreeMap<String, String> = demo_pds(),
        /// Whether a citizen's signing key counts as lying in a qualified device: `none`, `certified`, or `pretend` (TEST only).
        qscd: Qscd = Qscd::None,
        /// Public key (SubjectPublicKeyInfo, DER) of the signing module's key origin statements, below the data folder;
        /// `signum up` puts it there when the module first shows it, and never changes it.
        statement_key_file: PathBuf = PathBuf::from("ceremony/statement-key.der"),
        /// Whether signature certificates (never with QcSSCD) are issued for keys whose origin nothing proves.
        signature_keys_of_unknown_origin: bool = false,
        /// First octet of every serial number made by this replica, 1 to 127.
        serial_prefix: u8 = 1,
        /// How many CRLs an issuing CA splits its certificates over.
        crl_shards: u32 = 1,
        /// Validity of authentication certificates in days, at most 1826.
        authentication_days: u32 = 1826,
        /// Validity of signature certificates in days, at most 1096.
        signature_days: u32 = 1096,
        /// Validity of officials' signature certificates in days, at most 731.
        official_days: u32 = 731,
        /// Validity of organisations' seal certificates in days, at most 1096.
        seal_days: u32 = 1096,
        /// Validity of TLS server certificates in days, at most 90.
        tls_days: u32 = 90,
        /// How long an OCSP answer that is signed when it is asked for holds (nextUpdate), in seconds; caches keep it for at most 60.
        ocsp_seconds: u32 = 300,
        /// How long an answer signed in advance holds, in hours. It is replaced at less than half its life: for more than the
        /// other half, statuses are served without the HSM.
        ocsp_presigned_hours: u32 = 12,
        /// Memory for OCSP answers in megabytes; one answer takes about 600 octets.
        ocsp_cache_megabytes: u32 = 64,
        /// How long caches between us and relying parties may keep an OCSP answer, in seconds: a suspension shows so much later.
        ocsp_max_age_seconds: u32 = 60,
        /// What is answered about a serial number that was never issued: `revoked` or `unauthorized`.
        ocsp_unissued: Unissued = Unissued::Revoked,
        /// For how many years after their end the status of certificates is told (archiveCutoff; QcRetentionPeriod).
        status_retention_years: u32 = 35,
        /// How long a CRL of an issuing CA holds, in hours.
        crl_hours: u32 = 24,
        /// Published hash of the first list of officers (64 hexadecimal digits), from which every later list follows; empty means
        /// that there are no officers: then nothing that needs two of them can be done.
        officers_genesis: String = String::new(),
        /// Version of the list of officers below which none is in force any more: raise it with each list.
        officers_at_least: u64 = 1,
        /// How long the root's list holds, in days.
        arl_days: u32 = 180,
    }
}

fn demo_pds() -> BTreeMap<String, String> {
    let pds = |language: &str| {
        (
            language.to_owned(),
            format!("https://pki.example.org/pds/{language}.pdf"),
        )
    };
    ["en", "sq", "sr"].map(pds).into_iter().collect()
}

/// A setting that the CA cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ca.{field}: {problem}")]
pub struct ConfigError {
    pub field: &'static str,
    pub problem: Cow<'static, str>,
}

impl Config {
    /// Refuses what would make wrong certificates.
    pub fn check(&self) -> Result<(), ConfigError> {
        let test = self.name_prefix.split(' ').any(|word| word == "TEST");
        let identifier = self
            .organization_identifier
            .strip_prefix(&format!("NTR{}-", self.country));
        let checks = [
            (
                "public_url",
                self.public_url.starts_with("http://") && !self.public_url.ends_with('/'),
                "http:// without a final slash (EN 319 412-2 section 4.4.1: CRL and OCSP addresses are http)",
            ),
            ("country", is_country(&self.country), "two capital letters"),
            (
                "organization_identifier",
                identifier.is_some_and(|number| self.is_organization_number(number)),
                "NTR, the country, a hyphen and a number of organization_number_digits digits, or of the form organization_number_pattern",
            ),
            (
                "qualified_time_stamps",
                self.eu_mode || !self.qualified_time_stamps,
                "only with eu_mode: the statement claims qualification in the European Union",
            ),
            (
                "tls_country",
                self.tls_country.is_empty() || is_country(&self.tls_country),
                "empty or two capital letters",
            ),
            (
                "tls_domains",
                self.tls_domains
                    .iter()
                    .all(|domain| server_name::is_public_dns_name(domain)),
                "public domains in lower case",
            ),
            (
                "caa_resolver",
                self.caa_resolver.is_empty() || self.caa_resolver().is_some(),
                "empty, or an IP address and a port: 127.0.0.1:53, [::1]:53",
            ),
            (
                "caa_resolver",
                test || self.caa_resolver().is_some() || self.tls_domains.is_empty(),
                "TLS certificates need CAA look-ups: set a resolver, or no tls_domains (only a CA whose name_prefix has the word TEST does without)",
            ),
            (
                "caa_identifiers",
                self.caa_identifiers
                    .iter()
                    .all(|domain| server_name::is_public_dns_name(domain))
                    && (self.caa_resolver.is_empty() || !self.caa_identifiers.is_empty()),
                "the domains by which CAA records name this CA, at least one where caa_resolver is set, public and in lower case",
            ),
            (
                "caa_timeout_seconds",
                (1..=15).contains(&self.caa_timeout_seconds),
                "1 to 15",
            ),
            (
                "registration_authority_url",
                self.registration_authority_url.starts_with("https://"),
                "an https address",
            ),
            (
                "officers_genesis",
                self.officers_genesis.is_empty() || self.officers().is_some(),
                "empty or 64 hexadecimal digits",
            ),
            ("official_days", (1..=731).contains(&self.official_days), "1 to 731"),
            ("seal_days", (1..=1096).contains(&self.seal_days), "1 to 1096"),
            ("tls_days", (1..=90).contains(&self.tls_days), "1 to 90"),
            (
                "qscd",
                self.qscd != Qscd::Pretend || test,
                "pretend is for a CA whose name_prefix has the word TEST",
            ),
            (
                "clock",
                self.clock != ClockSource::Unchecked || test,
                "unchecked is for a CA whose name_prefix has the word TEST; chrony checks",
            ),
            ("serial_prefix", (1..=127).contains(&self.serial_prefix), "1 to 127"),
            ("crl_shards", (1..=4096).contains(&self.crl_shards), "1 to 4096"),
            (
                "authentication_days",
                (1..=1826).contains(&self.authentication_days),
                "1 to 1826",
            ),
            ("signature_days", (1..=1096).contains(&self.signature_days), "1 to 1096"),
            (
                "ocsp_seconds",
                (60..=86_400).contains(&self.ocsp_seconds),
                "60 to 86400",
            ),
            (
                "ocsp_presigned_hours",
                (4..=168).contains(&self.ocsp_presigned_hours),
                "4 to 168",
            ),
            (
                "ocsp_max_age_seconds",
                (1..=60).contains(&self.ocsp_max_age_seconds),
                "1 to 60",
            ),
            (
                "ocsp_cache_megabytes",
                self.ocsp_cache_megabytes <= 65_536,
                "0 to 65536",
            ),
            (
                "status_retention_years",
                (7..=100).contains(&self.status_retention_years),
                "7 to 100 (EN 319 411-1 section 6.4.6)",
            ),
            (
                "crl_hours",
                (24..=168).contains(&self.crl_hours),
                "24 to 168 (EN 319 411-1 section 6.3.9)",
            ),
            ("arl_days", (1..=365).contains(&self.arl_days), "1 to 365"),
            (
                "policy_arc",
                const_oid::ObjectIdentifier::new(&self.policy_arc).is_ok(),
                "an object identifier",
            ),
            (
                "pds_urls",
                self.pds_urls.contains_key("en") && self.pds_urls.values().all(|u| u.starts_with("https://")),
                "https addresses, one of them in English (EN 319 412-5 section 4.3.4)",
            ),
        ];
        // Before the numbers that they are the form of.
        for (field, pattern) in [
            ("personal_number_pattern", &self.personal_number_pattern),
            ("organization_number_pattern", &self.organization_number_pattern),
        ] {
            number::check_pattern(pattern).map_err(|problem| ConfigError {
                field,
                problem: problem.into(),
            })?;
        }
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            None => Ok(()),
            Some((field, _, problem)) => Err(ConfigError {
                field,
                problem: problem.into(),
            }),
        }
    }

    /// Where CAA records are asked for, if anywhere.
    pub fn caa_resolver(&self) -> Option<SocketAddr> {
        self.caa_resolver.parse().ok()
    }

    /// What pins the officers, if anything does.
    pub fn officers(&self) -> Option<Pin> {
        let genesis = self.officers_genesis.parse().ok()?;
        let at_least = self.officers_at_least;
        Some(Pin { genesis, at_least })
    }

    pub(crate) fn is_organization_number(&self, text: &str) -> bool {
        number::fits(text, &self.organization_number_pattern, self.organization_number_digits)
    }

    /// Whether it is a personal number, or a pseudonym where people have one.
    pub(crate) fn is_person_number(&self, text: &str) -> bool {
        match self.person_identifier {
            PersonIdentifier::PersonalNumber => {
                number::fits(text, &self.personal_number_pattern, self.personal_number_digits)
                    && self.personal_number_checksum.holds(text)
            }
            PersonIdentifier::Pseudonym => {
                let groups: Vec<usize> = text.split('-').map(str::len).collect();
                let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-');
                groups == [8, 4, 4, 4, 12] && text.bytes().all(hex)
            }
        }
    }

    /// What stands before the number: `PNOXK-` or `UI:XK-`.
    pub(crate) fn person_scheme(&self) -> String {
        match self.person_identifier {
            PersonIdentifier::PersonalNumber => format!("PNO{}-", self.country),
            PersonIdentifier::Pseudonym => format!("UI:{}-", self.country),
        }
    }

    /// Who gives the identifier, when the scheme is locally defined (EN 319 412-1 NAT-5.1.3-06).
    pub(crate) fn name_authority(&self, of_person: bool) -> Option<&str> {
        let local = of_person && self.person_identifier == PersonIdentifier::Pseudonym;
        local.then_some(self.registration_authority_url.as_str())
    }

    /// C of a TLS server.
    pub(crate) fn server_country(&self) -> &str {
        if self.tls_country.is_empty() {
            &self.country
        } else {
            &self.tls_country
        }
    }

    pub(crate) fn cps(&self) -> String {
        if self.cps_url.is_empty() {
            format!("{}/cps", self.public_url)
        } else {
            self.cps_url.clone()
        }
    }

    pub(crate) fn pds(&self) -> Vec<(String, String)> {
        // English first, as EN 319 412-5 asks for it by name.
        let (english, others): (Vec<_>, Vec<_>) = self.pds_urls.iter().partition(|(language, _)| *language == "en");
        let own = |(l, u): (&String, &String)| (l.clone(), u.clone());
        english.into_iter().chain(others).map(own).collect()
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}
