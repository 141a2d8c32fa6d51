//! Which cards are believed: authorities with their OCSP responders, and certificate policies with what each stands for.

use std::path::Path;
use std::str::FromStr;

use openssl::x509::X509;
use url::Url;
use x509_cert::der::asn1::ObjectIdentifier;

use crate::level::Level;

signum_core::config! {
    /// Log-in with the eID card. Off while `issuers` is empty.
    pub struct CardSettings {
        /// Authorities whose authentication certificates are believed: for each the file of its certificate (PEM or DER) and the
        /// address of its OCSP responder, with a space between. Without an answer of the responder nobody logs in.
        issuers: Vec<String> = Vec::new(),
        /// Files of authorities whose signing certificates may stand in a token of web-eid:1.1. Empty: only the authority of the
        /// authentication certificate itself.
        signing_issuers: Vec<String> = Vec::new(),
        /// Certificate policies that are accepted, each with the level of assurance that it stands for, with a space between. A
        /// certificate with several of them counts for the lowest; one with none is refused.
        policies: Vec<String> = vec!["0.4.0.2042.1.2 high".to_owned()],
        /// Certificate policies of which a certificate must have none.
        disallowed_policies: Vec<String> = Vec::new(),
        /// How long a challenge is good, in seconds; at most 300.
        challenge_seconds: u32 = 300,
        /// For how many seconds the answer that a certificate is good is not asked for again; at most 60.
        status_seconds: u32 = 20,
        /// The address of the port on which a card is shown in the TLS handshake: `https://` with port and a host name of its own,
        /// no trailing slash. Empty: there is none.
        public_url: String = String::new(),
        /// PEM file: the certificate of that port, with its way up.
        certificate: String = String::new(),
        /// PEM file: its private key.
        private_key: String = String::new(),
        /// PEM file of certificates of proxies that may tell the card's certificate by `Client-Cert` (RFC 9440); empty: none.
        proxies: String = String::new(),
    }
}

/// An authority whose cards are believed.
pub(crate) struct Issuer {
    /// DER.
    pub certificate: Vec<u8>,
    pub responder: Url,
}

/// What certificate policies stand for.
pub(crate) struct Policies {
    pub accepted: Vec<(ObjectIdentifier, Level)>,
    pub disallowed: Vec<ObjectIdentifier>,
}

impl CardSettings {
    pub(crate) fn issuers(&self) -> Result<Vec<Issuer>, String> {
        let read = |text: &String| {
            let problem = || format!("card.issuers: {text}: a file and the address of an OCSP responder are needed");
            let (file, address) = text.split_once(' ').ok_or_else(problem)?;
            let responder = Url::parse(address.trim()).map_err(|_| problem())?;
            if !matches!(responder.scheme(), "http" | "https") || responder.host_str().is_none() {
                return Err(problem());
            }
            Ok(Issuer {
                certificate: certificate(Path::new(file))?,
                responder,
            })
        };
        self.issuers.iter().map(read).collect()
    }

    pub(crate) fn policies(&self) -> Result<Policies, String> {
        let oid =
            |text: &str| ObjectIdentifier::from_str(text).map_err(|_| format!("card: {text} is no object identifier"));
        let accepted = |text: &String| {
            let (policy, level) = text.split_once(' ').unwrap_or((text, ""));
            let level = Level::parse(level.trim()).ok_or_else(|| format!("card.policies: {text}: which level?"))?;
            Ok((oid(policy)?, level))
        };
        Ok(Policies {
            accepted: self.policies.iter().map(accepted).collect::<Result<_, String>>()?,
            disallowed: self
                .disallowed_policies
                .iter()
                .map(|text| oid(text))
                .collect::<Result<_, _>>()?,
        })
    }

    /// What can be judged without reading a file.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.challenge_seconds == 0 || self.challenge_seconds > 300 {
            return Err("card.challenge_seconds: from 1 to 300".to_owned());
        }
        if self.status_seconds > 60 {
            return Err("card.status_seconds: at most 60".to_owned());
        }
        self.policies().map(drop)
    }
}

/// DER of the one certificate of a file.
pub(super) fn certificate(file: &Path) -> Result<Vec<u8>, String> {
    let problem = |e: &dyn std::fmt::Display| format!("card: {}: {e}", file.display());
    let octets = std::fs::read(file).map_err(|e| problem(&e))?;
    let read = X509::from_pem(&octets).or_else(|_| X509::from_der(&octets));
    read.and_then(|certificate| certificate.to_der())
        .map_err(|_| problem(&"no certificate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_nobody_can_mean_are_refused() {
        let with = |change: fn(&mut CardSettings)| {
            let mut settings = CardSettings::default();
            change(&mut settings);
            settings
        };
        assert!(CardSettings::default().check().is_ok());
        assert!(with(|s| s.challenge_seconds = 301).check().is_err());
        assert!(with(|s| s.challenge_seconds = 0).check().is_err());
        assert!(with(|s| s.status_seconds = 61).check().is_err());
        assert!(
            with(|s| s.policies = vec!["0.4.0.2042.1.2".to_owned()])
                .check()
                .is_err()
        );
        assert!(with(|s| s.policies = vec!["policy high".to_owned()]).check().is_err());
        assert!(with(|s| s.disallowed_policies = vec!["x".to_owned()]).check().is_err());
        for bad in ["ca.pem", "ca.pem ftp://ocsp.example.org", "ca.pem ocsp.example.org"] {
            let settings = CardSettings {
                issuers: vec![bad.to_owned()],
                ..CardSettings::default()
            };
            assert!(settings.issuers().is_err(), "{bad}");
        }
    }
}
