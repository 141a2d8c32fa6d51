//! Revocation of the CA's own authorities: two officers agree to it (S-02).

use sha2::{Digest, Sha256};
use signum_core::contract::{AskedBy, StatusAction, StatusChange};
use signum_core::params;
use signum_gesture::fields::Fields;

use super::change::Permission;
use super::{Change, StatusError};
use crate::{Service, profile};

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
    pub async fn revoke_authority(&self, change: &StatusChange) -> Result<(), StatusError> {
        if !matches!(Change::of(change.action)?, Change::Revoked(_)) {
            return Err(StatusError::Transition);
        }
        let approved = Permission::Approved(authority_revocation(change));
        let change = StatusChange {
            asked_by: AskedBy::Service,
            ..change.clone()
        };
        self.change_with(&change, &approved).await
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
