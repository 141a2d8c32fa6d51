//! What must hold after every kill: files, database and HSM tell the same story.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use der::{Decode, Encode};
use sha2::{Digest, Sha256, Sha384};
use signum_core::{Cx, params};
use x509_cert::crl::CertificateList;

use super::ledger::Ledger;
use super::process::{Acknowledged, Seen};
use crate::issuance::serial;

/// A row of `certificate`.
pub struct Kept {
    pub serial: Vec<u8>,
    pub is_issued: bool,
    is_closed: bool,
    tbs: Vec<u8>,
    certificate: Option<Vec<u8>>,
}

/// The rows of a request, or of all.
pub async fn rows(cx: &Cx, idempotency_key: &[u8]) -> Vec<Kept> {
    let all = cx
        .db
        .all(
            "SELECT idempotency_key, serial, tbs, certificate, abandoned_at, refusal FROM certificate",
            params![],
        )
        .await
        .unwrap();
    let wanted = all
        .iter()
        .filter(|row| idempotency_key.is_empty() || row.get::<Vec<u8>>("idempotency_key").unwrap() == idempotency_key);
    wanted
        .map(|row| {
            let certificate: Option<Vec<u8>> = row.get("certificate").unwrap();
            Kept {
                serial: row.get("serial").unwrap(),
                is_issued: certificate.is_some(),
                is_closed: row.get::<Option<i64>>("abandoned_at").unwrap().is_some(),
                tbs: row.get("tbs").unwrap(),
                certificate,
            }
        })
        .collect()
}

/// After a start has closed `closed` intents.
pub async fn check(directory: &Path, cx: &Cx, closed: u32) {
    let rows = rows(cx, &[]).await;
    assert!(
        rows.iter().all(|row| row.is_issued != row.is_closed),
        "an intent is still open"
    );
    let serials: BTreeSet<_> = rows.iter().map(|row| &row.serial).collect();
    assert_eq!(serials.len(), rows.len(), "a serial number came twice");
    every_signature_has_its_row(directory, &rows, &lists(directory, cx).await);
    nothing_acknowledged_is_lost(directory, &rows);
    let abandoned: BTreeSet<_> = rows.iter().filter(|row| row.is_closed).map(|row| &row.serial).collect();
    assert_eq!(audited(cx, "certificate.intent_abandoned").await, abandoned.len());
    let issued = rows.iter().filter(|row| row.is_issued).count();
    assert_eq!(audited(cx, "certificate.issued").await, issued);
    assert_eq!(audited(cx, "certificate.reserved").await, rows.len());
    revoked(cx, &abandoned).await;
    let figures = format!(
        "{issued} certificates, {} intents closed, {closed} by the last start\n",
        abandoned.len()
    );
    std::fs::write(directory.join("figures"), figures).unwrap();
}

/// Each digest that the HSM was sent under a key that certifies is that of one row's octets, or of a list that is stored, and
/// was sent once.
fn every_signature_has_its_row(directory: &Path, rows: &[Kept], lists: &BTreeSet<Vec<u8>>) {
    let octets: BTreeSet<_> = rows.iter().map(|row| Sha384::digest(&row.tbs).to_vec()).collect();
    let mut sent = BTreeSet::new();
    for Seen { key, digest } in Ledger::open(directory, "seen").read() {
        assert!(sent.insert(digest.clone()), "the same octets were signed twice");
        let certifies = ["root-g", "auth-g", "qsig-g", "seal-g", "tsa-g", "tls-g"];
        if certifies.iter().any(|label| key.starts_with(label)) {
            assert!(
                octets.contains(&digest) || lists.contains(&digest),
                "{key} signed what nobody recorded"
            );
        }
    }
    let signed = |row: &Kept| sent.contains(&Sha384::digest(&row.tbs).to_vec());
    assert!(
        rows.iter().filter(|row| row.is_issued).all(signed),
        "a certificate nobody signed"
    );
}

/// What every list said that was ever stored: older ones make room, so each round writes down those it finds.
async fn lists(directory: &Path, cx: &Cx) -> BTreeSet<Vec<u8>> {
    let sql = "SELECT issuer, shard, number, octets FROM crl_part ORDER BY issuer, shard, number, place";
    let mut whole: BTreeMap<(String, i64, i64), Vec<u8>> = BTreeMap::new();
    for row in cx.db.all(sql, params![]).await.unwrap() {
        let list = (
            row.get("issuer").unwrap(),
            row.get("shard").unwrap(),
            row.get("number").unwrap(),
        );
        whole
            .entry(list)
            .or_default()
            .extend(row.get::<Vec<u8>>("octets").unwrap());
    }
    let ledger = Ledger::open(directory, "lists");
    for der in whole.values() {
        let list: CertificateList = CertificateList::from_der(der).unwrap();
        ledger.add(&Sha384::digest(list.tbs_cert_list.to_der().unwrap()).to_vec());
    }
    ledger.read().into_iter().collect()
}

fn nothing_acknowledged_is_lost(directory: &Path, rows: &[Kept]) {
    let kept: BTreeMap<_, _> = rows.iter().map(|row| (&row.serial, &row.certificate)).collect();
    for had in Ledger::open(directory, "acknowledged").read::<Acknowledged>() {
        let stored = kept.get(&serial(&had.certificate)).unwrap();
        let digest = Sha256::digest(&had.certificate);
        assert_eq!(
            stored.as_ref().map(Sha256::digest),
            Some(digest),
            "an acknowledged certificate is lost"
        );
    }
}

async fn audited(cx: &Cx, kind: &str) -> usize {
    let sql = "SELECT id FROM audit_event WHERE kind = $1";
    cx.db.all(sql, params![kind]).await.unwrap().len()
}

/// Every abandoned serial number stands in the status history as revoked.
async fn revoked(cx: &Cx, abandoned: &BTreeSet<&Vec<u8>>) {
    let sql = "SELECT serial FROM certificate_status WHERE state = 'revoked'";
    let rows = cx.db.all(sql, params![]).await.unwrap();
    let revoked: BTreeSet<Vec<u8>> = rows.iter().map(|row| row.get("serial").unwrap()).collect();
    assert!(abandoned.iter().all(|serial| revoked.contains(*serial)));
}
