//! The time zone in which people read times here (IANA time zone database); everything else is UTC.

use jiff::tz::{Offset, TimeZone};
use signum_core::Timestamp;
use signum_core::i18n::Lang;

/// Kosovo's clocks are those of Belgrade, Pristina has no name of its own in the database.
pub(crate) const DEFAULT: &str = "Europe/Belgrade";

/// A zone with its rules, of past and future.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// By its name in the database that is part of this program.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = jiff::tz::TimeZoneDatabase::bundled().get(name);
        found
            .map(Self)
            .map_err(|_| format!("time_zone: {name} is no zone of the IANA time zone database"))
    }

    /// Date and time in words, as clocks here show them.
    pub(crate) fn date_time(&self, lang: Lang, at: Timestamp) -> String {
        let Ok(moment) = jiff::Timestamp::from_second(at.seconds()) else {
            return lang.date_time(at);
        };
        let info = self.0.to_offset_info(moment);
        match info.offset() {
            Offset::UTC => lang.date_time(at),
            offset => lang.local_date_time(at, offset.seconds(), info.abbreviation()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn people_read_the_time_of_their_clocks_in_summer_and_in_winter() {
        let zone = Zone::named(DEFAULT).unwrap();
        let at = |seconds| zone.date_time(Lang::En, Timestamp::from_seconds(seconds));
        assert_eq!(at(1_790_000_000), "21 September 2026, 16:13 CEST");
        // 2026-10-25: the hour from two to three comes twice.
        assert_eq!(at(1_792_888_200), "25 October 2026, 02:30 CEST");
        assert_eq!(at(1_792_891_800), "25 October 2026, 02:30 CET");
        assert_eq!(at(1_798_760_700), "1 January 2027, 00:45 CET");
        let utc = Zone::named("UTC").unwrap();
        assert_eq!(
            utc.date_time(Lang::En, Timestamp::from_seconds(0)),
            "1 January 1970, 00:00 UTC"
        );
    }

    #[test]
    fn what_is_no_zone_is_refused_by_name() {
        for bad in ["", "Europe/Pristina", "CEST-2", "../etc/passwd"] {
            assert!(Zone::named(bad).unwrap_err().contains("time_zone"), "{bad}");
        }
    }
}
