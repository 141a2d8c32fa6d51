//! Four eyes under attack: every way in which one person alone might do what takes two.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use signum_core::db::Value;
use signum_core::{Cx, DbError, ManualClock, params};

use super::flow::{approve, ask, waiting};
use super::settings::settle;
use super::spend::spend;
use super::*;
use crate::Config;
use crate::officer::store::{self, Pin};
use crate::officer::test_context::context;
use crate::officer::test_people::{People, next};
use crate::officer::{Gesture, Officers};

const HOUR: Duration = Duration::from_secs(3600);

struct Table {
    cx: Cx,
    clock: Arc<ManualClock>,
    people: People,
    pin: Pin,
    officers: Officers,
    _folder: tempfile::TempDir,
}

impl Table {
    async fn new() -> Self {
        let (cx, clock, folder) = context().await;
        let mut people = People::default();
        let (genesis, first, officers) = people.in_force();
        let pin = Pin { genesis, at_least: 1 };
        store::accept(&cx, Some(&pin), &first).await.unwrap();
        Self {
            cx,
            clock,
            people,
            pin,
            officers,
            _folder: folder,
        }
    }

    fn request(&self, kind: Kind, subject: u8, requester: &str) -> ApprovalRequest {
        let times = (self.cx.now(), HOUR);
        ApprovalRequest::new(kind, [subject; 32], "TEST", requester, times, self.cx.random.as_ref())
    }

    async fn ask(&mut self, request: &ApprovalRequest) -> Result<[u8; 32], ApprovalError> {
        let gesture = self.people.gesture(&request.requester, &request.asked());
        ask(&self.cx, Some(&self.pin), request, &gesture).await
    }

    async fn asked(&mut self, kind: Kind, subject: u8, requester: &str) -> ApprovalRequest {
        let request = self.request(kind, subject, requester);
        self.ask(&request).await.unwrap();
        request
    }

    async fn approve(&mut self, request: &ApprovalRequest, officer: &str) -> Result<(), ApprovalError> {
        let gesture = self.people.gesture(officer, &request.approved());
        self.approve_with(request, officer, &gesture).await
    }

    async fn approve_with(
        &self,
        request: &ApprovalRequest,
        officer: &str,
        gesture: &Gesture,
    ) -> Result<(), ApprovalError> {
        approve(&self.cx, Some(&self.pin), &request.hash(), officer, gesture).await
    }

    async fn spend(&self, kind: Kind, subject: u8) -> Result<Approved, ApprovalError> {
        let (cx, pin) = (&self.cx, &self.pin);
        cx.db
            .run("test", |tx| async move {
                spend(&tx, cx, Some(pin), kind, &[subject; 32]).await
            })
            .await
    }

    async fn write(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, DbError> {
        let params = &params;
        self.cx
            .db
            .run("test", |tx| async move { tx.exec(sql, params.clone()).await })
            .await
    }

    async fn audited(&self, kind: &str) -> usize {
        let sql = "SELECT id FROM audit_event WHERE kind = $1";
        self.cx.db.all(sql, params![kind]).await.unwrap().len()
    }

    /// The next list is in force.
    async fn change(&mut self, change: impl FnOnce(&mut crate::OfficerList)) {
        let list = next(&self.officers, change);
        let signed = self.people.signed(list, &["admin-1", "admin-2"]);
        self.officers = store::accept(&self.cx, Some(&self.pin), &signed).await.unwrap();
    }
}

#[tokio::test]
async fn what_two_officers_agreed_to_is_done_once() {
    let mut table = Table::new().await;
    for (kind, requester, approver) in [
        (Kind::CaKeyUse, "admin-1", "admin-2"),
        (Kind::ProfileChange, "admin-2", "admin-1"),
        (Kind::CaRevocation, "admin-1", "admin-2"),
        (Kind::BulkAction, "desk-1", "admin-2"),
    ] {
        assert_eq!(table.spend(kind, 1).await.unwrap_err().code(), "not_asked");
        let request = table.asked(kind, 1, requester).await;
        assert_eq!(table.spend(kind, 1).await.unwrap_err().code(), "not_approved");
        table.approve(&request, approver).await.unwrap();
        let approved = table.spend(kind, 1).await.unwrap();
        assert_eq!((approved.requester(), approved.approver()), (requester, approver));
        assert_eq!(table.spend(kind, 1).await.unwrap_err().code(), "spent", "{kind}");
        assert_eq!(table.approve(&request, approver).await.unwrap_err().code(), "spent");
    }
    for (event, count) in [
        ("approval.asked", 4),
        ("approval.given", 4),
        ("approval.spent", 4),
        ("approval.refused", 4),
    ] {
        assert_eq!(table.audited(event).await, count, "{event}");
    }
}

#[tokio::test]
async fn an_approval_is_for_one_kind_and_one_subject() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    table.approve(&request, "admin-1").await.unwrap();
    assert_eq!(table.spend(Kind::BulkAction, 2).await.unwrap_err().code(), "not_asked");
    assert_eq!(
        table.spend(Kind::CaRevocation, 1).await.unwrap_err().code(),
        "not_asked"
    );
    table.spend(Kind::BulkAction, 1).await.unwrap();
}

#[tokio::test]
async fn of_two_who_spend_at_the_same_time_one_does() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    table.approve(&request, "admin-1").await.unwrap();
    let spend = || table.spend(Kind::BulkAction, 1);
    let (a, b, c) = tokio::join!(spend(), spend(), spend());
    let done = [a, b, c].into_iter().filter(Result::is_ok).count();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn nobody_approves_what_they_asked_for_in_code_or_in_the_database() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::CaRevocation, 1, "admin-1").await;
    assert_eq!(
        table.approve(&request, "admin-1").await.unwrap_err().code(),
        "self_approval"
    );
    let insert = "INSERT INTO approval (request, requester, officer, gesture, at) VALUES ($1, $2, $3, '{}', 0)";
    let own = table.write(insert, params![request.hash(), "admin-1", "admin-1"]).await;
    assert!(own.is_err(), "CHECK");
    // Nor under another requester's name.
    let renamed = table.write(insert, params![request.hash(), "admin-9", "admin-1"]).await;
    assert!(renamed.is_err(), "FOREIGN KEY");
}

#[tokio::test]
async fn one_officer_approves_once_in_code_and_in_the_database() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    table.approve(&request, "admin-1").await.unwrap();
    assert_eq!(
        table.approve(&request, "admin-1").await.unwrap_err().code(),
        "approved_twice"
    );
    let insert = "INSERT INTO approval (request, requester, officer, gesture, at) VALUES ($1, $2, $3, '{}', 0)";
    let twice = table.write(insert, params![request.hash(), "desk-1", "admin-1"]).await;
    assert!(matches!(twice, Err(DbError::Duplicate { .. })));
    table.approve(&request, "admin-2").await.unwrap();
}

#[tokio::test]
async fn officers_who_are_unknown_removed_or_without_the_role_are_refused() {
    let mut table = Table::new().await;
    let clerk = table.request(Kind::CaRevocation, 1, "desk-1");
    assert_eq!(table.ask(&clerk).await.unwrap_err().code(), "no_role");
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    assert_eq!(table.approve(&request, "desk-2").await.unwrap_err().code(), "no_role");
    let gesture = table.people.gesture("admin-1", &request.approved());
    let unknown = table.approve_with(&request, "nobody", &gesture).await;
    assert_eq!(unknown.unwrap_err().code(), "unknown_officer");
    let newcomer = table
        .people
        .officer("admin-3", &[Role::Administrator, Role::CeremonyOperator], &[]);
    table.change(|list| list.officers.push(newcomer)).await;
    table.approve(&request, "admin-3").await.unwrap();
    // Taken off the list after the approval: it is worth nothing any more, and the request stays.
    table
        .change(|list| list.officers.retain(|officer| officer.id != "admin-3"))
        .await;
    assert_eq!(
        table.approve(&request, "admin-3").await.unwrap_err().code(),
        "unknown_officer"
    );
    assert_eq!(
        table.spend(Kind::BulkAction, 1).await.unwrap_err().code(),
        "unknown_officer"
    );
    table.approve(&request, "admin-2").await.unwrap();
    assert_eq!(table.spend(Kind::BulkAction, 1).await.unwrap().approver(), "admin-2");
    // And one who asked and then left is nobody's requester.
    let request = table.asked(Kind::BulkAction, 2, "desk-2").await;
    table.approve(&request, "admin-2").await.unwrap();
    table
        .change(|list| list.officers.retain(|officer| officer.id != "desk-2"))
        .await;
    assert_eq!(
        table.spend(Kind::BulkAction, 2).await.unwrap_err().code(),
        "unknown_officer"
    );
}

#[tokio::test]
async fn gestures_over_another_request_of_another_officer_or_for_another_purpose_are_refused() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::CaRevocation, 1, "admin-1").await;
    let other = table.asked(Kind::CaRevocation, 1, "admin-1").await;
    let over_another = table.people.gesture("admin-2", &other.approved());
    let as_requester = table.people.gesture("admin-2", &request.asked());
    let of_another = table.people.gesture("admin-1", &request.approved());
    for gesture in [over_another, as_requester, of_another] {
        let refused = table.approve_with(&request, "admin-2", &gesture).await.unwrap_err();
        assert_eq!(refused.code(), "gesture_refused", "{refused}");
    }
    // The request changed after its requester's gesture.
    let mut changed = table.request(Kind::BulkAction, 1, "desk-1");
    let gesture = table.people.gesture("desk-1", &changed.asked());
    changed.subject = [2; 32];
    let refused = ask(&table.cx, Some(&table.pin), &changed, &gesture).await.unwrap_err();
    assert_eq!(refused.code(), "gesture_refused");
}

#[tokio::test]
async fn what_is_over_is_neither_approved_nor_done() {
    let mut table = Table::new().await;
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    let approved = table.asked(Kind::BulkAction, 2, "desk-1").await;
    table.approve(&approved, "admin-1").await.unwrap();
    table.clock.advance(HOUR);
    assert_eq!(table.approve(&request, "admin-1").await.unwrap_err().code(), "expired");
    assert_eq!(table.spend(Kind::BulkAction, 2).await.unwrap_err().code(), "expired");
    assert_eq!(waiting(&table.cx).await.unwrap().len(), 0);
    // Requests are of today and for a week at most.
    let mut old = table.request(Kind::BulkAction, 3, "desk-1");
    old.made_at -= 601;
    assert_eq!(table.ask(&old).await.unwrap_err().code(), "malformed");
    let mut long = table.request(Kind::BulkAction, 3, "desk-1");
    long.expires_at = long.made_at + 7 * 86_400 + 1;
    assert_eq!(table.ask(&long).await.unwrap_err().code(), "malformed");
}

#[tokio::test]
async fn rows_that_somebody_wrote_into_the_database_open_nothing() {
    let mut table = Table::new().await;
    // A made-up approval of a real request.
    let request = table.asked(Kind::BulkAction, 1, "desk-1").await;
    let borrowed = table.people.gesture("admin-1", &[3; 32]).to_json().to_string();
    let insert =
        "INSERT INTO approval (request, requester, officer, gesture, at) VALUES ($1, 'desk-1', 'admin-1', $2, 0)";
    table.write(insert, params![request.hash(), borrowed]).await.unwrap();
    assert_eq!(
        table.spend(Kind::BulkAction, 1).await.unwrap_err().code(),
        "gesture_refused"
    );
    // An approved request pointed at something else, prolonged, or made unspent again.
    let request = table.asked(Kind::BulkAction, 2, "desk-1").await;
    table.approve(&request, "admin-1").await.unwrap();
    let id = request.hash();
    let point = "UPDATE approval_request SET subject_sha256 = $2 WHERE id = $1";
    table.write(point, params![id, [4_u8; 32]]).await.unwrap();
    assert_eq!(table.spend(Kind::BulkAction, 4).await.unwrap_err().code(), "forged");
    table.write(point, params![id, [2_u8; 32]]).await.unwrap();
    table.clock.advance(HOUR);
    let prolong = "UPDATE approval_request SET expires_at = expires_at + 7200000000 WHERE id = $1";
    table.write(prolong, params![id]).await.unwrap();
    assert_eq!(table.spend(Kind::BulkAction, 2).await.unwrap_err().code(), "forged");
    // An officer more, or lists cut off the end.
    table
        .change(|list| list.officers.retain(|officer| officer.id != "desk-3"))
        .await;
    table.pin.at_least = 2;
    table.asked(Kind::BulkAction, 6, "desk-1").await;
    table
        .write("DELETE FROM officer_list WHERE version = 2", params![])
        .await
        .unwrap();
    let request = table.request(Kind::BulkAction, 7, "desk-1");
    let cut = table.ask(&request).await.unwrap_err();
    assert!(cut.to_string().contains("end at 1"), "{cut}");
    table.pin.at_least = 1;
    let more = "UPDATE officer_list SET signed = replace(signed, '\"desk-a\"', '\"desk-x\"')";
    table.write(more, params![]).await.unwrap();
    let changed = table.ask(&request).await.unwrap_err();
    assert!(changed.to_string().contains("not the published"), "{changed}");
}

#[tokio::test]
async fn a_list_with_one_signer_twice_does_not_fit_into_the_database() {
    let table = Table::new().await;
    let insert = "INSERT INTO officer_list (version, sha256, previous, signed, proposed_by, approved_by, stored_at)
        SELECT 2, $1, sha256, '{}', 'admin-1', 'admin-1', 0 FROM officer_list WHERE version = 1";
    assert!(table.write(insert, params![[1_u8; 32]]).await.is_err());
}

#[tokio::test]
async fn settings_that_shape_certificates_change_with_another_officers_approval_alone() {
    let mut table = Table::new().await;
    let (cx, pin) = (table.cx.clone(), table.pin);
    let before = Config::default();
    assert_eq!(settle(&cx, &before, Some(&pin)).await.unwrap(), Vec::<String>::new());
    let operational = Config {
        crl_hours: 48,
        ..before.clone()
    };
    assert_eq!(
        settle(&cx, &operational, Some(&pin)).await.unwrap(),
        Vec::<String>::new()
    );
    let changed = Config {
        tls_days: 47,
        tls_domains: vec!["example.com".to_owned()],
        ..before.clone()
    };
    let refused = settle(&cx, &changed, Some(&pin)).await.unwrap_err().to_string();
    for word in ["tls_days", "tls_domains", "signum ca approval", "nobody asked"] {
        assert!(refused.contains(word), "{refused}");
    }
    let mut request = table.request(Kind::ProfileChange, 0, "admin-1");
    request.subject = settings::subject(&changed);
    table.ask(&request).await.unwrap();
    assert!(settle(&cx, &changed, Some(&pin)).await.is_err(), "one officer alone");
    table.approve(&request, "admin-2").await.unwrap();
    assert_eq!(
        settle(&cx, &changed, Some(&pin)).await.unwrap(),
        ["tls_days", "tls_domains"]
    );
    assert!(settle(&cx, &changed, Some(&pin)).await.unwrap().is_empty(), "in force");
    // Going back is a change as well, and the approval was used.
    assert!(settle(&cx, &before, Some(&pin)).await.is_err());
    // Nor does it help to pin nobody, or others.
    let unpinned = settle(&cx, &before, None).await.unwrap_err();
    assert!(matches!(unpinned, SettingsError::OtherOfficers(_)), "{unpinned}");
}

#[tokio::test]
async fn without_officers_changed_settings_are_told_and_taken() {
    let (cx, _clock, _folder) = context().await;
    let changed = Config {
        tls_days: 47,
        ..Config::default()
    };
    assert!(settle(&cx, &Config::default(), None).await.unwrap().is_empty());
    assert_eq!(settle(&cx, &changed, None).await.unwrap(), ["tls_days"]);
    assert!(settle(&cx, &changed, None).await.unwrap().is_empty());
    let events = cx
        .db
        .all("SELECT id FROM audit_event WHERE kind = 'settings.in_force'", params![])
        .await
        .unwrap();
    assert_eq!(events.len(), 2);
}
