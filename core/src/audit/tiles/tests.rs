//! What a stranger can fetch, and what stays in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::*;
use crate::audit::test_key::TestKey;
use crate::audit::tree::root_of;
use crate::audit::{Checkpoint, CheckpointSigner, Event, record};
use crate::db::scratch;

struct House {
    log: Log,
    key: Arc<TestKey>,
    _dir: tempfile::TempDir,
}

impl House {
    /// A log of that many events under one checkpoint, and one event more.
    async fn of(size: u32) -> Self {
        let (cx, _, dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        let log = Log::new(cx, "idp").signed(key.clone(), Duration::from_secs(10));
        let house = Self { log, key, _dir: dir };
        house.events(size).await;
        assert!(house.log.checkpoint().await.unwrap());
        house.events(1).await;
        house
    }

    async fn events(&self, count: u32) {
        let cx = self.log.cx();
        cx.db
            .run("write", |tx| async move {
                for n in 0..count {
                    record(
                        &tx,
                        cx,
                        &Event::new("test.done", n, serde_json::json!({"secret": "Arta"})),
                    )
                    .await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        self.log.sequence().await.unwrap();
    }

    async fn ask(&self, path: &str, entries: bool) -> (StatusCode, String, Vec<u8>) {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = self.log.router(entries).oneshot(request).await.unwrap();
        let status = response.status();
        let caching = response.headers().get(header::CACHE_CONTROL);
        let caching = caching
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        (
            status,
            caching,
            to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec(),
        )
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        let (status, _, body) = self.ask(path, true).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }
}

fn hashes(octets: &[u8]) -> Vec<[u8; 32]> {
    octets.chunks_exact(32).map(|hash| hash.try_into().unwrap()).collect()
}

#[test]
fn an_address_has_one_spelling() {
    let place = |level, n| Resource::Hashes(Place { level, n });
    for (resource, width, expected) in [
        (place(0, 0), 256, "tile/0/000"),
        (place(1, 1_234_067), 256, "tile/1/x001/x234/067"),
        (place(0, 273), 112, "tile/0/273.p/112"),
        (Resource::Entries(5), 1, "tile/entries/005.p/1"),
    ] {
        assert_eq!(path(resource, width), expected);
        let (kind, place) = expected.strip_prefix("tile/").unwrap().split_once('/').unwrap();
        assert_eq!(parse(kind, place), Some((resource, width)));
    }
    for (kind, place) in [
        ("0", "0"),
        ("00", "000"),
        ("0", "x000/000"),
        ("0", "000.p/256"),
        ("0", "000.p/01"),
        ("-1", "000"),
        ("0", "x1/000"),
        ("0", "000/000"),
        ("0", "99999999999999999999"),
        ("0", "é00"),
        ("data", "000"),
    ] {
        assert_eq!(parse(kind, place), None, "{kind}/{place}");
    }
}

#[tokio::test]
async fn whoever_fetches_tiles_and_entries_arrives_at_the_signed_root() {
    let house = House::of(600).await;
    let (_, caching, note) = house.ask("/checkpoint", false).await;
    assert_eq!(caching, "public, max-age=2");
    let checkpoint = Checkpoint::open(std::str::from_utf8(&note).unwrap(), house.key.key()).unwrap();
    assert_eq!(checkpoint.head.size, 600);
    let mut leaves = Vec::new();
    for place in ["000", "001", "002.p/88"] {
        let tile = hashes(&house.get(&format!("/tile/0/{place}")).await);
        let bundle = house.get(&format!("/tile/entries/{place}")).await;
        assert_eq!(entries::hashes(&bundle), tile);
        let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
        let first = Sha256::new().chain_update([0]).chain_update(&bundle[2..2 + length]);
        assert_eq!(first.finalize()[..], tile[0], "RFC 6962 section 2.1");
        assert!(!bundle.windows(4).any(|window| window == b"Arta"));
        leaves.extend(tile);
    }
    assert_eq!(root_of(&leaves), checkpoint.head.root);
    let level = hashes(&house.get("/tile/1/000.p/2").await);
    assert_eq!(level, [root_of(&leaves[..256]), root_of(&leaves[256..512])]);
}

#[tokio::test]
async fn tiles_are_cached_for_ever_and_what_no_checkpoint_covers_is_not_there() {
    let house = House::of(300).await;
    let (status, caching, _) = house.ask("/tile/0/000", false).await;
    assert_eq!(
        (status, caching.as_str()),
        (StatusCode::OK, "public, max-age=31536000, immutable")
    );
    for missing in [
        "/tile/0/001",
        "/tile/0/001.p/45",
        "/tile/0/000.p/0",
        "/tile/0/002.p/1",
        "/tile/1/000.p/2",
        "/tile/2/000.p/1",
        "/tile/9/000.p/1",
        "/tile/entries/002.p/1",
        "/tile/0/nowhere",
    ] {
        let (status, caching, _) = house.ask(missing, true).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{missing}");
        assert!(!caching.contains("immutable"), "{missing}: {caching}");
    }
    let (status, ..) = house.ask("/tile/entries/000", false).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "entries are not shown");
}

#[tokio::test]
async fn proofs_are_answered_in_json_and_in_the_form_of_c2sp() {
    let house = House::of(300).await;
    let proof = house.log.prove(271, None).await.unwrap();
    assert_eq!(proof.verify(house.key.key()).unwrap().head.size, 300);
    let json: serde_json::Value = serde_json::from_slice(&house.get("/proof/inclusion/271").await).unwrap();
    assert_eq!(json, proof.to_json());
    let text = String::from_utf8(house.get("/proof/inclusion/271?size=300&form=c2sp").await).unwrap();
    assert_eq!(text, proof.to_c2sp());
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 271\n"), "{text}");
    let json: serde_json::Value =
        serde_json::from_slice(&house.get("/proof/consistency?from=17&to=300").await).unwrap();
    assert_eq!(json, house.log.prove_consistency(17, 300).await.unwrap().to_json());
    for missing in [
        "/proof/inclusion/300",
        "/proof/inclusion/1?size=299",
        "/proof/consistency?from=9&to=400",
    ] {
        assert_eq!(house.ask(missing, false).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
    assert_eq!(house.ask("/proof/inclusion/x", false).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn no_proof_is_given_over_hashes_that_were_changed() {
    let house = House::of(600).await;
    let tamper = |sql: &'static str| {
        house
            .log
            .cx()
            .db
            .run("t", move |tx| async move { tx.exec(sql, vec![]).await })
    };
    tamper("UPDATE audit_subtree SET hash = (SELECT leaf_hash FROM audit_event WHERE leaf_index = 0) WHERE n = 1")
        .await
        .unwrap();
    assert!(matches!(house.log.prove(3, None).await, Err(ProofError::Broken)));
    tamper("DELETE FROM audit_subtree WHERE n = 1").await.unwrap();
    assert!(matches!(
        house.log.prove(3, None).await,
        Err(ProofError::Tile { level: 1, n: 0 })
    ));
}
