//! `signum ca status`: the state as a table in a terminal.

use std::fmt::Write;

use signum_ca::ClockLook;
use signum_core::Timestamp;
use signum_core::i18n::Lang;

use super::Status;
use super::alarm::replica_name;

/// Everything, alarms last where a terminal shows them.
pub fn text(status: &Status) -> String {
    let mut out = format!("State at {}\n", status.at);
    table(
        &mut out,
        "Own keys and their newest certificates",
        &["holder", "issuer", "key", "serial", "valid until", "days left"],
        status.ca.keys.iter().map(|key| {
            vec![
                key.holder.clone(),
                key.issuer.clone(),
                key.key_label.clone(),
                hex::encode(&key.serial),
                key.not_after.to_string(),
                days_left(status.at, key.used_until).to_string(),
            ]
        }),
    );
    table(
        &mut out,
        "Newest lists",
        &["issuer", "shard", "number", "made", "next at the latest"],
        status.ca.lists.iter().map(|list| {
            vec![
                list.issuer.clone(),
                list.shard.to_string(),
                list.number.to_string(),
                list.this_update.to_string(),
                list.next_update.to_string(),
            ]
        }),
    );
    if let Some(answer) = &status.ca.oldest_answer {
        let _ = writeln!(
            out,
            "\nThe OCSP answer that is due first: of {}, to be signed anew at {}, served until {}",
            answer.issuer, answer.refresh_at, answer.next_update
        );
    }
    if let Some(look) = &status.ca.relint {
        let _ = writeln!(
            out,
            "\nThe second look at stored certificates: {} read at {}, {} findings",
            look.read, look.at, look.findings
        );
    }
    table(
        &mut out,
        "Clocks",
        &["replica", "looked at", "off by at most", "problem"],
        status.ca.clocks.iter().map(|clock| {
            vec![
                replica_name(clock),
                clock.at.to_string(),
                off(clock),
                clock.problem.as_ref().map_or("none", |(problem, _)| problem).to_owned(),
            ]
        }),
    );
    if !status.looks_up_caa {
        let _ = writeln!(
            out,
            "\nCAA records are not looked up (ca.caa_resolver is empty): TLS certificates go by ca.tls_domains alone"
        );
    }
    let queue = status.ca.queue;
    let _ = writeln!(
        out,
        "\nWaiting\n  {} certificates begun and not ended, {} status events owed to the audit log, {} requests for a second officer",
        queue.intents, queue.owed_events, queue.approvals
    );
    logs(&mut out, status);
    let _ = writeln!(out);
    match status.alarms.as_slice() {
        [] => out += "No alarms\n",
        alarms => {
            let _ = writeln!(out, "{} alarms", alarms.len());
            for alarm in alarms {
                let _ = writeln!(out, "  {:<15} {}", alarm.code(), alarm.text(Lang::En));
            }
        }
    }
    out
}

fn logs(out: &mut String, status: &Status) {
    table(
        out,
        "Audit logs",
        &["service", "entries", "waiting", "signed up to", "signed at"],
        status.logs.iter().map(|log| {
            let signed = log.signed.as_ref();
            vec![
                log.service.clone(),
                log.size.to_string(),
                log.waiting.to_string(),
                signed.map_or("-".to_owned(), |signed| signed.head.size.to_string()),
                signed.map_or("-".to_owned(), |signed| signed.at.to_string()),
            ]
        }),
    );
    let witnesses = status.logs.iter().flat_map(|log| {
        log.witnesses.iter().map(|witness| {
            vec![
                log.service.clone(),
                witness.name.clone(),
                witness.size.to_string(),
                witness.problem.clone().unwrap_or_else(|| "none".to_owned()),
            ]
        })
    });
    table(
        out,
        "Witnesses",
        &["service", "witness", "signed up to", "problem"],
        witnesses,
    );
}

/// What is known of a clock; a demonstration's is not compared with anything.
pub(super) fn off(clock: &ClockLook) -> String {
    match clock.off {
        Some(off) if clock.is_checked => format!("{:.3} ms", off.as_secs_f64() * 1000.0),
        _ if !clock.is_checked => "not checked".to_owned(),
        _ => "not known".to_owned(),
    }
}

/// Negative once it has ended.
pub(super) fn days_left(now: Timestamp, then: Timestamp) -> i64 {
    (then.seconds() - now.seconds()).div_euclid(86_400)
}

fn table(out: &mut String, title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let mut widths = vec![0; head.len()];
    for row in rows.iter().chain([&head]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let _ = writeln!(out, "\n{title}");
    for row in [&head].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  {}", line.trim_end());
    }
}
