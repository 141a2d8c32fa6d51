//! What operators and owners see of clients, whatever their status.

use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, params};
use subtle::ConstantTimeEq;

use super::document::Document;
use super::{Client, Realm, Status, read};
use crate::secret::{self, Hashed};

/// A client as it is stored.
#[derive(Clone)]
pub struct Stored {
    pub client_id: String,
    pub realm: Realm,
    pub status: Status,
    pub document: Document,
    /// What its owner wants it to become in production.
    pub proposed: Option<Document>,
    pub registered_at: Timestamp,
    pub changed_at: Timestamp,
    /// The law that lets it have the personal number; `Some("")` where nobody wrote down which.
    pub legal_basis: Option<String>,
    /// From where it may ask for tokens; empty: from anywhere.
    pub token_networks: Vec<String>,
    pub(super) secret_hash: Option<Hashed>,
}

impl Stored {
    pub(super) fn secret_is(&self, shown: &str) -> bool {
        let same: bool = secret::hashed(shown)
            .ct_eq(&self.secret_hash.unwrap_or_default())
            .into();
        same && self.secret_hash.is_some()
    }

    fn of(row: &Row) -> Result<Self, DbError> {
        let client: Client = read(row)?;
        let proposed: Option<String> = row.get("proposed")?;
        let proposed = proposed.map(|text| {
            serde_json::from_str(&text).map_err(|error| DbError::Column {
                column: "proposed".to_owned(),
                problem: error.to_string(),
            })
        });
        let basis: Option<String> = row.get("legal_basis")?;
        Ok(Self {
            client_id: client.client_id,
            realm: client.realm,
            status: client.status,
            document: Document {
                profile: client.profile,
                name: client.name,
                purpose: client.purpose,
                metadata: client.metadata,
            },
            proposed: proposed.transpose()?,
            registered_at: row.get("registered_at")?,
            changed_at: row.get("changed_at")?,
            token_networks: client
                .token_networks
                .map(|listed| listed.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            legal_basis: client.legal_basis_personal_number.then(|| basis.unwrap_or_default()),
            secret_hash: client.secret_hash,
        })
    }
}

const ONE: &str = "SELECT * FROM client WHERE client_id = $1";

/// One client.
pub async fn one(cx: &Cx, client_id: &str) -> Result<Option<Stored>, DbError> {
    let row = cx.db.opt(ONE, params![client_id]).await?;
    row.as_ref().map(Stored::of).transpose()
}

/// One client, in a transaction that may change it.
pub(super) async fn locked(tx: &signum_core::Tx, client_id: &str) -> Result<Option<Stored>, DbError> {
    // Whoever changes it meanwhile waits for us, or we for them.
    let touch = "UPDATE client SET client_id = client_id WHERE client_id = $1";
    tx.exec(touch, params![client_id]).await?;
    let row = tx.opt(ONE, params![client_id]).await?;
    row.as_ref().map(Stored::of).transpose()
}

/// Every client, by id.
pub async fn all(cx: &Cx) -> Result<Vec<Stored>, DbError> {
    let rows = cx.db.all("SELECT * FROM client ORDER BY client_id", params![]).await?;
    rows.iter().map(Stored::of).collect()
}

/// The client with this registration access token (RFC 7592).
pub(super) async fn by_token(cx: &Cx, client_id: &str, hash: &Hashed) -> Result<Option<Stored>, DbError> {
    let row = cx.db.opt(ONE, params![client_id]).await?;
    let Some(row) = row else { return Ok(None) };
    let known: Option<Hashed> = row.get("registration_hash")?;
    let same: bool = known.unwrap_or_default().ct_eq(hash).into();
    match same && known.is_some() {
        true => Stored::of(&row).map(Some),
        false => Ok(None),
    }
}
