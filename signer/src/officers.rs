//! The registration officers' public keys, as the operator pinned them.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use signum_gesture::{Authenticator, RelyingParty};

/// One registration officer.
#[derive(Clone, Debug)]
pub(crate) struct Officer {
    pub id: String,
    /// The relying party that the officer's gestures are made for.
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
}

#[derive(Deserialize)]
struct Written {
    id: String,
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
            let authenticator =
                authenticator(&written.authenticator).ok_or(OfficersError::Encoding(written.id.clone()))?;
            officers.push(Officer {
                id: written.id,
                rp: written.rp,
                authenticator,
            });
        }
        Ok(Self(officers))
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Officer> {
        self.0.iter().find(|officer| officer.id == id)
    }
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

    const ONE: &str = r#"{"id":"officer-1","name":"TEST","rp":{"id":"sign.localhost","origin":"http://sign.localhost:8082"},
        "authenticator":{"credential_id":"AQI","cose_key":"AwQ","aaguid":"00000000000000000000000000000000",
        "backup_eligible":false,"counter":0}}"#;

    #[test]
    fn the_agreed_form_is_read() {
        let officers = Officers::parse(format!("[{ONE}]").as_bytes()).unwrap();
        assert_eq!(officers.find("officer-1").unwrap().authenticator.cose_key, [3, 4]);
        assert!(officers.find("officer-2").is_none());
    }

    #[test]
    fn an_officer_given_twice_is_refused() {
        let refused = Officers::parse(format!("[{ONE},{ONE}]").as_bytes());
        assert!(matches!(refused, Err(OfficersError::Twice(_))));
    }
}
