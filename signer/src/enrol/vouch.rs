//! Step 4: two registration officers vouch that this passkey and key are this person's (ARCHITECTURE "Trust").
//!
//! The module verifies the vouchers; here they are looked at only so that a mistaken one does not spoil an enrolment.
//! An officer is shown everything that the voucher is over, so that their desk computes it anew (docs/API.md).

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use signum_activation::protocol::Voucher;
use signum_activation::voucher::voucher_challenge;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, params};
use signum_gesture::{Assertion, Authenticator, assertion};

use super::stage::{Material, json as stored, to_json};
use super::{EnrolError, Enrolment, Stage, advance, find, read};
use crate::officers::Officer;
use crate::person::{self, Person};
use crate::service::Signer;

/// How many different officers must vouch; the module insists on it.
const NEEDED: i64 = 2;

/// An enrolment that waits for vouchers, as an officer sees it.
#[derive(Debug)]
pub(crate) struct Pending {
    pub enrolment: Enrolment,
    /// Whose number is the one that `enrolment.person` is made of.
    pub person: Person,
    pub authenticator: Authenticator,
    pub pkcs10_sha256: [u8; 32],
    pub vouched_by: Vec<String>,
    /// What the officer's gesture is over.
    pub challenge: [u8; 32],
}

/// Every enrolment that waits for vouchers, oldest first; who read it is recorded first, because it names people.
///
/// An enrolment whose rows contradict one another is not offered.
pub(crate) async fn pending(signer: &Signer, officer: &Officer) -> Result<Vec<Pending>, EnrolError> {
    let rows = signer
        .cx
        .db
        .all(
            super::select!("WHERE state = 'authenticator' ORDER BY began_at, id"),
            params![],
        )
        .await?;
    let mut out = Vec::with_capacity(rows.len());
    let mut withheld = 0_u32;
    for row in &rows {
        match offered(signer, row).await {
            Ok(pending) => out.push(pending),
            Err(error @ EnrolError::Db(DbError::Column { .. } | DbError::NotFound)) => {
                let id: Id<Enrolment> = row.get("id")?;
                tracing::error!(enrolment = %id, %error, "an enrolment is not offered to the officers");
                withheld += 1;
            }
            Err(error) => return Err(error),
        }
    }
    // An empty list names nobody; a desk asks for it again and again.
    if !rows.is_empty() {
        let detail = json!({"count": out.len(), "withheld": withheld});
        signer
            .record(&Event::new("officer.enrolments_read", &officer.id, detail))
            .await?;
    }
    Ok(out)
}

async fn offered(signer: &Signer, row: &Row) -> Result<Pending, EnrolError> {
    let cx = &signer.cx;
    let enrolment = read(row)?;
    let Stage::AuthenticatorRegistered(material, authenticator) = &enrolment.stage else {
        return Err(EnrolError::OutOfTurn);
    };
    let person = person::find(cx, &enrolment.person).await?;
    Ok(Pending {
        person: person.checked(&signer.config.country)?,
        authenticator: authenticator.clone(),
        pkcs10_sha256: Sha256::digest(&material.pkcs10).into(),
        vouched_by: officers_of(cx, enrolment.id).await?,
        challenge: challenge(&enrolment, material, authenticator),
        enrolment,
    })
}

fn challenge(enrolment: &Enrolment, material: &Material, authenticator: &Authenticator) -> [u8; 32] {
    voucher_challenge(
        &enrolment.person,
        authenticator,
        &enrolment.credential,
        &material.pkcs10,
    )
}

async fn officers_of(cx: &Cx, enrolment: Id<Enrolment>) -> Result<Vec<String>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT officer FROM enrolment_voucher WHERE enrolment = $1 ORDER BY at, officer",
            params![enrolment],
        )
        .await?;
    rows.iter().map(|row| row.get("officer")).collect()
}

/// Takes one officer's voucher; with the second one the enrolment goes on.
pub(crate) async fn vouch(
    signer: &Signer,
    id: Id<Enrolment>,
    officer: &Officer,
    credential: &Json,
) -> Result<Enrolment, EnrolError> {
    let cx = &signer.cx;
    let assertion = Assertion::from_json(credential).map_err(EnrolError::Voucher)?;
    let row = cx.db.opt(super::select!("WHERE id = $1"), params![id]).await?;
    let enrolment = read(&row.ok_or(EnrolError::NotFound)?)?;
    let Stage::AuthenticatorRegistered(material, authenticator) = &enrolment.stage else {
        return Err(EnrolError::OutOfTurn);
    };
    let person = person::find(cx, &enrolment.person).await?;
    if let Err(error) = person.checked(&signer.config.country) {
        refused(signer, id, officer, &error).await?;
        return Err(error.into());
    }
    let challenge = challenge(&enrolment, material, authenticator);
    let (pinned, rp) = (&officer.vouching.authenticator, &officer.vouching.rp);
    if let Err(error) = assertion::verify(&assertion, pinned, rp, &challenge, pinned.counter) {
        refused(signer, id, officer, &error).await?;
        return Err(EnrolError::Voucher(error));
    }
    insert(signer, id, officer, &to_json(&assertion)?).await?;
    // The voucher is taken, whatever module and CA say now: the job goes on from it.
    if let Err(error) = advance(signer, enrolment.clone()).await {
        tracing::warn!(enrolment = %id, %error, "an enrolment could not go on; it will be tried again");
    }
    find(cx, id, &enrolment.person).await
}

async fn refused(
    signer: &Signer,
    id: Id<Enrolment>,
    officer: &Officer,
    why: &impl std::fmt::Display,
) -> Result<(), DbError> {
    let detail = json!({"officer": officer.id, "why": why.to_string()});
    signer.record(&Event::new("voucher.refused", id, detail)).await
}

async fn insert(signer: &Signer, id: Id<Enrolment>, officer: &Officer, assertion: &str) -> Result<(), EnrolError> {
    let cx = &signer.cx;
    let event = &Event::new("enrolment.vouched", id, json!({"officer": officer.id}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.vouch", |tx| async move {
            let inserted = tx
                .exec(
                    "INSERT INTO enrolment_voucher (enrolment, officer, assertion, at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT DO NOTHING",
                    params![id, &officer.id, assertion, cx.now()],
                )
                .await?;
            // Otherwise this officer has vouched already.
            audit::record_changed(&tx, cx, inserted, event).await
        })
        .await?;
    Ok(())
}

/// Goes on when enough officers have vouched; one statement, true when it did.
pub(super) async fn enough(cx: &Cx, id: Id<Enrolment>) -> Result<bool, DbError> {
    let changed = cx
        .db
        .run::<_, DbError, _, _>("enrolment.enough", |tx| async move {
            tx.exec(
                "UPDATE enrolment SET state = 'vouched', changed_at = $1 WHERE id = $2 AND state = 'authenticator'
                 AND (SELECT COUNT(*) FROM enrolment_voucher WHERE enrolment = $2) >= $3",
                params![cx.now(), id, NEEDED],
            )
            .await
        })
        .await?;
    Ok(changed == 1)
}

/// The vouchers that go to the module: the first two.
pub(super) async fn vouchers(cx: &Cx, id: Id<Enrolment>) -> Result<Vec<Voucher>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT officer, assertion FROM enrolment_voucher WHERE enrolment = $1 ORDER BY at, officer LIMIT 2",
            params![id],
        )
        .await?;
    rows.iter().map(voucher).collect()
}

fn voucher(row: &Row) -> Result<Voucher, DbError> {
    Ok(Voucher {
        officer: row.get("officer")?,
        assertion: stored(row, "assertion")?,
    })
}
