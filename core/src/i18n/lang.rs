//! The languages, how one is negotiated, and how each writes a date (BCP 47; RFC 9110 section 12.5.4).

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A written language of the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "sq")]
    Sq,
    #[serde(rename = "sr-Latn")]
    SrLatn,
    #[serde(rename = "sr-Cyrl")]
    SrCyrl,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    /// In the order of the language switch.
    pub const ALL: [Self; 4] = [Self::Sq, Self::SrLatn, Self::SrCyrl, Self::En];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Sq => "sq",
            Self::SrLatn => "sr-Latn",
            Self::SrCyrl => "sr-Cyrl",
            Self::En => "en",
        }
    }

    /// The language's name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Sq => "Shqip",
            Self::SrLatn => "Srpski",
            Self::SrCyrl => "Српски",
            Self::En => "English",
        }
    }

    /// Reads a tag, whatever its case and region: `sr-RS` is Serbian Cyrillic (CLDR's likely script), `sr-Latn-XK` Latin.
    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
        let mut parts = tag.split('-');
        match parts.next()? {
            "sq" | "als" | "aln" => Some(Self::Sq),
            "en" => Some(Self::En),
            "sr" => {
                let latin = parts.any(|part| part == "latn" || part == "me");
                Some(if latin { Self::SrLatn } else { Self::SrCyrl })
            }
            // Understood by their readers better than any other language here.
            "sh" | "bs" | "hr" | "cnr" => Some(Self::SrLatn),
            _ => None,
        }
    }

    /// The language to answer in: what the person chose here (`cookie`), else what the relying party said of them
    /// (`ui_locales`, OpenID Connect Core section 3.1.2.1, most preferred first), else what the browser says, else Albanian.
    pub fn negotiate(ui_locales: Option<&str>, cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        cookie
            .and_then(Self::parse)
            .or_else(|| ui_locales?.split_ascii_whitespace().find_map(Self::parse))
            .or_else(|| most_wanted(accept_language?))
            .unwrap_or_default()
    }

    /// Date and time in words, in UTC and saying so.
    pub fn date_time(self, at: Timestamp) -> String {
        self.local_date_time(at, 0, "UTC")
    }

    /// Date and time in words as clocks show them that are `ahead` seconds of UTC, saying which (`CEST`).
    pub fn local_date_time(self, at: Timestamp, ahead: i32, zone: &str) -> String {
        let at = Timestamp(at.0.saturating_add(i64::from(ahead).saturating_mul(1_000_000)));
        let t = at.to_offset();
        let (hour, minute) = (t.hour(), t.minute());
        let between = match self {
            Self::Sq => ", ora",
            Self::SrLatn => " u",
            Self::SrCyrl => " у",
            Self::En => ",",
        };
        format!("{}{between} {hour:02}:{minute:02} {zone}", self.date(at))
    }

    /// The date in words, in UTC.
    pub fn date(self, at: Timestamp) -> String {
        let t = at.to_offset();
        let (year, day) = (t.year(), t.day());
        let month = self.month(t.month());
        match self {
            Self::SrLatn | Self::SrCyrl => format!("{day}. {month} {year}."),
            Self::Sq | Self::En => format!("{day} {month} {year}"),
        }
    }

    /// The month's name as it stands in a date.
    fn month(self, month: time::Month) -> &'static str {
        use time::Month::*;
        let [sq, latin, cyrillic, en] = match month {
            January => ["janar", "januara", "јануара", "January"],
            February => ["shkurt", "februara", "фебруара", "February"],
            March => ["mars", "marta", "марта", "March"],
            April => ["prill", "aprila", "априла", "April"],
            May => ["maj", "maja", "маја", "May"],
            June => ["qershor", "juna", "јуна", "June"],
            July => ["korrik", "jula", "јула", "July"],
            August => ["gusht", "avgusta", "августа", "August"],
            September => ["shtator", "septembra", "септембра", "September"],
            October => ["tetor", "oktobra", "октобра", "October"],
            November => ["nëntor", "novembra", "новембра", "November"],
            December => ["dhjetor", "decembra", "децембра", "December"],
        };
        match self {
            Self::Sq => sq,
            Self::SrLatn => latin,
            Self::SrCyrl => cyrillic,
            Self::En => en,
        }
    }
}

/// The known language of highest weight; the first of equals.
fn most_wanted(accept_language: &str) -> Option<Lang> {
    let mut best: Option<(f32, Lang)> = None;
    for range in accept_language.split(',').take(32) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters
            .trim()
            .strip_prefix("q=")
            .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
        let Some(lang) = Lang::parse(tag) else { continue };
        if weight > best.map_or(0.0, |(w, _)| w) {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_saying_anything_gets_albanian() {
        assert_eq!(Lang::negotiate(None, None, None), Lang::Sq);
        assert_eq!(
            Lang::negotiate(Some("xx"), Some("tlh"), Some("de;q=1, *;q=0.1")),
            Lang::Sq
        );
    }

    #[test]
    fn the_persons_own_choice_wins_over_party_and_browser() {
        assert_eq!(Lang::negotiate(Some("sq"), Some("sr-Cyrl"), Some("en")), Lang::SrCyrl);
        assert_eq!(Lang::negotiate(Some("de en sq"), None, Some("sq")), Lang::En);
    }

    #[test]
    fn the_browsers_weights_decide() {
        assert_eq!(
            Lang::negotiate(None, None, Some("de, en;q=0.4, sr-Latn-RS;q=0.8")),
            Lang::SrLatn
        );
        assert_eq!(Lang::negotiate(None, None, Some("en;q=0, sq;q=0.1")), Lang::Sq);
    }

    #[test]
    fn serbian_without_a_script_is_cyrillic() {
        assert_eq!(Lang::parse("sr-RS"), Some(Lang::SrCyrl));
        assert_eq!(Lang::parse("SR_LATN"), Some(Lang::SrLatn));
    }

    #[test]
    fn every_tag_reads_back() {
        for lang in Lang::ALL {
            assert_eq!(Lang::parse(lang.tag()), Some(lang));
        }
    }

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let at = Timestamp::from_seconds(1_790_000_000);
        assert_eq!(Lang::Sq.date_time(at), "21 shtator 2026, ora 14:13 UTC");
        assert_eq!(Lang::SrLatn.date_time(at), "21. septembra 2026. u 14:13 UTC");
        assert_eq!(Lang::SrCyrl.date_time(at), "21. септембра 2026. у 14:13 UTC");
        assert_eq!(Lang::En.date_time(at), "21 September 2026, 14:13 UTC");
        let late = Timestamp::from_seconds(1_790_000_000 + 8 * 3600);
        let text = Lang::En.local_date_time(late, 7_200, "CEST");
        assert_eq!(text, "22 September 2026, 00:13 CEST");
    }
}
