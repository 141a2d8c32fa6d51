//! What a look found, kept with the row of the certificate that it permitted.

use sha2::{Digest, Sha256};
use signum_core::{DbError, Timestamp, Tx, params};

use super::property::Property;

/// One name, and the records that count for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    name: String,
    /// The domain whose records decided; none where there are none up to the top-level domain.
    found_at: Option<String>,
    /// A record a line, as zone files write them.
    records: String,
    at: Timestamp,
}

impl Look {
    pub(super) fn new(name: &str, found: Option<(String, Vec<Property>)>, at: Timestamp) -> Self {
        let (found_at, set) = found.map_or((None, Vec::new()), |(at, set)| (Some(at), set));
        let mut lines: Vec<String> = set.iter().map(Property::to_string).collect();
        lines.sort();
        Self {
            name: name.to_owned(),
            found_at,
            records: lines.join("\n"),
            at,
        }
    }
}

/// For the audit log: changes whenever a stored look does.
pub(crate) fn digest(looks: &[Look]) -> String {
    let mut hash = Sha256::new_with_prefix(b"signum-ca-caa-v1\0");
    for look in looks {
        let at = look.at.0.to_be_bytes();
        let found_at = look.found_at.as_deref().unwrap_or_default();
        for field in [look.name.as_bytes(), found_at.as_bytes(), look.records.as_bytes(), &at] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
    }
    hex::encode(hash.finalize())
}

/// In the transaction of the intent.
pub(crate) async fn store(tx: &Tx, issuer: &str, serial: &[u8], looks: &[Look]) -> Result<(), DbError> {
    for look in looks {
        tx.exec(
            "INSERT INTO caa_look (issuer, serial, name, found_at, records, looked_at) VALUES ($1, $2, $3, $4, $5, $6)",
            params![
                issuer,
                serial,
                &look.name,
                look.found_at.as_deref(),
                &look.records,
                look.at
            ],
        )
        .await?;
    }
    Ok(())
}
