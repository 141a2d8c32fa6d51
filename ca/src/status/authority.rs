//! Revocation of the CA's own authorities: two officers agree to it (S-02).

use sha2::{Digest, Sha256};
use signum_core::contract::{AskedBy, StatusAction, StatusChange};
use signum_core::params;
use signum_gesture::fields::Fields;
use x509_cert::ext::pkix::CrlReason;

use super::change::Permission;
use super::{Change, StatusError};
use crate::approval::{Kind, spend::spend};
use crate::ceremony::Reason;
use crate::termination::{Manner, end};
use crate::{Service, profile};

/// What became of an authority's revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorityRevocation {
    /// It is revoked, and on the root's next list.
    Done,
    /// It certifies nobody any more; a ceremony of kind `revoke` has the offline root sign the list that says so.
    Ceremony {
        authority: String,
        /// As ceremony files and `signum ceremony draft --reason` name it.
        reason: &'static str,
    },
}

const DOMAIN: &[u8] = b"signum-ca-authority-revocation-v1";

/// What the officers agree to: SHA-256 over serial number and reason.
pub fn authority_revocation(change: &StatusChange) -> [u8; 32] {
    let reason = match change.action {
        StatusAction::Revoke { reason } => vec![reason],
        StatusAction::Suspend | StatusAction::Reinstate => Vec::new(),
    };
    let octets = Fields::of(DOMAIN).field(&change.serial).field(&reason);
    Sha256::digest(octets.bytes()).into()
}

impl Service {
    /// Whether it is the certificate of one of our authorities.
    pub async fn is_authority(&self, serial: &[u8]) -> Result<bool, StatusError> {
        let sql = "SELECT profile FROM certificate WHERE serial = $1 AND certificate IS NOT NULL";
        let row = self.cx.db.opt(sql, params![serial]).await?;
        let profile: Option<String> = row.map(|row| row.get("profile")).transpose()?;
        Ok(profile
            .and_then(|id| profile::by_id(&id))
            .is_some_and(profile::Profile::is_authority))
    }

    /// Revokes an authority with the approval of [`authority_revocation`], which is used up by it. Who asked is the officer who did.
    ///
    /// Where the root is offline its list is signed in a ceremony: then the approval stops the authority from certifying at once,
    /// and what is left to do is told.
    pub async fn revoke_authority(&self, change: &StatusChange) -> Result<AuthorityRevocation, StatusError> {
        let Change::Revoked(reason) = Change::of(change.action)? else {
            return Err(StatusError::Transition);
        };
        if self.config.offline_root {
            let told = Reason::of(reason as i64).ok_or(StatusError::Reason(reason as u8))?;
            let authority = self.decide_ceremony(change, reason).await?;
            return Ok(AuthorityRevocation::Ceremony {
                authority,
                reason: told.name(),
            });
        }
        let approved = Permission::Approved(authority_revocation(change));
        let change = StatusChange {
            asked_by: AskedBy::Service,
            ..change.clone()
        };
        self.change_with(&change, &approved).await?;
        Ok(AuthorityRevocation::Done)
    }

    /// The approval is used up by a decision that the authority's issuances see, and that the import of the root's list ends.
    async fn decide_ceremony(&self, change: &StatusChange, reason: CrlReason) -> Result<String, StatusError> {
        let (cx, pin, serial) = (&self.cx, &self.config.officers(), &change.serial);
        let run = cx.db.run("ca.authority_ceremony", |tx| async move {
            let row = tx
                .opt(
                    "SELECT issuer, holder FROM certificate WHERE serial = $1 AND holder IS NOT NULL AND certificate IS NOT NULL",
                    params![serial],
                )
                .await?
                .ok_or(StatusError::NotIssued)?;
            let (issuer, authority): (String, String) = (row.get("issuer")?, row.get("holder")?);
            if issuer == authority {
                return Err(StatusError::Root);
            }
            let approved = spend(&tx, cx, pin.as_ref(), Kind::CaRevocation, &authority_revocation(change)).await?;
            let certificate = (issuer.as_str(), serial.as_slice());
            if !end::decide(&tx, cx, certificate, &authority, (Manner::Ceremony, reason), &approved).await? {
                return Err(StatusError::Decided);
            }
            Ok(authority)
        });
        run.await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use signum_core::contract::CertificateState;

    use super::*;
    use crate::approval::{ApprovalError, Kind};
    use crate::bulk::tests::desk::{Desk, serial};

    #[tokio::test]
    async fn an_authority_is_revoked_by_two_officers_and_by_nobody_alone() {
        let mut desk = Desk::new().await;
        desk.certificates(0..2).await;
        desk.write(
            "UPDATE certificate SET profile = 'issuing-ca' WHERE issuer = 'qsig'",
            vec![],
        )
        .await
        .unwrap();
        assert!(desk.service.is_authority(&serial(0)).await.unwrap());
        assert!(!desk.service.is_authority(&serial(1)).await.unwrap());
        let change = StatusChange::new(&serial(0), StatusAction::Revoke { reason: 2 }, AskedBy::Operator);
        let alone = desk.service.change(&change).await;
        assert!(matches!(alone, Err(StatusError::NeedsApproval)));
        let unasked = desk.service.revoke_authority(&change).await;
        assert!(matches!(
            unasked,
            Err(StatusError::Approval(ApprovalError::NotAsked(_)))
        ));

        let subject = authority_revocation(&change);
        desk.agreed(Kind::CaRevocation, subject, ["admin-1", "admin-2"]).await;
        let other = StatusChange {
            action: StatusAction::Revoke { reason: 1 },
            ..change.clone()
        };
        assert!(
            desk.service.revoke_authority(&other).await.is_err(),
            "another reason was not agreed to"
        );
        desk.service.revoke_authority(&change).await.unwrap();
        let since = desk.cx.now();
        assert!(matches!(
            desk.state(0, "qsig").await,
            CertificateState::Revoked { since: at, reason: 2, .. } if at == since
        ));
        let asked = desk.rows("SELECT asked_by FROM certificate_status", vec![]).await;
        assert_eq!(
            asked.first().unwrap().get::<String>("asked_by").unwrap(),
            "officer:admin-1"
        );
        let again = desk.service.revoke_authority(&change).await;
        assert!(matches!(again, Err(StatusError::Approval(ApprovalError::Spent))));
    }
}
