//! What an operator must know of before it hurts.

use std::time::Duration;

use signum_ca::{ClockLook, Overview};
use signum_core::Timestamp;
use signum_core::audit::LogState;
use signum_core::i18n::Lang;

use super::WORDS;
use crate::config::Alarms;

/// One thing that wants somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// An authority's key or its certificate ends: its successor takes a ceremony.
    Authority { holder: String, not_after: Timestamp },
    /// A responder or time-stamping unit was not renewed in its time.
    Unit { holder: String, not_after: Timestamp },
    /// A list was not followed by the next in its time.
    List { name: String, next_update: Timestamp },
    /// Status answers were not signed anew in their time.
    Answers { name: String, next_update: Timestamp },
    /// A replica's clock is off, or nobody knows by how much.
    Clock {
        replica: String,
        problem: String,
        since: Timestamp,
    },
    /// A replica has not looked at its clock, nor ended in order.
    ClockLate { replica: String, at: Timestamp },
    /// Certificates were begun and not ended.
    Intents { count: i64, since: Timestamp },
    /// Changes of status are not in the audit log yet.
    Owed { count: i64 },
    /// Stored certificates that the newest second look found wrong.
    Relint { count: i64, at: Timestamp },
    /// No second look for two days.
    RelintLate { at: Timestamp },
    /// An authority is revoked by two officers, and the offline root's list does not say so yet.
    Ceremony { authority: String, since: Timestamp },
    /// Events have waited too long for their place or for a checkpoint.
    Unsigned { service: String, since: Timestamp },
    /// A log cannot be read, or its newest checkpoint is none of ours.
    Log { service: String, problem: String },
    /// A witness refuses, or is away.
    Witness {
        service: String,
        name: String,
        problem: String,
    },
}

impl Alarm {
    /// Every kind.
    pub const CODES: [&'static str; 14] = [
        "authority_ends",
        "unit_ends",
        "list_late",
        "answers_late",
        "clock_wrong",
        "clock_late",
        "intents_open",
        "events_owed",
        "relint_findings",
        "relint_late",
        "ceremony_due",
        "log_unsigned",
        "log_broken",
        "witness",
    ];

    /// The kind, as metrics and logs name it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Authority { .. } => "authority_ends",
            Self::Unit { .. } => "unit_ends",
            Self::List { .. } => "list_late",
            Self::Answers { .. } => "answers_late",
            Self::Clock { .. } => "clock_wrong",
            Self::ClockLate { .. } => "clock_late",
            Self::Intents { .. } => "intents_open",
            Self::Owed { .. } => "events_owed",
            Self::Relint { .. } => "relint_findings",
            Self::RelintLate { .. } => "relint_late",
            Self::Ceremony { .. } => "ceremony_due",
            Self::Unsigned { .. } => "log_unsigned",
            Self::Log { .. } => "log_broken",
            Self::Witness { .. } => "witness",
        }
    }

    /// What it is and what to do.
    pub fn text(&self, lang: Lang) -> String {
        let (key, values): (&str, Vec<(&str, String)>) = match self {
            Self::Authority { holder, not_after } => (
                "alarm-authority",
                vec![("name", holder.clone()), ("time", not_after.to_string())],
            ),
            Self::Unit { holder, not_after } => (
                "alarm-unit",
                vec![("name", holder.clone()), ("time", not_after.to_string())],
            ),
            Self::List { name, next_update } => (
                "alarm-list",
                vec![("name", name.clone()), ("time", next_update.to_string())],
            ),
            Self::Answers { name, next_update } => (
                "alarm-answers",
                vec![("name", name.clone()), ("time", next_update.to_string())],
            ),
            Self::Clock {
                replica,
                problem,
                since,
            } => (
                "alarm-clock",
                vec![
                    ("name", replica.clone()),
                    ("problem", problem.clone()),
                    ("time", since.to_string()),
                ],
            ),
            Self::ClockLate { replica, at } => (
                "alarm-clock-late",
                vec![("name", replica.clone()), ("time", at.to_string())],
            ),
            Self::Intents { count, since } => (
                "alarm-intents",
                vec![("count", count.to_string()), ("time", since.to_string())],
            ),
            Self::Owed { count } => ("alarm-owed", vec![("count", count.to_string())]),
            Self::Relint { count, at } => (
                "alarm-relint",
                vec![("count", count.to_string()), ("time", at.to_string())],
            ),
            Self::RelintLate { at } => ("alarm-relint-late", vec![("time", at.to_string())]),
            Self::Ceremony { authority, since } => (
                "alarm-ceremony",
                vec![("name", authority.clone()), ("time", since.to_string())],
            ),
            Self::Unsigned { service, since } => (
                "alarm-unsigned",
                vec![("name", service.clone()), ("time", since.to_string())],
            ),
            Self::Log { service, problem } => (
                "alarm-log",
                vec![("name", service.clone()), ("problem", problem.clone())],
            ),
            Self::Witness { service, name, problem } => (
                "alarm-witness",
                vec![
                    ("service", service.clone()),
                    ("name", name.clone()),
                    ("problem", problem.clone()),
                ],
            ),
        };
        let values: Vec<_> = values.into_iter().map(|(name, value)| (name, value.into())).collect();
        WORDS.text_with(lang, key, &values)
    }
}

const DAY: u64 = 86_400;
/// The job looks once a day.
const RELINT_LATE: Duration = Duration::from_secs(2 * DAY);

/// Each replica looks once a minute.
const CLOCK_LATE: Duration = Duration::from_secs(600);

/// The beginning of a replica's id tells it from the others.
pub(super) fn replica_name(clock: &ClockLook) -> String {
    hex::encode(clock.replica.get(..4).unwrap_or_default())
}

/// What the limits say about this state.
pub(super) fn raised(ca: &Overview, logs: &[LogState], limits: &Alarms, now: Timestamp) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let within = |days: u32| now.plus(Duration::from_secs(u64::from(days) * DAY));
    for key in &ca.keys {
        let (holder, not_after) = (key.holder.clone(), key.used_until);
        if key.is_authority() && not_after < within(limits.authority_days) {
            alarms.push(Alarm::Authority { holder, not_after });
        } else if !key.is_authority() && not_after < within(limits.unit_days) {
            alarms.push(Alarm::Unit { holder, not_after });
        }
    }
    for list in &ca.lists {
        // The next one comes after half of its life.
        let life = list.next_update.since(list.this_update);
        if now.since(list.this_update) > life * 3 / 4 {
            alarms.push(Alarm::List {
                name: format!("{}/{}", list.issuer, list.shard),
                next_update: list.next_update,
            });
        }
    }
    let late = now.minus(Duration::from_secs(u64::from(limits.waiting_minutes) * 60));
    if let Some(answer) = ca.oldest_answer.as_ref() {
        // Its successor comes when half of its life is over.
        let left = answer.next_update.since(answer.refresh_at);
        if now.since(answer.refresh_at) > left / 2 {
            alarms.push(Alarm::Answers {
                name: answer.issuer.clone(),
                next_update: answer.next_update,
            });
        }
    }
    for clock in &ca.clocks {
        let replica = replica_name(clock);
        if now.since(clock.at) > CLOCK_LATE {
            alarms.push(Alarm::ClockLate { replica, at: clock.at });
        } else if let Some((problem, since)) = clock.problem.clone() {
            alarms.push(Alarm::Clock {
                replica,
                problem,
                since,
            });
        }
    }
    if let Some(since) = ca.queue.oldest_intent.filter(|since| *since < late) {
        let count = ca.queue.intents;
        alarms.push(Alarm::Intents { count, since });
    }
    if ca.queue.owed_events > 0 {
        let count = ca.queue.owed_events;
        alarms.push(Alarm::Owed { count });
    }
    if let Some(look) = &ca.relint {
        let (at, count) = (look.at, look.findings);
        if count > 0 {
            alarms.push(Alarm::Relint { count, at });
        }
        if now.since(at) > RELINT_LATE {
            alarms.push(Alarm::RelintLate { at });
        }
    }
    for due in &ca.ceremonies {
        let (authority, since) = (due.authority.clone(), due.since);
        alarms.push(Alarm::Ceremony { authority, since });
    }
    for log in logs {
        let since = [log.waiting_since, log.unsigned_since].into_iter().flatten().min();
        if let Some(since) = since.filter(|since| *since < late) {
            let service = log.service.clone();
            alarms.push(Alarm::Unsigned { service, since });
        }
        for witness in &log.witnesses {
            if let Some(problem) = &witness.problem {
                alarms.push(Alarm::Witness {
                    service: log.service.clone(),
                    name: witness.name.clone(),
                    problem: problem.clone(),
                });
            }
        }
    }
    alarms
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use signum_ca::{Answer, DueCeremony, List, OwnKey, Queue, RelintLook};
    use signum_core::audit::WitnessState;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn in_days(days: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds() + days * 86_400)
    }

    fn key(holder: &str, days: i64) -> OwnKey {
        OwnKey {
            holder: holder.to_owned(),
            issuer: "root".to_owned(),
            key_label: "k".to_owned(),
            serial: vec![1],
            not_before: in_days(-30),
            not_after: in_days(days + 9),
            used_until: in_days(days),
        }
    }

    fn list(age_days: i64) -> List {
        List {
            issuer: "qsig".to_owned(),
            shard: 0,
            number: 7,
            this_update: in_days(-age_days),
            next_update: in_days(8 - age_days),
        }
    }

    fn log(unsigned: Option<Timestamp>, problem: Option<&str>) -> LogState {
        LogState {
            service: "ca".to_owned(),
            size: 5,
            waiting: 0,
            waiting_since: None,
            signed: None,
            unsigned_since: unsigned,
            witnesses: vec![WitnessState {
                name: "w1".to_owned(),
                size: 5,
                attempted_at: Some(NOW),
                problem: problem.map(str::to_owned),
            }],
        }
    }

    fn codes(keys: Vec<OwnKey>, lists: Vec<List>, queue: Queue, logs: &[LogState]) -> Vec<&'static str> {
        let oldest_answer = Some(Answer {
            issuer: "qsig".to_owned(),
            refresh_at: NOW,
            next_update: in_days(1),
        });
        let ca = Overview {
            keys,
            lists,
            oldest_answer,
            relint: None,
            ceremonies: vec![],
            clocks: vec![],
            queue,
        };
        let alarms = raised(&ca, logs, &Alarms::default(), NOW);
        for lang in Lang::ALL {
            assert!(alarms.iter().all(|alarm| !alarm.text(lang).contains('[')), "{alarms:?}");
        }
        alarms.iter().map(Alarm::code).collect()
    }

    #[test]
    fn nothing_is_said_of_what_is_in_order() {
        let keys = vec![key("qsig", 401), key("ocsp-qsig", 8)];
        let logs = [log(Some(in_days(0)), None)];
        let queue = Queue {
            intents: 3,
            oldest_intent: Some(NOW),
            ..Queue::default()
        };
        assert_eq!(codes(keys, vec![list(4), list(6)], queue, &logs), Vec::<&str>::new());
    }

    #[test]
    fn a_clock_that_is_wrong_or_not_looked_at_is_told_of_its_replica() {
        let told = |minutes: u64, problem: Option<&str>| {
            let at = NOW.minus(Duration::from_secs(minutes * 60));
            let ca = Overview {
                keys: vec![],
                lists: vec![],
                oldest_answer: None,
                relint: None,
                ceremonies: vec![],
                clocks: vec![ClockLook {
                    replica: [0xab; 16],
                    at,
                    is_checked: true,
                    off: None,
                    problem: problem.map(|problem| (problem.to_owned(), at)),
                }],
                queue: Queue::default(),
            };
            let alarms = raised(&ca, &[], &Alarms::default(), NOW);
            for alarm in &alarms {
                assert!(Lang::ALL.iter().all(|lang| alarm.text(*lang).contains("abababab")));
            }
            alarms.iter().map(Alarm::code).collect::<Vec<_>>()
        };
        assert_eq!(told(9, None), Vec::<&str>::new());
        assert_eq!(told(1, Some("not synchronised")), ["clock_wrong"]);
        assert_eq!(told(11, Some("not synchronised")), ["clock_late"]);
        assert_eq!(told(11, None), ["clock_late"]);
    }

    #[test]
    fn what_ends_is_told_in_time_for_what_it_takes() {
        let keys = vec![key("qsig", 399), key("ocsp-qsig", 6), key("tsu", -1)];
        assert_eq!(
            codes(keys, vec![list(7)], Queue::default(), &[]),
            ["authority_ends", "unit_ends", "unit_ends", "list_late"]
        );
    }

    #[test]
    fn an_answer_that_is_late_is_told_before_it_ends() {
        let late = |hours: i64| {
            let at = Timestamp::from_seconds(NOW.seconds() - hours * 3600);
            let ca = Overview {
                keys: vec![],
                lists: vec![],
                oldest_answer: Some(Answer {
                    issuer: "qsig".to_owned(),
                    refresh_at: at,
                    next_update: at.plus(Duration::from_secs(10 * 3600)),
                }),
                relint: None,
                ceremonies: vec![],
                clocks: vec![],
                queue: Queue::default(),
            };
            raised(&ca, &[], &Alarms::default(), NOW)
        };
        assert_eq!(late(5), []);
        assert!(matches!(late(6)[..], [Alarm::Answers { .. }]));
    }

    #[test]
    fn a_second_look_that_found_something_or_did_not_come_and_a_ceremony_that_is_due_are_told() {
        let told = |days: i64, findings: i64| {
            let ca = Overview {
                keys: vec![],
                lists: vec![],
                oldest_answer: None,
                relint: Some(RelintLook {
                    at: in_days(-days),
                    read: 9,
                    findings,
                }),
                ceremonies: vec![],
                clocks: vec![],
                queue: Queue::default(),
            };
            let alarms = raised(&ca, &[], &Alarms::default(), NOW);
            alarms.iter().map(Alarm::code).collect::<Vec<_>>()
        };
        assert_eq!(told(1, 0), Vec::<&str>::new());
        assert_eq!(told(1, 2), ["relint_findings"]);
        assert_eq!(told(3, 0), ["relint_late"]);
        let due = Overview {
            keys: vec![],
            lists: vec![],
            oldest_answer: None,
            relint: None,
            ceremonies: vec![DueCeremony {
                authority: "qsig".to_owned(),
                since: NOW,
            }],
            clocks: vec![],
            queue: Queue::default(),
        };
        let alarms = raised(&due, &[], &Alarms::default(), NOW);
        assert_eq!(alarms.iter().map(Alarm::code).collect::<Vec<_>>(), ["ceremony_due"]);
        assert!(alarms[0].text(Lang::En).contains("qsig"));
    }

    #[test]
    fn what_stands_still_is_told() {
        let queue = Queue {
            intents: 1,
            oldest_intent: Some(in_days(-1)),
            owed_events: 2,
            approvals: 9,
        };
        let logs = [log(Some(in_days(-1)), None), log(None, Some("no answer"))];
        assert_eq!(
            codes(vec![], vec![], queue, &logs),
            ["intents_open", "events_owed", "log_unsigned", "witness"]
        );
    }
}
