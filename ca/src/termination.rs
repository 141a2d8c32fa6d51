//! The end of an authority (EN 319 411-1 sections 6.3.9 and 6.4.9, EN 319 401 section 7.12): decided by two officers, then carried
//! out in steps that may be repeated: it certifies nobody, what it certified is revoked or left to expire, its last lists are
//! published. Until then it answers for its certificates; afterwards its last lists do, for good.

pub(crate) mod end;

use sha2::{Digest, Sha256};
use signum_core::contract::{AskedBy, StatusAction, StatusChange};
use signum_core::db::Value;
use signum_core::{DbError, Timestamp, params};
use signum_gesture::fields::Fields;
use x509_cert::ext::pkix::CrlReason;

use crate::Service;
use crate::approval::{ApprovalError, Kind, spend::spend};
use crate::authority::AuthorityName;
use crate::crl::CrlError;
use crate::issue::IssueError;
use crate::profile::{ocsp_responder, tsu};
use crate::status::StatusError;

use end::Decided;
pub use end::Manner;

const DOMAIN: &[u8] = b"signum-ca-authority-end-v1";
/// Certificates revoked before the next are read.
const BATCH: i64 = 200;
/// Nothing else is wrong with them.
const REASON: CrlReason = CrlReason::CessationOfOperation;

/// Why an authority does not end.
#[derive(Debug, thiserror::Error)]
pub enum TerminationError {
    #[error("no such authority")]
    Unknown,
    #[error("the root is offline: its last list is signed in a ceremony of kind root-list")]
    OfflineRoot,
    #[error("nobody decided it: two officers agree to it first")]
    NotDecided,
    #[error("that is decided already")]
    Decided,
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error(transparent)]
    Status(#[from] StatusError),
    #[error(transparent)]
    Crl(#[from] CrlError),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl signum_core::db::RetryHint for TerminationError {
    fn lost_a_race(&self) -> bool {
        match self {
            Self::Approval(error) => error.lost_a_race(),
            Self::Db(error) => error.lost_a_race(),
            _ => false,
        }
    }
}

/// What two officers agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    pub authority: AuthorityName,
    /// SHA-256 of its certificate: another generation is not meant.
    pub certificate: [u8; 32],
    pub manner: Manner,
}

impl Termination {
    /// SHA-256 over every field; an approval of anything else is not one of this.
    pub fn hash(&self) -> [u8; 32] {
        let octets = Fields::of(DOMAIN)
            .field(self.authority.as_str().as_bytes())
            .field(&self.certificate)
            .field(self.manner.as_str().as_bytes());
        Sha256::digest(octets.bytes()).into()
    }

    /// One line for the officer who agrees.
    pub fn summary(&self) -> String {
        let what = match self.manner {
            Manner::Expire => "its certificates live to their end",
            Manner::Revoke | Manner::Ceremony => "its certificates are revoked now",
        };
        let certificate: String = hex::encode(self.certificate).chars().take(16).collect();
        format!(
            "end of the authority {} ({certificate}): {what}, then its last lists",
            self.authority
        )
    }
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationState {
    /// Certificates that are neither expired nor revoked, or are being made; the last one ends then.
    Waiting { living: i64, until: Option<Timestamp> },
    /// Its last lists are published: for good.
    Ended,
}

impl Decided {
    /// Profiles of keys of its own that end with it. A unit's certificate is what its stamps hang on: it expires where others do.
    fn own_profiles(&self) -> Vec<Value> {
        let unit = match self.manner {
            Manner::Expire => ocsp_responder::PROFILE.id,
            Manner::Revoke | Manner::Ceremony => tsu::PROFILE.id,
        };
        params![ocsp_responder::PROFILE.id, unit]
    }
}

impl Service {
    /// What is asked approval for.
    pub async fn termination(&self, authority: &str, manner: Manner) -> Result<Termination, TerminationError> {
        let name = AuthorityName::parse(authority).ok_or(TerminationError::Unknown)?;
        if name.is_root() && self.config.offline_root {
            return Err(TerminationError::OfflineRoot);
        }
        let found = self.find_authority(name).await?.ok_or(TerminationError::Unknown)?;
        Ok(Termination {
            authority: name,
            certificate: Sha256::digest(&found.certificate).into(),
            manner,
        })
    }

    /// Uses up the officers' approval; from this moment the authority certifies nobody new.
    pub async fn decide_termination(&self, termination: &Termination) -> Result<(), TerminationError> {
        let name = termination.authority;
        let authority = self.authority(name).await?;
        let serial = authority.issuer.serial.as_deref().ok_or(TerminationError::Unknown)?;
        let (cx, pin, hash) = (&self.cx, &self.config.officers(), &termination.hash());
        let (root, manner) = (name.root(), termination.manner);
        cx.db
            .run("ca.authority_end", |tx| async move {
                let approved = spend(&tx, cx, pin.as_ref(), Kind::CaRevocation, hash).await?;
                let certificate = (root.as_str(), serial);
                match end::decide(&tx, cx, certificate, name.as_str(), (manner, REASON), &approved).await? {
                    true => Ok(()),
                    false => Err(TerminationError::Decided),
                }
            })
            .await
    }

    /// Goes on with the end that was decided, as far as it goes now; may be repeated, and taken up after a crash anywhere.
    pub async fn terminate(&self, authority: &str) -> Result<TerminationState, TerminationError> {
        let name = AuthorityName::parse(authority).ok_or(TerminationError::Unknown)?;
        let decided = self.decided(name).await?.ok_or(TerminationError::NotDecided)?;
        // Step 1. What is in force is revoked, where it was so decided.
        let leaves =
            "SELECT c.serial FROM certificate c WHERE c.issuer = $1 AND c.holder IS NULL AND c.certificate IS NOT NULL
             AND c.not_after >= $2 AND c.serial > $3
             AND NOT EXISTS (SELECT 1 FROM certificate_status s
                 WHERE s.issuer = c.issuer AND s.serial = c.serial AND s.state = 'revoked')
             ORDER BY c.serial LIMIT $4";
        if decided.manner == Manner::Revoke {
            self.revoke_all(&decided, leaves).await?;
        }
        // Step 2. Nothing is in force, nor on its way.
        if let Some(waiting) = self.living(&decided).await? {
            return Ok(waiting);
        }
        // Step 3. Its responders, and units whose stamps are to end now, have nobody left to answer for.
        let own = "SELECT c.serial FROM certificate c WHERE c.issuer = $1 AND c.profile IN ($5, $6) AND c.certificate IS NOT NULL
             AND c.not_after >= $2 AND c.serial > $3
             AND NOT EXISTS (SELECT 1 FROM certificate_status s
                 WHERE s.issuer = c.issuer AND s.serial = c.serial AND s.state = 'revoked')
             ORDER BY c.serial LIMIT $4";
        self.revoke_all(&decided, own).await?;
        // Step 4. The last lists; each part once.
        let lists = self.publish_last_crls(name).await?;
        let (cx, decided) = (&self.cx, &decided);
        cx.db
            .run("ca.authority_ended", |tx| async move {
                end::finish(&tx, cx, decided, lists).await
            })
            .await?;
        Ok(TerminationState::Ended)
    }

    /// The job: whatever was decided goes on until it has ended.
    pub(crate) async fn terminate_decided(&self) -> Result<(), TerminationError> {
        let rows = self
            .cx
            .db
            .all(
                "SELECT DISTINCT authority FROM authority_end WHERE ended_at IS NULL AND manner IN ('revoke', 'expire')",
                vec![],
            )
            .await?;
        for row in rows {
            let state = self.terminate(&row.get::<String>("authority")?).await?;
            tracing::info!(?state, "an authority is ending");
        }
        Ok(())
    }

    /// The decision about the authority's present certificate; to revoke is more than to wait.
    async fn decided(&self, name: AuthorityName) -> Result<Option<Decided>, TerminationError> {
        let authority = self.authority(name).await?;
        let serial = authority.issuer.serial.as_deref().unwrap_or_default();
        let row = self
            .cx
            .db
            .opt(
                "SELECT issuer, serial, manner, authority, requester FROM authority_end
                 WHERE issuer = $1 AND serial = $2 AND manner IN ('revoke', 'expire') ORDER BY manner DESC LIMIT 1",
                params![name.root().as_str(), serial],
            )
            .await?;
        row.as_ref().map(Decided::read).transpose()
    }

    /// Revokes what `sql` finds, page by page, as the officer asked for it.
    async fn revoke_all(&self, decided: &Decided, sql: &'static str) -> Result<(), TerminationError> {
        let mut last = Vec::new();
        loop {
            let mut parameters = params![decided.authority.as_str(), self.cx.now(), &last, BATCH];
            if sql.contains("$5") {
                parameters.extend(decided.own_profiles());
            }
            let rows = self.cx.db.all(sql, parameters).await?;
            let is_last = rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            for row in rows {
                last = row.get("serial")?;
                let asked_by = AskedBy::Officer(decided.requester.clone());
                let action = StatusAction::Revoke { reason: REASON as u8 };
                self.change(&StatusChange::new(&last, action, asked_by)).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// What the end waits for: certificates in force but those that end with the authority, and intents that nobody has ended.
    async fn living(&self, decided: &Decided) -> Result<Option<TerminationState>, TerminationError> {
        let mut parameters = params![decided.authority.as_str(), self.cx.now()];
        parameters.extend(decided.own_profiles());
        let row = self
            .cx
            .db
            .opt(
                "SELECT COUNT(*) AS n, MAX(c.not_after) AS until FROM certificate c
                 WHERE c.issuer = $1 AND c.not_after >= $2 AND c.refusal IS NULL AND c.abandoned_at IS NULL
                 AND (c.holder IS NULL OR c.holder <> $1) AND (c.certificate IS NULL OR c.profile NOT IN ($3, $4))
                 AND NOT EXISTS (SELECT 1 FROM certificate_status s
                     WHERE s.issuer = c.issuer AND s.serial = c.serial AND s.state = 'revoked')",
                parameters,
            )
            .await?
            .ok_or(DbError::NotFound)?;
        let living: i64 = row.get("n")?;
        let until: Option<Timestamp> = row.get("until")?;
        Ok((living > 0).then_some(TerminationState::Waiting { living, until }))
    }
}
