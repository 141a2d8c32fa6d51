//! Published lists in the database, in parts; old ones go.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{DbError, Timestamp, params};

use super::{CrlError, NO_END};
use crate::Service;
use crate::authority::AuthorityName;

/// How many lists of a part stay: who began to fetch one finds the rest of it.
const KEPT: i64 = 4;

/// A published list.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub number: i64,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// Length of its DER.
    pub octets: u64,
}

impl Published {
    fn read(row: &Row) -> Result<Self, DbError> {
        let octets: i64 = row.get("octets")?;
        Ok(Self {
            number: row.get("number")?,
            this_update: row.get("this_update")?,
            next_update: row.get("next_update")?,
            octets: u64::try_from(octets).unwrap_or_default(),
        })
    }

    /// The authority's last one.
    pub fn is_last(&self) -> bool {
        self.next_update >= NO_END
    }
}

/// A list to be stored.
pub(super) struct New {
    pub issuer: AuthorityName,
    pub shard: u32,
    pub number: i64,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    pub entries: u64,
    pub parts: Vec<Vec<u8>>,
}

impl Service {
    /// The newest list of that part.
    pub(crate) async fn newest_crl(&self, issuer: AuthorityName, shard: u32) -> Result<Option<Published>, DbError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT number, this_update, next_update, octets FROM crl WHERE issuer = $1 AND shard = $2
                 ORDER BY number DESC LIMIT 1",
                params![issuer.as_str(), shard],
            )
            .await?;
        row.as_ref().map(Published::read).transpose()
    }

    /// One part of a list; `None` past its end.
    pub(crate) async fn crl_part(
        &self,
        issuer: AuthorityName,
        shard: u32,
        number: i64,
        place: i64,
    ) -> Result<Option<Vec<u8>>, DbError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT octets FROM crl_part WHERE issuer = $1 AND shard = $2 AND number = $3 AND place = $4",
                params![issuer.as_str(), shard, number, place],
            )
            .await?;
        row.map(|row| row.get("octets")).transpose()
    }

    /// The whole of a list.
    pub(crate) async fn crl_der(
        &self,
        issuer: AuthorityName,
        shard: u32,
        list: &Published,
    ) -> Result<Vec<u8>, DbError> {
        let mut der = Vec::with_capacity(usize::try_from(list.octets).unwrap_or_default());
        for place in 0.. {
            match self.crl_part(issuer, shard, list.number, place).await? {
                Some(part) => der.extend(part),
                None => break,
            }
        }
        Ok(der)
    }

    /// Stores list and audit event together, and drops lists that are long replaced.
    pub(super) async fn store_crl(&self, new: &New) -> Result<(), CrlError> {
        let (cx, issuer, number) = (&self.cx, new.issuer.as_str(), new.number);
        let octets = new.parts.iter().map(Vec::len).sum::<usize>();
        let mut hash = Sha256::new();
        new.parts.iter().for_each(|part| hash.update(part));
        let detail = &json!({
            "number": number,
            "entries": new.entries,
            "sha256": hex::encode(hash.finalize()),
        });
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (octets, entries) = (count(octets as u64), count(new.entries));
        let kind = if new.next_update >= NO_END {
            "crl.last_published"
        } else {
            "crl.published"
        };
        cx.db
            .run("ca.crl_publish", |tx| async move {
                tx.exec(
                    "INSERT INTO crl (issuer, shard, number, this_update, next_update, octets, entries)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    params![
                        issuer,
                        new.shard,
                        number,
                        new.this_update,
                        new.next_update,
                        octets,
                        entries
                    ],
                )
                .await?;
                for (place, part) in (0i64..).zip(&new.parts) {
                    tx.exec(
                        "INSERT INTO crl_part (issuer, shard, number, place, octets) VALUES ($1, $2, $3, $4, $5)",
                        params![issuer, new.shard, number, place, part],
                    )
                    .await?;
                }
                let old = params![issuer, new.shard, number.saturating_sub(KEPT)];
                tx.exec(
                    "DELETE FROM crl_part WHERE issuer = $1 AND shard = $2 AND number <= $3",
                    old.clone(),
                )
                .await?;
                tx.exec("DELETE FROM crl WHERE issuer = $1 AND shard = $2 AND number <= $3", old)
                    .await?;
                if new.next_update >= NO_END {
                    // From now on the lists are what tells of its certificates.
                    tx.exec("DELETE FROM ocsp_answer WHERE issuer = $1", params![issuer])
                        .await?;
                }
                let subject = format!("{issuer}/{}", new.shard);
                audit::record(&tx, cx, &Event::new(kind, subject, detail.clone())).await?;
                Ok::<_, CrlError>(())
            })
            .await
    }
}
