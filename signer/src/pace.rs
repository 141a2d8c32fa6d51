//! The pace of the jobs that take up interrupted work: how soon a row is tried again, and how often.

use std::time::Duration;

/// Rows of one run.
pub(crate) const BATCH: u32 = 20;
/// The pause after the first attempt; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Attempts while a neighbour is away: about a day and a half.
pub(crate) const ATTEMPTS: u32 = 45;
/// Attempts at what trying again hardly mends.
pub(crate) const HOPELESS_ATTEMPTS: u32 = 5;

/// How long a row rests after its `attempt`th attempt (from 1).
pub(crate) fn pause_after(attempt: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_all_attempts_together_take_more_than_a_day() {
        let pauses: Vec<u64> = (1..=4).map(|attempt| pause_after(attempt).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40]);
        assert_eq!(pause_after(ATTEMPTS).as_secs(), 3600);
        let together: u64 = (1..=ATTEMPTS).map(|attempt| pause_after(attempt).as_secs()).sum();
        assert!(together > 24 * 3600);
    }
}
