//! The same as metrics, and alarms in the log when they come and when they are over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metrics::gauge;
use signum_core::i18n::Lang;
use tokio_util::sync::CancellationToken;

use super::alarm::replica_name;
use super::{Alarm, Status, View};

const EVERY: Duration = Duration::from_secs(30);

/// Looks again and again until the stop; every replica for itself.
pub async fn watch(view: View, stop: CancellationToken) {
    let mut known = BTreeSet::new();
    loop {
        match view.status().await {
            Ok(status) => {
                measure(&status);
                known = tell(known, &status.alarms);
            }
            Err(error) => tracing::error!(%error, "the state of the CA cannot be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Says what is new and what is over; what goes on was said.
fn tell(known: BTreeSet<Alarm>, alarms: &[Alarm]) -> BTreeSet<Alarm> {
    let now: BTreeSet<Alarm> = alarms.iter().cloned().collect();
    for alarm in now.difference(&known) {
        tracing::warn!(alarm = alarm.code(), "{}", alarm.text(Lang::En));
    }
    for alarm in known.difference(&now) {
        tracing::info!(alarm = alarm.code(), "over: {}", alarm.text(Lang::En));
    }
    now
}

/// Counts and times are far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn measure(status: &Status) {
    for key in &status.ca.keys {
        let ends = key.used_until.seconds() as f64;
        gauge!("ca_certificate_ends_timestamp_seconds", "holder" => key.holder.clone()).set(ends);
    }
    for list in &status.ca.lists {
        let labels = [("issuer", list.issuer.clone()), ("shard", list.shard.to_string())];
        gauge!("ca_list_next_update_timestamp_seconds", &labels).set(list.next_update.seconds() as f64);
        gauge!("ca_list_number", &labels).set(list.number as f64);
    }
    if let Some(answer) = &status.ca.oldest_answer {
        gauge!("ca_answer_refresh_timestamp_seconds").set(answer.refresh_at.seconds() as f64);
    }
    gauge!("ca_intents_open").set(status.ca.queue.intents as f64);
    gauge!("ca_status_events_owed").set(status.ca.queue.owed_events as f64);
    gauge!("ca_approvals_waiting").set(status.ca.queue.approvals as f64);
    if let Some(look) = &status.ca.relint {
        gauge!("ca_relint_last_timestamp_seconds").set(look.at.seconds() as f64);
        gauge!("ca_relint_last_findings").set(look.findings as f64);
    }
    for clock in &status.ca.clocks {
        let known = clock.off.filter(|_| clock.is_checked);
        let off = known.map_or(f64::NAN, |off| off.as_secs_f64());
        gauge!("ca_clock_off_at_most_seconds", "replica" => replica_name(clock)).set(off);
    }
    for log in &status.logs {
        let service = log.service.clone();
        gauge!("audit_entries", "service" => service.clone()).set(log.size as f64);
        gauge!("audit_events_waiting", "service" => service.clone()).set(log.waiting as f64);
        if let Some(signed) = &log.signed {
            gauge!("audit_signed_entries", "service" => service.clone()).set(signed.head.size as f64);
            gauge!("audit_checkpoint_timestamp_seconds", "service" => service.clone()).set(signed.at.seconds() as f64);
        }
        for witness in &log.witnesses {
            let labels = [("service", service.clone()), ("witness", witness.name.clone())];
            gauge!("audit_witnessed_entries", &labels).set(witness.size as f64);
        }
    }
    for (code, count) in counts(&status.alarms) {
        gauge!("alarms", "alarm" => code).set(f64::from(count));
    }
}

/// How many of each kind; zero for kinds without any, so that an alarm that is over goes back to zero.
fn counts(alarms: &[Alarm]) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<&'static str, u32> = Alarm::CODES.map(|code| (code, 0)).into();
    for alarm in alarms {
        *counts.entry(alarm.code()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_is_over_counts_zero_and_is_told_once() {
        let alarm = Alarm::Owed { count: 1 };
        assert_eq!(counts(std::slice::from_ref(&alarm)).get("events_owed"), Some(&1));
        assert_eq!(counts(&[]).get("events_owed"), Some(&0));
        let known = tell(BTreeSet::new(), std::slice::from_ref(&alarm));
        assert_eq!(known, BTreeSet::from([alarm]));
        assert_eq!(tell(known, &[]), BTreeSet::new());
    }
}
