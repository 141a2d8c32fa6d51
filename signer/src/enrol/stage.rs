//! How far an enrolment has come, with what it has by then. A row that has too little for its state is a located error.

use serde::Serialize;
use serde::de::DeserializeOwned;
use signum_activation::protocol::{SealedSet, StoredKey};
use signum_core::db::Row;
use signum_core::{DbError, Timestamp};
use signum_gesture::Authenticator;

/// A key of the signing module and the request that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Material {
    pub key: StoredKey,
    /// DER of the PKCS#10 request.
    pub pkcs10: Vec<u8>,
}

/// Everything that a signature needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certified {
    pub key: StoredKey,
    pub set: SealedSet,
    /// DER.
    pub certificate: Vec<u8>,
    /// DER, issuing CA first, root last; never empty.
    pub chain: Vec<Vec<u8>>,
    /// Highest signCount seen.
    pub counter: u32,
}

impl Certified {
    /// notAfter of the certificate.
    pub(crate) fn valid_until(&self) -> Option<Timestamp> {
        use der::Decode;
        let certificate = x509_cert::Certificate::from_der(&self.certificate).ok()?;
        let seconds = certificate
            .tbs_certificate()
            .validity()
            .not_after
            .to_unix_duration()
            .as_secs();
        Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The person makes the signing passkey.
    Begun,
    /// The module is asked for a key made for exactly this passkey.
    Registered(Authenticator),
    /// The officers look at the request.
    AuthenticatorRegistered(Material, Authenticator),
    /// Two officers vouched; the module is asked to seal.
    Vouched(Material, Authenticator),
    /// The module was convinced; the CA is asked for the certificate.
    Sealed(Material, SealedSet),
    Ready(Box<Certified>),
    /// Over; the code says why.
    Failed(String),
    /// The person began anew; the certificate, if there was one, is revoked or soon will be.
    Superseded,
}

impl Stage {
    pub(super) fn parse(row: &Row) -> Result<Self, DbError> {
        let state: String = row.get("state")?;
        Ok(match state.as_str() {
            "begun" => Self::Begun,
            "registered" => Self::Registered(json(row, "authenticator")?),
            "authenticator" => Self::AuthenticatorRegistered(material(row)?, json(row, "authenticator")?),
            "vouched" => Self::Vouched(material(row)?, json(row, "authenticator")?),
            "sealed" => Self::Sealed(material(row)?, json(row, "sealed_set")?),
            "ready" => Self::Ready(Box::new(certified(row)?)),
            "failed" => Self::Failed(row.get("failure")?),
            "superseding" | "superseded" => Self::Superseded,
            _ => return Err(impossible("state", "unknown state")),
        })
    }

    /// The word of `GET /enrol/{id}/status`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Begun => "authenticator",
            Self::Registered(_) | Self::AuthenticatorRegistered(..) | Self::Vouched(..) | Self::Sealed(..) => {
                "vouchers"
            }
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
            Self::Superseded => "superseded",
        }
    }
}

fn material(row: &Row) -> Result<Material, DbError> {
    Ok(Material {
        key: json(row, "stored_key")?,
        pkcs10: row.get("pkcs10")?,
    })
}

fn certified(row: &Row) -> Result<Certified, DbError> {
    let chain: Vec<Vec<u8>> = json(row, "chain")?;
    if chain.is_empty() {
        return Err(impossible("chain", "empty"));
    }
    Ok(Certified {
        key: json(row, "stored_key")?,
        set: json(row, "sealed_set")?,
        certificate: row.get("certificate")?,
        chain,
        counter: row.get("counter")?,
    })
}

/// Writes a value for a TEXT column.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| impossible("(json)", "cannot be written"))
}

/// Reads a value that [`to_json`] wrote.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| impossible(column, "not the JSON that belongs there"))
}

pub(crate) fn impossible(column: &str, problem: &str) -> DbError {
    DbError::Column {
        column: column.to_owned(),
        problem: problem.to_owned(),
    }
}
