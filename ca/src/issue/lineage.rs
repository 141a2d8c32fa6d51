//! Which certificate follows which: renewed with the same key, or rekeyed with another one (RFC 3647 section 4.4, L-05).

use signum_core::db::Row;
use signum_core::{DbError, Tx, params};

use super::{IssueError, Request};
use crate::Service;

/// What kind of successor a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// The same key.
    Renewal,
    /// Another key of the same owner.
    Rekey,
}

/// Another certificate that this one follows or is followed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub serial: Vec<u8>,
    pub succession: Succession,
}

/// A certificate's neighbours in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    pub follows: Option<Link>,
    pub followed_by: Vec<Link>,
}

/// The certificate that a request says it follows; only [`find`] makes one.
pub(super) struct Predecessor {
    pub issuer: String,
    pub serial: Vec<u8>,
}

/// Finds what `request` follows: a certificate of the same owner and profile, from any of our authorities.
pub(super) async fn find(tx: &Tx, request: &Request) -> Result<Option<Predecessor>, IssueError> {
    let Some(serial) = &request.follows else {
        return Ok(None);
    };
    let found = tx
        .all(
            "SELECT c.issuer, c.profile, k.owner FROM certificate c JOIN subject_key k ON k.spki_sha256 = c.spki_sha256
             WHERE c.serial = $1 AND c.certificate IS NOT NULL",
            params![serial.as_slice()],
        )
        .await?;
    let [row] = found.as_slice() else {
        return Err(IssueError::refused(
            "no_predecessor",
            "no certificate has the serial number to be followed",
        ));
    };
    if row.get::<[u8; 32]>("owner")? != request.owner || row.get::<String>("profile")? != request.profile.id {
        let message = "the certificate to be followed is of another owner or profile";
        return Err(IssueError::refused("no_predecessor", message));
    }
    Ok(Some(Predecessor {
        issuer: row.get("issuer")?,
        serial: serial.clone(),
    }))
}

impl Service {
    /// What the certificate with that serial number follows, and what follows it.
    pub async fn lineage(&self, serial: &[u8]) -> Result<Lineage, DbError> {
        let db = &self.cx.db;
        let before = db
            .opt(
                "SELECT o.serial AS other, o.spki_sha256 AS key_of_other, c.spki_sha256 AS key FROM certificate c
                 JOIN certificate o ON o.issuer = c.follows_issuer AND o.serial = c.follows_serial
                 WHERE c.serial = $1 AND c.certificate IS NOT NULL",
                params![serial],
            )
            .await?;
        let after = db
            .all(
                "SELECT o.serial AS other, o.spki_sha256 AS key_of_other, c.spki_sha256 AS key FROM certificate c
                 JOIN certificate o ON o.follows_issuer = c.issuer AND o.follows_serial = c.serial
                 WHERE c.serial = $1 AND c.certificate IS NOT NULL AND o.certificate IS NOT NULL ORDER BY o.issued_at",
                params![serial],
            )
            .await?;
        Ok(Lineage {
            follows: before.as_ref().map(link).transpose()?,
            followed_by: after.iter().map(link).collect::<Result<_, _>>()?,
        })
    }
}

fn link(row: &Row) -> Result<Link, DbError> {
    let same = row.get::<Vec<u8>>("key_of_other")? == row.get::<Vec<u8>>("key")?;
    Ok(Link {
        serial: row.get("other")?,
        succession: if same { Succession::Renewal } else { Succession::Rekey },
    })
}
