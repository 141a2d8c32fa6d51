//! Bulk actions on both engines: who may begin one, what it changes, at which pace, and what interruptions do to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod crash;
pub(crate) mod desk;

use std::time::Duration;

use signum_core::contract::{CertificateState, StatusAction};
use signum_core::{Timestamp, params};

use super::*;
use crate::KeyKind;
use desk::{Desk, of_issuer};

const SECOND: Duration = Duration::from_secs(1);
const FAST: u32 = 10_000_000;

fn suspend(predicate: Predicate) -> Plan {
    let action = StatusAction::Suspend;
    Plan {
        action,
        predicate,
        pace: FAST,
    }
}

#[tokio::test]
async fn a_plan_counts_and_shows_a_sample_and_nothing_happens_until_two_officers_agreed() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let mut plan = suspend(of_issuer("qsig"));
    plan.predicate.key = Some(KeyKind::Rsa);
    let proposal = desk.service.prepare_bulk(plan).await.unwrap();
    assert_eq!(proposal.prepared.counted, 10);
    assert_eq!(proposal.sample.len(), 10);
    assert!(proposal.sample[0].starts_with("qsig:"), "{:?}", proposal.sample);
    let id = Id::from_bytes(proposal.prepared.id);
    assert!(matches!(
        desk.service.run_bulk(id).await,
        Err(BulkError::State(State::Prepared))
    ));
    let refused = desk.service.approve_bulk(id).await;
    assert!(matches!(refused, Err(BulkError::Approval(ApprovalError::NotAsked(_)))));
    desk.ask(&proposal.prepared, "desk-1").await;
    let refused = desk.service.approve_bulk(id).await;
    assert!(matches!(refused, Err(BulkError::Approval(ApprovalError::NotApproved))));
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0);
    assert_eq!(
        desk.rows("SELECT serial FROM certificate_status", vec![]).await.len(),
        0
    );
}

#[tokio::test]
async fn one_officer_alone_begins_nothing_in_the_database_either() {
    let desk = Desk::new().await;
    let proposal = desk.service.prepare_bulk(suspend(of_issuer("qsig"))).await.unwrap();
    for sql in [
        "UPDATE bulk_action SET state = 'running' WHERE id = $1",
        "UPDATE bulk_action SET state = 'approved', requester = 'desk-1', approver = 'desk-1', approved_at = 1 WHERE id = $1",
        "UPDATE bulk_action SET state = 'approved', requester = 'desk-1', approved_at = 1 WHERE id = $1",
    ] {
        assert!(desk.write(sql, params![proposal.prepared.id]).await.is_err(), "{sql}");
    }
    let widened = "UPDATE bulk_action SET plan = REPLACE(plan, 'qsig', 'auth')";
    desk.write(widened, vec![]).await.unwrap();
    let refused = desk.service.approve_bulk(Id::from_bytes(proposal.prepared.id)).await;
    assert!(matches!(refused, Err(BulkError::Forged)));
}

#[tokio::test]
async fn every_matching_certificate_is_changed_once_with_its_own_history_and_event() {
    let mut desk = Desk::new().await;
    desk.certificates(0..2_000).await;
    let mut plan = suspend(of_issuer("qsig"));
    plan.predicate.key = Some(KeyKind::Rsa);
    plan.predicate.desk = Some("desk-a".to_owned());
    let id = desk.begun(plan).await;
    desk.finish(id).await;
    let progress = desk.service.bulk_progress(id).await.unwrap();
    assert_eq!((progress.state, progress.changed, progress.left), (State::Done, 250, 0));
    let rows = desk
        .rows(
            "SELECT c.serial FROM certificate_status s JOIN certificate c ON c.issuer = s.issuer AND c.serial = s.serial
             WHERE s.action = $1 AND s.asked_by = 'officer:desk-1' AND s.sequence = 1 AND s.state = 'suspended'
                 AND c.issuer = 'qsig' AND c.key_kind = 'rsa' AND c.desk = 'desk-a'",
            params![id],
        )
        .await;
    assert_eq!(rows.len(), 250);
    assert_eq!(
        desk.rows("SELECT serial FROM certificate_status", vec![]).await.len(),
        250
    );
    let linked = format!("%{}%", hex::encode(id.bytes()));
    let events = "SELECT DISTINCT subject FROM audit_event WHERE kind = 'certificate.suspended' AND detail LIKE $1";
    assert_eq!(desk.rows(events, params![linked]).await.len(), 250);
    for kind in ["bulk.prepared", "bulk.approved", "bulk.started", "bulk.done"] {
        assert_eq!(desk.audited(kind).await, 1, "{kind}");
    }
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0, "what is done is done");
    assert!(matches!(
        desk.service.run_bulk(id).await,
        Err(BulkError::State(State::Done))
    ));
}

#[tokio::test]
async fn what_was_suspended_in_a_hurry_is_reinstated_the_same_way() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let id = desk.begun(suspend(of_issuer("auth"))).await;
    desk.finish(id).await;
    let back = Plan {
        action: StatusAction::Reinstate,
        ..suspend(of_issuer("auth"))
    };
    desk.clock.advance(SECOND);
    let id = desk.begun(back).await;
    desk.finish(id).await;
    assert_eq!(desk.service.bulk_progress(id).await.unwrap().changed, 20);
    assert_eq!(desk.state(0, "auth").await, CertificateState::Good);
}

#[tokio::test]
async fn the_pace_is_kept_and_a_break_is_not_made_up_for() {
    let mut desk = Desk::new().await;
    desk.certificates(0..400).await;
    let mut plan = suspend(of_issuer("qsig"));
    plan.pace = 120;
    let id = desk.begun(plan).await;
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0, "not before its time");
    for _ in 0..10 {
        desk.clock.advance(SECOND);
        assert_eq!(desk.service.bulk_step().await.unwrap(), 2);
        assert_eq!(desk.service.bulk_step().await.unwrap(), 0);
    }
    desk.clock.advance(Duration::from_secs(3_600));
    assert_eq!(desk.service.bulk_step().await.unwrap(), 10, "five seconds at most");
    desk.service.pause_bulk(id).await.unwrap();
    desk.clock.advance(Duration::from_secs(60));
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0, "paused");
    desk.service.run_bulk(id).await.unwrap();
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0);
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 2);
    desk.clock.advance(Duration::from_secs(5));
    assert_eq!(desk.service.bulk_step().await.unwrap(), 10);
    let progress = desk.service.bulk_progress(id).await.unwrap();
    assert_eq!((progress.changed, progress.left), (42, 158));
    assert_eq!((progress.per_minute, progress.minutes_left), (Some(120), Some(2)));
    for kind in ["bulk.started", "bulk.paused"] {
        assert_eq!(desk.audited(kind).await, if kind == "bulk.started" { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_pace_of_less_than_one_a_second_is_kept_as_well() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let mut plan = suspend(of_issuer("qsig"));
    plan.pace = 6;
    desk.begun(plan).await;
    let mut looked_at = 0;
    for _ in 0..60 {
        desk.clock.advance(SECOND);
        looked_at += desk.service.bulk_step().await.unwrap();
    }
    assert_eq!(looked_at, 6);
}

#[tokio::test]
async fn what_is_issued_during_the_run_is_met_if_the_interval_says_so_and_only_then() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let mut plan = suspend(of_issuer("qsig"));
    let hour = Duration::from_secs(3_600);
    plan.predicate.issued_until = Some(desk.cx.now().plus(hour));
    let open = desk.begun(plan).await;
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 20);
    desk.certificates(40..60).await;
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 10, "issued meanwhile");
    assert_eq!(desk.service.bulk_progress(open).await.unwrap().state, State::Running);
    desk.clock.advance(hour);
    desk.certificates(60..80).await;
    desk.finish(open).await;
    let progress = desk.service.bulk_progress(open).await.unwrap();
    assert_eq!(progress.changed, 30, "what came after the interval is another action's");
}

#[tokio::test]
async fn what_was_committed_late_with_an_earlier_time_is_met_by_the_last_walk() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let id = desk.begun(suspend(of_issuer("qsig"))).await;
    desk.clock.advance(SECOND);
    desk.service.bulk_step().await.unwrap();
    // Its replica stamped it before the plan was made; its transaction ended only now.
    desk.certificate(100, desk.start).await;
    desk.finish(id).await;
    assert_eq!(desk.service.bulk_progress(id).await.unwrap().changed, 21);
    assert!(matches!(
        desk.state(100, "qsig").await,
        CertificateState::Suspended { .. }
    ));
}

#[tokio::test]
async fn a_key_compromise_blocks_every_key_also_of_what_was_revoked_before() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    desk.change(0, "qsig", StatusAction::Revoke { reason: 4 }).await;
    desk.change(2, "qsig", StatusAction::Revoke { reason: 1 }).await;
    desk.change(4, "qsig", StatusAction::Suspend).await;
    let since = desk.cx.now();
    desk.clock.advance(Duration::from_secs(60));
    let plan = Plan {
        action: StatusAction::Revoke { reason: 1 },
        ..suspend(of_issuer("qsig"))
    };
    let id = desk.begun(plan).await;
    desk.finish(id).await;
    let progress = desk.service.bulk_progress(id).await.unwrap();
    assert_eq!((progress.changed, progress.unchanged, progress.refused), (19, 1, 0));
    let blocked = "SELECT spki_sha256 FROM blocked_key WHERE cause = 'key_compromise'";
    assert_eq!(desk.rows(blocked, vec![]).await.len(), 20);
    for number in [0, 4] {
        let invalid_since = None;
        let expected = CertificateState::Revoked {
            since,
            reason: 1,
            invalid_since,
        };
        assert_eq!(desk.state(number, "qsig").await, expected, "the first date stays");
    }
}

#[tokio::test]
async fn what_the_rules_of_status_forbid_is_counted_and_left_alone() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    desk.change(0, "qsig", StatusAction::Revoke { reason: 4 }).await;
    desk.change(2, "qsig", StatusAction::Suspend).await;
    desk.clock.advance(SECOND);
    let id = desk.begun(suspend(of_issuer("qsig"))).await;
    desk.finish(id).await;
    let progress = desk.service.bulk_progress(id).await.unwrap();
    assert_eq!((progress.changed, progress.unchanged, progress.refused), (18, 1, 1));
    let exceptions = desk
        .rows("SELECT cause FROM bulk_exception ORDER BY cause", vec![])
        .await;
    let causes: Vec<String> = exceptions.iter().map(|row| row.get("cause").unwrap()).collect();
    assert_eq!(causes, ["already", "refused"]);
}

#[tokio::test]
async fn without_the_audit_log_it_goes_on_and_its_events_are_written_when_the_log_is_back() {
    let mut desk = Desk::new().await;
    desk.certificates(0..1_400).await;
    let id = desk.begun(suspend(of_issuer("qsig"))).await;
    desk.write("ALTER TABLE audit_event RENAME TO audit_event_away", vec![])
        .await
        .unwrap();
    desk.clock.advance(SECOND);
    // The changes are made; only its own end waits for the log.
    assert_eq!(desk.service.bulk_step().await.unwrap(), 700);
    desk.clock.advance(Duration::from_secs(60));
    desk.service.bulk_step().await.unwrap_err();
    assert_eq!(desk.service.bulk_progress(id).await.unwrap().state, State::Running);
    desk.write("ALTER TABLE audit_event_away RENAME TO audit_event", vec![])
        .await
        .unwrap();
    assert_eq!(desk.service.record_owed_events().await.unwrap(), 700);
    desk.finish(id).await;
    assert_eq!(desk.audited("certificate.suspended").await, 700);
    assert_eq!(desk.audited("bulk.done").await, 1);
    let linked = format!("%{}%", hex::encode(id.bytes()));
    let events = "SELECT id FROM audit_event WHERE kind = 'certificate.suspended' AND detail LIKE $1";
    assert_eq!(desk.rows(events, params![linked]).await.len(), 700);
}

#[tokio::test]
async fn replicas_that_run_it_at_the_same_time_change_each_certificate_once() {
    let mut desk = Desk::new().await;
    desk.certificates(0..2_000).await;
    let id = desk.begun(suspend(of_issuer("qsig"))).await;
    desk.clock.advance(SECOND);
    let replicas = (0..4).map(|_| {
        let service = desk.service.clone();
        tokio::spawn(async move { service.bulk_step().await })
    });
    for replica in replicas.collect::<Vec<_>>() {
        replica.await.unwrap().unwrap();
    }
    desk.finish(id).await;
    desk.each_once(id, 1_000).await;
}

#[tokio::test]
async fn an_action_that_cannot_go_on_keeps_no_other_one_from_it() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let spoilt = desk.begun(suspend(of_issuer("qsig"))).await;
    let id = desk.begun(suspend(of_issuer("auth"))).await;
    desk.write(
        "UPDATE bulk_action SET plan = REPLACE(plan, 'qsig', 'seal') WHERE id = $1",
        params![spoilt],
    )
    .await
    .unwrap();
    desk.clock.advance(SECOND);
    assert!(matches!(desk.service.bulk_step().await, Err(BulkError::Forged)));
    assert_eq!(desk.service.bulk_progress(id).await.unwrap().changed, 20);
}

#[tokio::test]
async fn certificates_of_an_earlier_version_are_met_by_the_kind_of_their_keys() {
    let desk = Desk::new().await;
    desk.certificates(0..8).await;
    // What an earlier version left: no kind. These rows have no real octets, so theirs is none of ours.
    desk.write("UPDATE certificate SET key_kind = NULL WHERE issuer = 'auth'", vec![])
        .await
        .unwrap();
    let mut plan = suspend(Predicate::default());
    plan.predicate.key = Some(KeyKind::Rsa);
    let proposal = desk.service.prepare_bulk(plan).await.unwrap();
    assert_eq!(proposal.prepared.counted, 2);
    assert_eq!(
        desk.rows("SELECT serial FROM certificate WHERE key_kind = 'other'", vec![])
            .await
            .len(),
        4
    );
    assert!(Timestamp(0) < desk.cx.now());
}

#[tokio::test]
async fn an_officer_takes_back_what_has_not_begun_and_it_never_runs() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let prepared = desk
        .service
        .prepare_bulk(suspend(of_issuer("qsig")))
        .await
        .unwrap()
        .prepared;
    let id = Id::from_bytes(prepared.id);
    desk.agreed(
        crate::approval::Kind::BulkAction,
        prepared.hash(),
        ["desk-1", "admin-1"],
    )
    .await;
    desk.service.approve_bulk(id).await.unwrap();
    // Neither a gesture over something else, nor one of a stranger.
    let other = desk.gesture("desk-2", &prepared.hash());
    assert!(desk.service.withdraw_bulk(id, "desk-2", &other).await.is_err());
    let gesture = desk.gesture("desk-2", &prepared.withdrawn());
    assert!(desk.service.withdraw_bulk(id, "nobody", &gesture).await.is_err());
    assert!(
        desk.service.withdraw_bulk(id, "desk-1", &gesture).await.is_err(),
        "another one's gesture"
    );
    desk.service.withdraw_bulk(id, "desk-2", &gesture).await.unwrap();

    let refused = desk.service.run_bulk(id).await;
    assert!(matches!(refused, Err(BulkError::State(State::Withdrawn))));
    let again = desk.service.withdraw_bulk(id, "desk-2", &gesture).await;
    assert!(matches!(again, Err(BulkError::State(State::Withdrawn))));
    desk.clock.advance(SECOND);
    assert_eq!(desk.service.bulk_step().await.unwrap(), 0);
    let progress = desk.service.bulk_progress(id).await.unwrap();
    assert_eq!((progress.state, progress.left), (State::Withdrawn, 0));
    assert_eq!(progress.withdrawn_by.as_deref(), Some("desk-2"));
    assert_eq!(desk.audited("bulk.withdrawn").await, 1);
}

#[tokio::test]
async fn a_withdrawn_plan_takes_no_approval_and_one_that_runs_is_not_withdrawn() {
    let mut desk = Desk::new().await;
    desk.certificates(0..40).await;
    let prepared = desk
        .service
        .prepare_bulk(suspend(of_issuer("qsig")))
        .await
        .unwrap()
        .prepared;
    let id = Id::from_bytes(prepared.id);
    let gesture = desk.gesture("admin-2", &prepared.withdrawn());
    desk.service.withdraw_bulk(id, "admin-2", &gesture).await.unwrap();
    desk.agreed(
        crate::approval::Kind::BulkAction,
        prepared.hash(),
        ["desk-1", "admin-1"],
    )
    .await;
    let refused = desk.service.approve_bulk(id).await;
    assert!(matches!(refused, Err(BulkError::State(State::Withdrawn))));

    let running = desk.begun(suspend(of_issuer("auth"))).await;
    let prepared = desk.service.bulk_proposal(running).await.unwrap().prepared;
    let gesture = desk.gesture("desk-1", &prepared.withdrawn());
    let late = desk.service.withdraw_bulk(running, "desk-1", &gesture).await;
    assert!(matches!(late, Err(BulkError::State(State::Running))));
    desk.finish(running).await;
}
