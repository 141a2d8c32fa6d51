//! genTime: GeneralizedTime with a fraction of the second (RFC 3161 section 2.4.2), which `der`'s own type does not have.

use std::time::Duration;

use der::asn1::GeneralizedTime;
use der::{Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// Digits of YYYYMMDDhhmmss.
const WHOLE: usize = 14;

/// A moment, to the nanosecond at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GenTime {
    seconds: GeneralizedTime,
    nanos: u32,
}

impl GenTime {
    /// `since_epoch` rounded down to the millisecond.
    pub fn from_unix_duration(since_epoch: Duration) -> der::Result<Self> {
        Ok(Self {
            seconds: GeneralizedTime::from_unix_duration(Duration::from_secs(since_epoch.as_secs()))?,
            nanos: since_epoch.subsec_millis() * 1_000_000,
        })
    }

    pub fn to_unix_duration(self) -> Duration {
        self.seconds.to_unix_duration() + Duration::from_nanos(u64::from(self.nanos))
    }

    /// DER: no trailing zeros, and no point without digits (RFC 3161 section 2.4.2).
    fn text(self) -> der::Result<Vec<u8>> {
        let mut text = self.seconds.to_der()?.split_off(2);
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            text.truncate(WHOLE);
            text.push(b'.');
            text.extend_from_slice(digits.trim_end_matches('0').as_bytes());
            text.push(b'Z');
        }
        Ok(text)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let (whole, rest) = text.split_at_checked(WHOLE)?;
        let rest = rest.strip_suffix(b"Z")?;
        let seconds = GeneralizedTime::from_der(&[&[0x18, 0x0f], whole, b"Z"].concat()).ok()?;
        let nanos = match rest.split_first() {
            None => 0,
            Some((b'.', digits)) if (1..=9).contains(&digits.len()) && !digits.ends_with(b"0") => {
                let padded = format!("{:0<9}", std::str::from_utf8(digits).ok()?);
                // A sign would be taken for a digit's place.
                digits.iter().all(u8::is_ascii_digit).then(|| padded.parse().ok())??
            }
            Some(_) => return None,
        };
        Some(Self { seconds, nanos })
    }
}

impl FixedTag for GenTime {
    const TAG: Tag = Tag::GeneralizedTime;
}

impl EncodeValue for GenTime {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.text()?.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.text()?)
    }
}

impl<'a> DecodeValue<'a> for GenTime {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let length = usize::try_from(header.length())?;
        // Nine digits at most: there is no reason to read more.
        if length > WHOLE + 11 {
            return Err(Self::TAG.value_error().into());
        }
        let text = reader.read_vec(header.length())?;
        Self::read(&text).ok_or_else(|| Self::TAG.value_error().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn fractions_are_written_without_trailing_zeros_and_read_again() {
        for (millis, text) in [
            (1_790_000_000_000, "20260921141320Z"),
            (1_790_000_000_500, "20260921141320.5Z"),
            (1_790_000_000_120, "20260921141320.12Z"),
            (1_790_000_000_007, "20260921141320.007Z"),
        ] {
            let time = GenTime::from_unix_duration(Duration::from_millis(millis)).unwrap();
            let der = time.to_der().unwrap();
            assert_eq!(&der[2..], text.as_bytes());
            assert_eq!(GenTime::from_der(&der).unwrap(), time);
            assert_eq!(time.to_unix_duration(), Duration::from_millis(millis));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "20260921141320.Z",
            "20260921141320.50Z",
            "20260921141320.0Z",
            "20260921141320",
            "20260921141320.5",
            "20260921141320.+5Z",
            "20260921141320,5Z",
            "20260921141320.1234567891Z",
            "202609211413Z",
            "20261321141320Z",
        ] {
            let der = [&[0x18, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            assert!(GenTime::from_der(&der).is_err(), "{text}");
        }
    }
}
