//! The status of certificates: its history, its past, and what happens when the audit log is away.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use signum_core::contract::{
    AskedBy, CertificateAuthority, CertificateState, CertificateStatus, ContractError, LeafProfile, StatusAction,
    StatusChange,
};
use signum_core::{Timestamp, params};

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::send;

async fn issued(house: &House, number: u8) -> Vec<u8> {
    let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&key()));
    serial(&house.service.issue(asked).await.unwrap().certificate)
}

async fn state(house: &House, serial: &[u8], at: Timestamp) -> CertificateState {
    let known = CertificateStatus::status_at(&*house.service, serial, at).await;
    known.unwrap().state
}

async fn over_http(house: &House, path: &str) -> (StatusCode, serde_json::Value) {
    let (code, _, body) = send(house, Request::builder().uri(path).body(Body::empty()).unwrap()).await;
    (code, serde_json::from_slice(&body).unwrap())
}

/// Good from the start, suspended after an hour, reinstated after two, suspended after three, revoked after four.
async fn eventful(house: &House) -> (Vec<u8>, Timestamp) {
    let start = house.now();
    let serial = issued(house, 1).await;
    let hour = Duration::from_secs(3_600);
    for action in [
        StatusAction::Suspend,
        StatusAction::Reinstate,
        StatusAction::Suspend,
        StatusAction::Revoke { reason: 4 },
    ] {
        house.clock.advance(hour);
        let asked_by = AskedBy::Officer("officer-7".to_owned());
        let change = StatusChange::new(&serial, action, asked_by);
        house.service.change_status(change).await.unwrap();
    }
    (serial, start)
}

fn revoked(since: Timestamp) -> CertificateState {
    CertificateState::Revoked {
        since,
        reason: 4,
        invalid_since: None,
    }
}

#[test]
fn the_status_at_any_past_time_is_what_it_was_then() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (serial, start) = eventful(&house).await;
        let hours = |n: u64| start.plus(Duration::from_secs(n * 3_600));
        let minute = Duration::from_secs(60);
        let suspended = |since| CertificateState::Suspended { since };
        for (at, expected) in [
            (start.minus(minute), CertificateState::NotIssued),
            (start, CertificateState::Good),
            (hours(1).minus(minute), CertificateState::Good),
            (hours(1), suspended(hours(1))),
            (hours(2).minus(minute), suspended(hours(1))),
            (hours(2), CertificateState::Good),
            (hours(3), suspended(hours(3))),
            // The suspension's date stays.
            (hours(4), revoked(hours(3))),
        ] {
            assert_eq!(state(&house, &serial, at).await, expected, "{at}");
        }
        let ahead = house.now().plus(minute);
        let refused = CertificateStatus::status_at(&*house.service, &serial, ahead).await;
        assert!(matches!(refused, Err(ContractError::Refused { .. })));
        assert_eq!(state(&house, &[9; 17], house.now()).await, CertificateState::NotIssued);
    });
}

#[test]
fn a_status_is_told_long_after_the_end_and_without_the_certificates_own_row() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (serial, start) = eventful(&house).await;
        let held = start.plus(Duration::from_secs(3 * 3_600));
        house.clock.advance(Duration::from_secs(12 * 366 * 86_400));
        let late = CertificateStatus::status_at(&*house.service, &serial, house.now())
            .await
            .unwrap();
        assert_eq!((late.state, late.expired), (revoked(held), true));
        let sql = "DELETE FROM certificate WHERE serial = $1";
        let gone = &serial;
        let deleted = house
            .cx
            .db
            .run("retention", |tx| async move { tx.exec(sql, params![gone]).await });
        assert_eq!(deleted.await.unwrap(), 1);
        assert_eq!(state(&house, &serial, house.now()).await, revoked(held));
        assert_eq!(
            state(&house, &serial, held.minus(Duration::from_secs(60))).await,
            CertificateState::Good
        );
    });
}

#[test]
fn the_status_at_a_time_is_served_over_http() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (serial, start) = eventful(&house).await;
        let serial = hex::encode(serial);
        let held = start.plus(Duration::from_secs(3 * 3_600));
        let (code, now) = over_http(&house, &format!("/status/qsig/{serial}")).await;
        assert_eq!(code, StatusCode::OK);
        let expected = serde_json::json!({
            "issuer": "qsig", "serial": serial, "at": house.now().to_string(), "state": "revoked",
            "since": held.to_string(), "reason": 4, "expired": false,
        });
        assert_eq!(now, expected);
        // In whole seconds, as lists tell it.
        for (at, state) in [(start, "good"), (held, "suspended")] {
            let (_, then) = over_http(&house, &format!("/status/qsig/{serial}?at={at}")).await;
            assert_eq!(then["state"], state);
        }
        assert_eq!(
            over_http(&house, &format!("/status/auth/{serial}")).await.1["state"],
            "not_issued"
        );
        let ahead = house.now().plus(Duration::from_secs(60));
        for path in [
            format!("/status/qsig/{serial}?at={ahead}"),
            format!("/status/qsig/{serial}?at=yesterday"),
            "/status/qsig/xyz".to_owned(),
            format!("/status/qsig/{}", "00".repeat(21)),
        ] {
            assert_eq!(over_http(&house, &path).await.0, StatusCode::BAD_REQUEST, "{path}");
        }
        assert_eq!(over_http(&house, "/status/other/01").await.0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn the_history_says_who_asked_and_since_when_the_key_is_doubtful() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let serial = issued(&house, 1).await;
        let stolen = house.now().minus(Duration::from_secs(7_200));
        let mut change = StatusChange::new(
            &serial,
            StatusAction::Revoke { reason: 1 },
            AskedBy::Agency("agency-3".to_owned()),
        );
        change.invalid_since = Some(house.now().plus(Duration::from_secs(60)));
        assert!(
            house.service.change_status(change.clone()).await.is_err(),
            "a time to come"
        );
        change.invalid_since = Some(stolen);
        let mut number = change.clone();
        number.asked_by = AskedBy::Holder("1234567892".to_owned());
        assert!(house.service.change_status(number).await.is_err(), "a personal number");
        house.service.change_status(change).await.unwrap();
        let expected = CertificateState::Revoked {
            since: house.now(),
            reason: 1,
            invalid_since: Some(stolen),
        };
        assert_eq!(state(&house, &serial, house.now()).await, expected);
        let sql = "SELECT asked_by FROM certificate_status WHERE serial = $1";
        let row = house.cx.db.opt(sql, params![&serial]).await.unwrap().unwrap();
        assert_eq!(row.get::<String>("asked_by").unwrap(), "agency:agency-3");
        assert!(detail(&house, "certificate.revoked").await.contains("agency:agency-3"));
    });
}

async fn detail(house: &House, kind: &str) -> String {
    let sql = "SELECT detail FROM audit_event WHERE kind = $1";
    let row = house.cx.db.opt(sql, params![kind]).await.unwrap().unwrap();
    row.get("detail").unwrap()
}

#[test]
fn a_key_compromise_known_later_takes_the_place_of_the_reason_and_keeps_the_date() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let stolen = key();
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&stolen));
        let serial = serial(&house.service.issue(asked).await.unwrap().certificate);
        house.service.revoke(&serial, 4).await.unwrap();
        let since = house.now();
        house.clock.advance(Duration::from_secs(86_400));
        house.service.revoke(&serial, 1).await.unwrap();
        house.service.revoke(&serial, 5).await.unwrap();
        let expected = CertificateState::Revoked {
            since,
            reason: 1,
            invalid_since: None,
        };
        assert_eq!(state(&house, &serial, house.now()).await, expected);
        assert_eq!(house.audited("certificate.revoked").await, 1);
        assert_eq!(house.audited("certificate.reason_changed").await, 1);
        let again = request(2, LeafProfile::CitizenSignature, pkcs10(&stolen));
        assert!(house.service.issue(again).await.is_err(), "the key is blocked");
    });
}

/// An audit log that takes nothing: its table has another name.
async fn rename(house: &House, sql: &'static str) {
    let renamed = house
        .cx
        .db
        .run("rename", |tx| async move { tx.exec(sql, vec![]).await });
    renamed.await.unwrap();
}

#[test]
fn without_the_audit_log_nothing_is_issued_but_status_changes_are_made_and_recorded_when_it_is_back() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (held, gone) = (issued(&house, 1).await, issued(&house, 2).await);
        house.service.record_owed_events().await.unwrap();
        rename(&house, "ALTER TABLE audit_event RENAME TO audit_event_away").await;

        let asked = request(3, LeafProfile::CitizenSignature, pkcs10(&key()));
        assert!(house.service.issue(asked.clone()).await.is_err());
        let sql = "SELECT serial FROM certificate WHERE idempotency_key = $1 AND certificate IS NOT NULL";
        let row = house.cx.db.opt(sql, params![asked.idempotency_key]).await.unwrap();
        assert!(row.is_none(), "nothing is issued");

        house.service.suspend(&held).await.unwrap();
        house.service.revoke(&gone, 1).await.unwrap();
        house.service.revoke(&gone, 1).await.unwrap();
        let since = house.now();
        assert_eq!(state(&house, &held, since).await, CertificateState::Suspended { since });
        assert!(matches!(
            state(&house, &gone, since).await,
            CertificateState::Revoked { reason: 1, .. }
        ));
        assert!(house.service.record_owed_events().await.is_err(), "still away");

        house.clock.advance(Duration::from_secs(60));
        rename(&house, "ALTER TABLE audit_event_away RENAME TO audit_event").await;
        assert_eq!(house.service.record_owed_events().await.unwrap(), 2);
        assert_eq!(house.service.record_owed_events().await.unwrap(), 0);
        assert_eq!(house.audited("certificate.suspended").await, 1);
        assert_eq!(house.audited("certificate.revoked").await, 1);
        // The event is of now, and says when the change was.
        assert!(
            detail(&house, "certificate.suspended")
                .await
                .contains(&since.to_string())
        );
        house.service.issue(asked).await.unwrap();
    });
}

/// Every line of the CA's source and migrations that names the history.
fn lines_about_the_history() -> Vec<String> {
    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path),
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join("src"), &mut found);
    files(&root.join("../migrations/ca"), &mut found);
    let text: String = found
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    // Statements may go over several lines.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.match_indices("certificate_status")
        .map(|(at, _)| text[text.floor_char_boundary(at.saturating_sub(40))..at].to_uppercase())
        .collect()
}

#[test]
fn no_statement_of_ours_changes_or_removes_what_the_history_says() {
    let lines = lines_about_the_history();
    assert!(lines.len() > 8, "{lines:?}");
    for before in lines {
        for verb in ["UPDATE ", "DELETE FROM ", "DROP TABLE ", "TRUNCATE ", "REPLACE INTO "] {
            assert!(
                !before.trim_end().ends_with(verb.trim_end()),
                "{before}certificate_status"
            );
        }
    }
}
