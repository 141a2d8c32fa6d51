//! Many events of one transaction, for bulk actions.

use std::sync::LazyLock;

use super::Event;
use crate::cx::Cx;
use crate::db::{DbError, Insert, Tx};
use crate::params;

static EVENTS: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO audit_event (id, at, kind, subject, detail, salt)", 6, ""));

/// [`record`](super::record) for many events, with few statements.
pub async fn record_all(tx: &Tx, cx: &Cx, events: &[Event]) -> Result<(), DbError> {
    let row = |event: &Event| {
        let id: [u8; 16] = cx.random.bytes();
        let salt: [u8; 32] = cx.random.bytes();
        params![id, cx.now(), event.kind, &event.subject, event.detail.to_string(), salt]
    };
    EVENTS.rows(tx, events.iter().map(row).collect()).await.map(drop)
}
