//! The root's list as a ceremony made it: newer than the one here, forgetting nothing, stored with what it revokes.

use der::Decode;
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Timestamp, Tx, params};
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::{CrlNumber, CrlReason};

use super::ImportError;
use crate::authority::AuthorityName;
use crate::{Service, ocsp};

/// Lists lie in parts of this length.
const PART: usize = 1 << 20;

/// The root's list on its way.
pub(super) struct List {
    der: Vec<u8>,
    pub number: i64,
    this_update: Timestamp,
    pub next_update: Timestamp,
    revoked: Vec<(Vec<u8>, Timestamp, CrlReason)>,
}

impl Service {
    /// A newer list, which forgets nothing; what it revokes is revoked here.
    pub(super) async fn store_list(&self, tx: &Tx, root: AuthorityName, list: &List) -> Result<(), ImportError> {
        let newest = tx
            .opt(
                "SELECT number FROM crl WHERE issuer = $1 AND shard = 0 ORDER BY number DESC LIMIT 1",
                params![root.as_str()],
            )
            .await?;
        if let Some(row) = newest {
            let here: i64 = row.get("number")?;
            if here == list.number && is_stored(tx, root, list).await? {
                return Ok(());
            }
            if here >= list.number {
                return Err(ImportError::OldList {
                    given: list.number,
                    here,
                });
            }
        }
        let revoked_here = tx
            .all(
                "SELECT DISTINCT serial FROM certificate_status WHERE issuer = $1 AND state = 'revoked'",
                params![root.as_str()],
            )
            .await?;
        for row in &revoked_here {
            let serial: Vec<u8> = row.get("serial")?;
            if !list.revoked.iter().any(|(listed, _, _)| *listed == serial) {
                return Err(ImportError::Forgets(hex::encode(serial)));
            }
        }
        for (serial, at, reason) in &list.revoked {
            self.store_revocation(tx, root, serial, *at, *reason).await?;
        }
        tx.exec(
            "INSERT INTO crl_number (issuer, shard, number) VALUES ($1, 0, $2)
             ON CONFLICT (issuer, shard) DO UPDATE SET number = $2",
            params![root.as_str(), list.number],
        )
        .await?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let (octets, entries) = (count(list.der.len()), count(list.revoked.len()));
        tx.exec(
            "INSERT INTO crl (issuer, shard, number, this_update, next_update, octets, entries)
             VALUES ($1, 0, $2, $3, $4, $5, $6)",
            params![
                root.as_str(),
                list.number,
                list.this_update,
                list.next_update,
                octets,
                entries
            ],
        )
        .await?;
        for (place, part) in (0i64..).zip(list.der.chunks(PART)) {
            tx.exec(
                "INSERT INTO crl_part (issuer, shard, number, place, octets) VALUES ($1, 0, $2, $3, $4)",
                params![root.as_str(), list.number, place, part],
            )
            .await?;
        }
        let detail = json!({ "number": list.number });
        audit::record(tx, &self.cx, &Event::new("crl.published", format!("{root}/0"), detail)).await?;
        Ok(())
    }

    async fn store_revocation(
        &self,
        tx: &Tx,
        root: AuthorityName,
        serial: &[u8],
        at: Timestamp,
        reason: CrlReason,
    ) -> Result<(), ImportError> {
        let history = tx
            .all(
                "SELECT state FROM certificate_status WHERE issuer = $1 AND serial = $2",
                params![root.as_str(), serial],
            )
            .await?;
        for row in &history {
            if row.get::<String>("state")? == "revoked" {
                return Ok(());
            }
        }
        let sequence = i64::try_from(history.len()).unwrap_or(i64::MAX).saturating_add(1);
        tx.exec(
            "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at) VALUES ($1, $2, $3, 'revoked', $4, $5)",
            params![root.as_str(), serial, sequence, reason as i64, at],
        )
        .await?;
        ocsp::authority_fell(tx, root.as_str(), serial, self.cx.now()).await?;
        tx.exec(
            "UPDATE authority_end SET ended_at = $3 WHERE issuer = $1 AND serial = $2 AND manner = 'ceremony'",
            params![root.as_str(), serial, self.cx.now()],
        )
        .await?;
        let subject = format!("{root}:{}", hex::encode(serial));
        let detail = json!({ "reason": reason as i64 });
        audit::record(tx, &self.cx, &Event::new("certificate.revoked", subject, detail)).await?;
        Ok(())
    }
}

async fn is_stored(tx: &Tx, root: AuthorityName, list: &List) -> Result<bool, DbError> {
    let rows = tx
        .all(
            "SELECT octets FROM crl_part WHERE issuer = $1 AND shard = 0 AND number = $2 ORDER BY place",
            params![root.as_str(), list.number],
        )
        .await?;
    let mut der = Vec::new();
    for row in &rows {
        der.extend(row.get::<Vec<u8>>("octets")?);
    }
    Ok(der == list.der)
}

/// Reads it, with what it revokes.
pub(super) fn read_list(der: &[u8]) -> Result<List, ImportError> {
    let parsed: CertificateList = CertificateList::from_der(der)?;
    let seconds = |time: x509_cert::time::Time| {
        Timestamp::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
    };
    let list = &parsed.tbs_cert_list;
    let unfit = || der::Error::from(der::ErrorKind::Failed);
    let number = list.crl_extensions.iter().flatten();
    let number = number
        .filter(|extension| extension.extn_id == signum_pki::oid::CRL_NUMBER)
        .find_map(|extension| CrlNumber::from_der(extension.extn_value.as_bytes()).ok())
        .ok_or_else(unfit)?;
    let digits = number.0.as_bytes();
    if digits.len() > 7 {
        return Err(unfit().into());
    }
    let mut revoked = Vec::new();
    for entry in list.revoked_certificates.iter().flatten() {
        let reason = entry
            .crl_entry_extensions
            .iter()
            .flatten()
            .filter(|extension| extension.extn_id == signum_pki::oid::CRL_REASON)
            .find_map(|extension| CrlReason::from_der(extension.extn_value.as_bytes()).ok());
        revoked.push((
            entry.serial_number.as_bytes().to_vec(),
            seconds(entry.revocation_date),
            reason.unwrap_or(CrlReason::Unspecified),
        ));
    }
    Ok(List {
        der: der.to_vec(),
        number: digits.iter().fold(0, |number, octet| (number << 8) | i64::from(*octet)),
        this_update: seconds(list.this_update),
        next_update: seconds(list.next_update.ok_or_else(unfit)?),
        revoked,
    })
}
