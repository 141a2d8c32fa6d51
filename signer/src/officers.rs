//! The registration officers' public keys, as the operator pinned them: one that vouches, one that logs in at the desk.
//!
//! The signing module pins the first alone. Keys and relying parties differ, so that neither can do the other's work.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use signum_gesture::{Authenticator, RelyingParty};

/// One registration officer.
#[derive(Clone, Debug)]
pub(crate) struct Officer {
    pub id: String,
    /// What the officer vouches with.
    pub vouching: Key,
    /// What the officer logs in with.
    pub log_in: Key,
}

/// An authenticator and the relying party that its gestures are made for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub rp: RelyingParty,
    pub authenticator: Authenticator,
}

/// Why the officers' file is not used.
#[derive(Debug, thiserror::Error)]
pub enum OfficersError {
    #[error("officers file: {0}")]
    Io(#[from] std::io::Error),
    #[error("officers file: {0}")]
    Json(#[from] serde_json::Error),
    #[error("officers file: officer {0}: a key or id that is not base64url or hex")]
    Encoding(String),
    #[error("officers file: {0} is there twice")]
    Twice(String),
    #[error(
        "officers file: officer {0} has no `log_in`: register a second authenticator for the desk's log-in, \
         see docs/OPERATIONS.md \"Registration officers\""
    )]
    NoLogIn(String),
    #[error("officers file: officer {0}: each officer needs two authenticators that are used for nothing else")]
    SharedKey(String),
    #[error(
        "officers file: officer {0}: the log-in key needs another RP ID and another origin than the keys that vouch"
    )]
    SharedRelyingParty(String),
}

#[derive(Deserialize)]
struct Written {
    id: String,
    rp: RelyingParty,
    authenticator: WrittenAuthenticator,
    log_in: Option<WrittenKey>,
}

#[derive(Deserialize)]
struct WrittenKey {
    rp: RelyingParty,
    authenticator: WrittenAuthenticator,
}

#[derive(Deserialize)]
struct WrittenAuthenticator {
    credential_id: String,
    cose_key: String,
    aaguid: String,
    backup_eligible: bool,
    counter: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Officers(Vec<Officer>);

impl Officers {
    pub(crate) fn read(path: &Path) -> Result<Self, OfficersError> {
        Self::parse(&std::fs::read(path)?)
    }

    fn parse(json: &[u8]) -> Result<Self, OfficersError> {
        let mut officers: Vec<Officer> = Vec::new();
        for written in serde_json::from_slice::<Vec<Written>>(json)? {
            if officers.iter().any(|officer| officer.id == written.id) {
                return Err(OfficersError::Twice(written.id));
            }
            officers.push(officer(written)?);
        }
        let officers = Self(officers);
        officers.check()?;
        Ok(officers)
    }

    /// Every key is used for one thing by one officer, and no log-in is made where vouchers are made.
    fn check(&self) -> Result<(), OfficersError> {
        let mut seen: Vec<&Authenticator> = Vec::new();
        for officer in &self.0 {
            for key in [&officer.vouching.authenticator, &officer.log_in.authenticator] {
                let same =
                    |other: &&Authenticator| other.credential_id == key.credential_id || other.cose_key == key.cose_key;
                if seen.iter().any(same) {
                    return Err(OfficersError::SharedKey(officer.id.clone()));
                }
                seen.push(key);
            }
            let log_in = &officer.log_in.rp;
            let same = |other: &Officer| other.vouching.rp.id == log_in.id || other.vouching.rp.origin == log_in.origin;
            if self.0.iter().any(same) {
                return Err(OfficersError::SharedRelyingParty(officer.id.clone()));
            }
        }
        Ok(())
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Officer> {
        self.0.iter().find(|officer| officer.id == id)
    }
}

fn officer(written: Written) -> Result<Officer, OfficersError> {
    let encoding = || OfficersError::Encoding(written.id.clone());
    let log_in = written.log_in.ok_or(OfficersError::NoLogIn(written.id.clone()))?;
    Ok(Officer {
        vouching: Key {
            rp: written.rp,
            authenticator: authenticator(&written.authenticator).ok_or_else(encoding)?,
        },
        log_in: Key {
            rp: log_in.rp,
            authenticator: authenticator(&log_in.authenticator).ok_or_else(encoding)?,
        },
        id: written.id,
    })
}

fn authenticator(written: &WrittenAuthenticator) -> Option<Authenticator> {
    Some(Authenticator {
        credential_id: URL_SAFE_NO_PAD.decode(&written.credential_id).ok()?,
        cose_key: URL_SAFE_NO_PAD.decode(&written.cose_key).ok()?,
        aaguid: hex::decode(&written.aaguid).ok()?.try_into().ok()?,
        backup_eligible: written.backup_eligible,
        counter: written.counter,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn one(id: &str, keys: [&str; 2], log_in_host: &str) -> String {
        let key = |host: &str, key: &str| {
            format!(
                r#""rp":{{"id":"{host}","origin":"http://{host}:8082"}},"authenticator":{{"credential_id":"{key}",
                "cose_key":"{key}","aaguid":"00000000000000000000000000000000","backup_eligible":false,"counter":0}}"#
            )
        };
        let (vouching, log_in) = (key("sign.localhost", keys[0]), key(log_in_host, keys[1]));
        format!(r#"{{"id":"{id}","name":"TEST",{vouching},"log_in":{{{log_in}}}}}"#)
    }

    fn parse(officers: &[String]) -> Result<Officers, OfficersError> {
        Officers::parse(format!("[{}]", officers.join(",")).as_bytes())
    }

    const DESK: &str = "desk.sign.localhost";

    #[test]
    fn the_agreed_form_is_read() {
        let officers = parse(&[one("officer-1", ["AwQ", "BQY"], DESK)]).unwrap();
        let officer = officers.find("officer-1").unwrap();
        assert_eq!(officer.vouching.authenticator.cose_key, [3, 4]);
        assert_eq!(officer.log_in.authenticator.cose_key, [5, 6]);
        assert_eq!(officer.log_in.rp.id, DESK);
        assert!(officers.find("officer-2").is_none());
    }

    #[test]
    fn an_officer_given_twice_is_refused() {
        let refused = parse(&[
            one("officer-1", ["AwQ", "BQY"], DESK),
            one("officer-1", ["Awc", "Bwg"], DESK),
        ]);
        assert!(matches!(refused, Err(OfficersError::Twice(_))));
    }

    #[test]
    fn an_officer_without_a_log_in_key_is_refused_with_what_to_do() {
        let old = r#"[{"id":"officer-1","rp":{"id":"sign.localhost","origin":"http://sign.localhost:8082"},
            "authenticator":{"credential_id":"AQI","cose_key":"AwQ","aaguid":"00000000000000000000000000000000",
            "backup_eligible":false,"counter":0}}]"#;
        let refused = Officers::parse(old.as_bytes()).unwrap_err();
        assert!(matches!(refused, OfficersError::NoLogIn(_)));
        assert!(refused.to_string().contains("OPERATIONS"), "{refused}");
    }

    #[test]
    fn a_key_that_both_vouches_and_logs_in_is_refused_even_across_officers() {
        let both = parse(&[one("officer-1", ["AwQ", "AwQ"], DESK)]);
        assert!(matches!(both, Err(OfficersError::SharedKey(_))));
        let across = parse(&[
            one("officer-1", ["AwQ", "BQY"], DESK),
            one("officer-2", ["BQY", "Bwg"], DESK),
        ]);
        assert!(matches!(across, Err(OfficersError::SharedKey(id)) if id == "officer-2"));
    }

    #[test]
    fn a_log_in_where_vouchers_are_made_is_refused() {
        let refused = parse(&[one("officer-1", ["AwQ", "BQY"], "sign.localhost")]);
        assert!(matches!(refused, Err(OfficersError::SharedRelyingParty(_))));
    }
}
