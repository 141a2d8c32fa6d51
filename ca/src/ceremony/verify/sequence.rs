//! Exactly the deeds that a file asks for.

use crate::authority::AuthorityName;
use crate::ceremony::plan::{Plan, Work};
use crate::ceremony::transcript::Deed;

/// What the file asks for, deed by deed.
pub(super) fn expected(plan: &Plan) -> Vec<String> {
    let key = |label: &str| ["intended", "made", "proven"].map(|what| format!("key {label} {what}"));
    let signed = |name: AuthorityName| ["linted", "signed"].map(|what| format!("certificate {name} {what}"));
    let list = |number: u64| ["intended", "signed"].map(|what| format!("list {number} {what}"));
    let mut out = Vec::new();
    match &plan.work {
        Work::Root {
            key: planned, list: l, ..
        } => {
            out.extend(key(&planned.label));
            out.extend(signed(planned.authority));
            out.extend(list(l.number));
        }
        Work::Issuing(keys) => {
            for planned in keys {
                out.extend(key(&planned.label));
                out.push(format!("request {} signed", planned.authority));
            }
        }
        Work::Sign { requests, list: l, .. } => {
            requests
                .iter()
                .for_each(|planned| out.extend(signed(planned.authority)));
            l.iter().for_each(|l| out.extend(list(l.number)));
        }
        Work::List { list: l, .. } => out.extend(list(l.number)),
    }
    out
}

pub(super) fn told(deed: &Deed) -> Option<String> {
    let around = matches!(
        deed,
        Deed::Opened(_) | Deed::Resumed { .. } | Deed::Token { .. } | Deed::KeyUsed { .. } | Deed::Closed { .. }
    );
    (!around).then(|| deed.name())
}
