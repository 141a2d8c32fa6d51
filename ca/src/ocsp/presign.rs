//! The job that signs answers in advance, so that they are there when the HSM is not (O-04).
//!
//! What is due: answers that have lived half their time, certificates changed or issued lately, and once after each start
//! every certificate without an answer. Expired certificates are answered live alone, with archiveCutoff.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signum_core::db::Row;
use signum_core::{DbError, Timestamp, Tx, params};

use super::question::Form;
use super::responder::{LEARNT, Office};
use super::standing::Standing;
use super::{OcspError, compose};
use crate::Service;
use crate::authority::{AuthorityName, tenure};
use crate::status::Status;

/// Certificates whose answers are signed by one call of the HSM: others wait for it.
const BATCH: u32 = 32;
/// A job that did not run for longer starts anew with every certificate.
const LATELY: Duration = Duration::from_secs(3_600);

/// How far the walk over every certificate has come; `None` at its end.
pub(super) struct Backfill(Mutex<Option<(String, Vec<u8>)>>);

impl Default for Backfill {
    fn default() -> Self {
        Self(Mutex::new(Some((String::new(), Vec::new()))))
    }
}

/// A certificate whose answer is due.
type Due = (AuthorityName, Vec<u8>);

/// One answer in both forms.
struct Made {
    serial: Vec<u8>,
    sequence: i64,
    sha1: Box<[u8]>,
    sha256: Box<[u8]>,
}

impl Service {
    /// Signs every answer that is due. Returns of how many certificates.
    pub async fn presign_due(&self) -> Result<u32, OcspError> {
        let mut made = 0;
        self.drop_expired().await?;
        loop {
            let walked = self.lock_backfill().clone();
            let Some(due) = self.due().await? else { break };
            let mut of_batch = 0;
            for authority in AuthorityName::all() {
                let serials: Vec<_> = due.iter().filter(|(name, _)| *name == authority).collect();
                if !serials.is_empty() {
                    of_batch += self.presign(authority, &serials).await?;
                }
            }
            // What cannot be answered in advance would be due for ever.
            if of_batch == 0 && *self.lock_backfill() == walked {
                break;
            }
            made += of_batch;
        }
        Ok(made)
    }

    async fn due(&self) -> Result<Option<Vec<Due>>, DbError> {
        let now = self.cx.now();
        let sources = [
            ("SELECT issuer, serial FROM ocsp_answer WHERE refresh_at <= $1 ORDER BY refresh_at LIMIT $2", now),
            (
                "SELECT a.issuer, a.serial FROM certificate_status s JOIN ocsp_answer a ON a.issuer = s.issuer AND a.serial = s.serial
                 WHERE s.at >= $1 AND a.sequence < s.sequence LIMIT $2",
                now.minus(LATELY),
            ),
            (
                "SELECT c.issuer, c.serial FROM certificate c
                 LEFT JOIN ocsp_answer a ON a.issuer = c.issuer AND a.serial = c.serial
                 WHERE c.issued_at >= $1 AND c.certificate IS NOT NULL AND a.serial IS NULL AND c.not_after > c.issued_at
                 AND c.issuer NOT IN ('root', 'root-rsa') AND c.profile NOT IN ('ocsp-responder', 'short-lived-signature')
                 AND NOT EXISTS (SELECT 1 FROM crl l WHERE l.issuer = c.issuer AND l.next_update >= 253402300799000000)
                 LIMIT $2",
                now.minus(LATELY),
            ),
        ];
        for (sql, from) in sources {
            let rows = self.cx.db.all(sql, params![from, BATCH]).await?;
            if !rows.is_empty() {
                return rows.iter().map(due).collect::<Result<Vec<_>, _>>().map(Some);
            }
        }
        self.next_of_all(now).await
    }

    /// The next part of the walk over every certificate.
    async fn next_of_all(&self, now: Timestamp) -> Result<Option<Vec<Due>>, DbError> {
        let Some((issuer, serial)) = self.lock_backfill().clone() else {
            return Ok(None);
        };
        let rows = self
            .cx
            .db
            .all(
                "SELECT c.issuer, c.serial FROM certificate c
                 LEFT JOIN ocsp_answer a ON a.issuer = c.issuer AND a.serial = c.serial
                 WHERE (c.issuer > $1 OR (c.issuer = $1 AND c.serial > $2)) AND c.certificate IS NOT NULL AND a.serial IS NULL
                 AND c.not_after > $3 AND c.issuer NOT IN ('root', 'root-rsa')
                 AND c.profile NOT IN ('ocsp-responder', 'short-lived-signature')
                 AND NOT EXISTS (SELECT 1 FROM crl l WHERE l.issuer = c.issuer AND l.next_update >= 253402300799000000)
                 ORDER BY c.issuer, c.serial LIMIT $4",
                params![&issuer, &serial, now, BATCH],
            )
            .await?;
        let last = rows
            .last()
            .map(|row| Ok::<_, DbError>((row.get("issuer")?, row.get("serial")?)));
        *self.lock_backfill() = last.transpose()?;
        if rows.is_empty() {
            return Ok(None);
        }
        rows.iter().map(due).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Signs and stores the answers of some of an authority's certificates, in both forms.
    async fn presign(&self, authority: AuthorityName, due: &[&Due]) -> Result<u32, OcspError> {
        let now = Timestamp::from_seconds(self.cx.now().seconds());
        // Not from memory: what is signed now is told for hours.
        let office = self.read_office(authority, now).await?;
        let responder = Arc::clone(office.signer(now).ok_or(OcspError::NoResponder(authority))?);
        let lives = Duration::from_secs(u64::from(self.config.ocsp_presigned_hours) * 3_600);
        let period = (now, now.plus(lives).min(responder.not_after));
        let (mut standings, mut data) = (Vec::new(), Vec::new());
        for (_, serial) in due {
            let standing = self.standing(authority, serial, Form::Sha1).await?;
            if standing.status == Status::Unissued || standing.has_expired(now) {
                continue;
            }
            for form in Form::ALL {
                let single = self.presigned(&office, form, serial, &standing, period)?;
                data.push(compose::data(&responder, vec![single], None, false, now)?);
            }
            standings.push((serial.clone(), standing.sequence));
        }
        let mut contents = compose::sign(self, &responder, &data).await?.into_iter();
        let mut made = Vec::new();
        for (serial, sequence) in standings {
            if let (Some(sha1), Some(sha256)) = (contents.next(), contents.next()) {
                made.push(Made {
                    serial,
                    sequence,
                    sha1,
                    sha256,
                });
            }
        }
        self.store(&office, &responder.serial, &made, period).await?;
        metrics::counter!("ca_ocsp_presigned_total", "ca" => authority.as_str()).increment(made.len() as u64);
        Ok(u32::try_from(made.len()).unwrap_or(u32::MAX))
    }

    fn presigned(
        &self,
        office: &Office,
        form: Form,
        serial: &[u8],
        standing: &Standing,
        period: compose::Period,
    ) -> der::Result<signum_pki::ocsp::response::SingleResponse> {
        let id = form.cert_id(office.plain.hashes(form), serial)?;
        self.single(office, id, standing, period)
    }

    async fn store(
        &self,
        office: &Office,
        responder: &[u8],
        made: &[Made],
        (this_update, next_update): compose::Period,
    ) -> Result<(), OcspError> {
        let half = next_update.since(this_update) / 2;
        let refresh: Vec<_> = made
            .iter()
            .map(|_| this_update.plus(half.mul_f64(1.0 - self.jitter())))
            .collect();
        let (refresh, issuer) = (&refresh, &office.authority.issuer);
        self.cx
            .db
            .run("ca.ocsp_presign", |tx| async move {
                // Revoked while these were signed: they are due again at once.
                if tenure::read(&tx, issuer).await? != office.tenure {
                    return Ok(());
                }
                for (one, refresh_at) in made.iter().zip(refresh) {
                    tx.exec(
                        "INSERT INTO ocsp_answer (issuer, serial, sequence, responder, this_update, next_update, refresh_at, sha1, sha256)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                         ON CONFLICT (issuer, serial) DO UPDATE SET sequence = excluded.sequence, responder = excluded.responder,
                             this_update = excluded.this_update, next_update = excluded.next_update,
                             refresh_at = excluded.refresh_at, sha1 = excluded.sha1, sha256 = excluded.sha256
                         WHERE ocsp_answer.sequence <= excluded.sequence",
                        params![
                            issuer.name.as_str(),
                            &one.serial,
                            one.sequence,
                            responder,
                            this_update,
                            next_update,
                            *refresh_at,
                            &*one.sha1,
                            &*one.sha256
                        ],
                    )
                    .await?;
                }
                Ok(())
            })
            .await
    }

    /// What has expired is answered live, and needs no row.
    async fn drop_expired(&self) -> Result<(), DbError> {
        let now = self.cx.now();
        self.cx
            .db
            .run("ca.ocsp_expired", |tx| async move {
                tx.exec(
                    "DELETE FROM ocsp_answer WHERE refresh_at <= $1 AND EXISTS (SELECT 1 FROM certificate c
                     WHERE c.issuer = ocsp_answer.issuer AND c.serial = ocsp_answer.serial AND c.not_after < $1)",
                    params![now],
                )
                .await
            })
            .await
            .map(drop)
    }

    /// Up to a quarter, so that what was signed together is not due together for ever.
    fn jitter(&self) -> f64 {
        let random: [u8; 2] = self.cx.random.bytes();
        f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX) / 4.0
    }

    fn lock_backfill(&self) -> std::sync::MutexGuard<'_, Option<(String, Vec<u8>)>> {
        self.ocsp.backfill.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn due(row: &Row) -> Result<Due, DbError> {
    let issuer: String = row.get("issuer")?;
    let name = AuthorityName::parse(&issuer).ok_or_else(|| DbError::Column {
        column: "issuer".to_owned(),
        problem: "is none of our authorities".to_owned(),
    })?;
    Ok((name, row.get("serial")?))
}

/// In the transaction of an authority's revocation: no answer for its certificates, or below a root, is told any more (none has
/// that sequence), and each is signed anew as soon as no replica can sign as if it stood.
pub(crate) async fn authority_fell(tx: &Tx, issuer: &str, serial: &[u8], at: Timestamp) -> Result<(), DbError> {
    tx.exec(
        "UPDATE ocsp_answer SET refresh_at = $3, sequence = -1 WHERE EXISTS (SELECT 1 FROM certificate c WHERE c.issuer = $1 AND c.serial = $2
         AND c.holder IS NOT NULL AND (c.holder = ocsp_answer.issuer OR c.holder = c.issuer))",
        params![issuer, serial, at.plus(LEARNT * 2)],
    )
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use crate::profile::{ALL, Pointers};

    #[test]
    fn exactly_the_profiles_without_a_status_address_are_left_out() {
        let without = ALL
            .iter()
            .filter(|p| p.pointers != Pointers::Leaf && !p.is_authority())
            .map(|p| p.id);
        assert_eq!(without.collect::<Vec<_>>(), ["short-lived-signature", "ocsp-responder"]);
    }
}
