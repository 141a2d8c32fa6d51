//! Whether this machine's clock may be believed (EN 319 421 section 7.7.2: no stamp while it may be off by more than the
//! accuracy that the stamp states).
//!
//! [`Chrony`] asks the daemon that keeps the clock; [`Unchecked`] believes, and is for a CA whose name says TEST.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use signum_core::{Clock, Timestamp};

/// By how much the clock may be off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockQuality {
    /// Synchronised with UTC; the most that it may differ.
    Within(Duration),
    /// Not known: why, for the operator.
    Unknown(String),
}

impl ClockQuality {
    /// Why times by this clock are not good enough, if they are not.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::Within(bound) if *bound <= super::ACCURACY => None,
            Self::Within(bound) => Some(format!("it may be off by {} ms", bound.as_millis())),
            Self::Unknown(why) => Some(why.clone()),
        }
    }
}

/// What knows how good the clock is.
#[async_trait]
pub trait ClockCheck: Send + Sync + 'static {
    async fn quality(&self) -> ClockQuality;
}

/// Believes in any clock.
pub struct Unchecked;

#[async_trait]
impl ClockCheck for Unchecked {
    async fn quality(&self) -> ClockQuality {
        ClockQuality::Within(Duration::ZERO)
    }
}

/// How long an answer of the daemon is used; a clock drifts by less than a millisecond meanwhile.
const REMEMBERED: Duration = Duration::from_secs(10);
/// The daemon's own last look at its sources is no older (EN 319 411-1 section 6.4.5: once a day).
const OLDEST: Duration = Duration::from_secs(86_400);
/// A daemon that says nothing for so long is no witness.
const PATIENCE: Duration = Duration::from_secs(2);

/// `chronyc -c tracking`: offset, root delay and dispersion of the running chronyd, which say together how far off the clock
/// may be (RFC 5905 section 10, root synchronization distance).
pub struct Chrony {
    program: PathBuf,
    clock: Arc<dyn Clock>,
    last: tokio::sync::Mutex<Option<(Instant, ClockQuality)>>,
}

impl Chrony {
    /// `clock` is the one that it keeps.
    pub fn new(program: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            program,
            clock,
            last: tokio::sync::Mutex::new(None),
        }
    }

    async fn ask(&self) -> Result<ClockQuality, String> {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["-n", "-c", "tracking"]).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output
            .map_err(|_| "chronyc does not answer".to_owned())?
            .map_err(|error| format!("chronyc: {error}"))?;
        if !output.status.success() {
            return Err("chronyc cannot reach chronyd".to_owned());
        }
        Ok(tracking(&String::from_utf8_lossy(&output.stdout), self.clock.now()))
    }
}

#[async_trait]
impl ClockCheck for Chrony {
    async fn quality(&self) -> ClockQuality {
        let mut last = self.last.lock().await;
        if let Some((at, quality)) = &*last
            && at.elapsed() < REMEMBERED
        {
            return quality.clone();
        }
        let quality = self.ask().await.unwrap_or_else(ClockQuality::Unknown);
        *last = Some((Instant::now(), quality.clone()));
        quality
    }
}

/// Reads the one line of comma-separated values: [3] when a source was last heard, [4] seconds the clock is off, [10] root delay,
/// [11] root dispersion, [13] leap status.
fn tracking(line: &str, now: Timestamp) -> ClockQuality {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let seconds = |place: usize| {
        let number = fields.get(place)?.parse::<f64>().ok()?.abs();
        Duration::try_from_secs_f64(number).ok()
    };
    match fields.get(13).copied() {
        Some("Normal" | "Insert second" | "Delete second") => {}
        Some(other) => return ClockQuality::Unknown(format!("chronyd: {other}")),
        None => return ClockQuality::Unknown("chronyc said something else".to_owned()),
    }
    match seconds(3).map(|heard| i64::try_from(heard.as_secs()).unwrap_or(i64::MAX)) {
        Some(heard) if now.since(Timestamp::from_seconds(heard)) <= OLDEST => {}
        Some(_) => return ClockQuality::Unknown("chronyd has heard no source for a day".to_owned()),
        None => return ClockQuality::Unknown("chronyc said something else".to_owned()),
    }
    match (seconds(4), seconds(10), seconds(11)) {
        (Some(offset), Some(delay), Some(dispersion)) => ClockQuality::Within(offset + delay / 2 + dispersion),
        _ => ClockQuality::Unknown("chronyc said something else".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use signum_core::SystemClock;

    use super::*;

    const GOOD: &str = "C0000201,192.0.2.1,2,1795446000.123456789,-0.000120000,0.000010,0.000050,-12.345,0.010,0.100,0.020000000,0.001000000,64.2,Normal\n";

    const NOW: Timestamp = Timestamp::from_seconds(1_795_446_100);

    #[test]
    fn a_daemon_that_has_heard_nothing_for_a_day_is_no_witness_however_sure_it_is() {
        let at = |seconds: i64| Timestamp::from_seconds(1_795_446_000 + seconds);
        assert!(matches!(tracking(GOOD, at(86_400)), ClockQuality::Within(_)));
        assert!(matches!(tracking(GOOD, at(86_401)), ClockQuality::Unknown(_)));
        let never = GOOD.replace("1795446000.123456789", "0.000000000");
        assert!(matches!(tracking(&never, at(0)), ClockQuality::Unknown(_)));
    }

    #[test]
    fn offset_half_the_delay_and_dispersion_add_up() {
        assert_eq!(tracking(GOOD, NOW), ClockQuality::Within(Duration::from_micros(11_120)));
    }

    #[test]
    fn an_unsynchronised_daemon_or_strange_words_are_no_quality() {
        for line in [
            &GOOD.replace("Normal", "Not synchronised"),
            &GOOD.replace("-0.000120000", "nan"),
            &GOOD.replace("1795446000.123456789", "yesterday"),
            "506 Cannot talk to daemon",
            "",
        ] {
            assert!(matches!(tracking(line, NOW), ClockQuality::Unknown(_)), "{line}");
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_away_is_no_quality() {
        let folder = tempfile::tempdir().unwrap();
        let chrony = |program| Chrony::new(program, Arc::new(SystemClock));
        let missing = chrony(folder.path().join("chronyc"));
        assert!(matches!(missing.quality().await, ClockQuality::Unknown(_)));
        let program = folder.path().join("failing");
        std::fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(chrony(program).quality().await, ClockQuality::Unknown(_)));
    }
}
