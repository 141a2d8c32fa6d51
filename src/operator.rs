//! The operator's view of the CA and the audit logs: read from the databases, shown as text, page and metrics, with alarms
//! for what runs out or stands still.

mod alarm;
mod gauges;
mod page;
mod text;

use std::sync::LazyLock;

use anyhow::Result;
use signum_ca::Overview;
use signum_core::audit::{Log, LogState, VerifierKey};
use signum_core::i18n::{Catalogue, Lang};
use signum_core::{Cx, Timestamp};

pub use alarm::Alarm;
pub use gauges::watch;
pub use page::router;
pub use text::text;

use crate::config::Alarms;

/// The words of page, text and alarms.
static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::new(&[
        (Lang::Sq, include_str!("operator/locales/sq.ftl")),
        (Lang::SrLatn, include_str!("operator/locales/sr-Latn.ftl")),
        (Lang::En, include_str!("operator/locales/en.ftl")),
    ])
});

/// Everything at one moment.
#[derive(Debug)]
pub struct Status {
    pub at: Timestamp,
    pub ca: Overview,
    /// Whether CAA records are looked up before a TLS certificate.
    pub looks_up_caa: bool,
    pub logs: Vec<LogState>,
    /// Worst first is not said: each wants somebody.
    pub alarms: Vec<Alarm>,
}

/// What is looked at.
#[derive(Clone)]
pub struct View {
    pub ca: Cx,
    /// Each log with the key that its checkpoints must have.
    pub logs: Vec<(Log, VerifierKey)>,
    pub limits: Alarms,
    pub looks_up_caa: bool,
}

impl View {
    /// Looks at everything now.
    pub async fn status(&self) -> Result<Status> {
        let at = self.ca.now();
        let ca = signum_ca::overview(&self.ca).await?;
        let (mut logs, mut alarms) = (Vec::new(), Vec::new());
        for (log, key) in &self.logs {
            match log.state(key).await {
                Ok(state) => logs.push(state),
                Err(error) => alarms.push(Alarm::Log {
                    service: log.service().to_owned(),
                    problem: error.to_string(),
                }),
            }
        }
        alarms.extend(alarm::raised(&ca, &logs, &self.limits, at));
        Ok(Status {
            at,
            ca,
            looks_up_caa: self.looks_up_caa,
            logs,
            alarms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn the_words_of_the_operators_view_are_complete() {
        signum_core::i18n::assert_complete(&WORDS);
    }
}
