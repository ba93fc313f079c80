//! A moment as certificates have it: a date and a time of day, UTC.

use std::fmt;

use rustls::pki_types::UnixTime;

use super::der::{self, GENERALIZED_TIME, UTC_TIME};

/// Year, month, day, hour, minute, second: in the order that compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment([u16; 6]);

impl Moment {
    /// The clock in the form that certificates use; `None` when it stands after the year 9999.
    pub(super) fn of(now: UnixTime) -> Option<Self> {
        let seconds = now.as_secs();
        let (mut year, mut day) = (1970, seconds / 86_400);
        while day >= days(year) {
            day -= days(year);
            year += 1;
            if year > 9999 {
                return None;
            }
        }
        let mut month = 1;
        while day >= days_of_month(year, month) {
            day -= days_of_month(year, month);
            month += 1;
        }
        let of_day = seconds % 86_400;
        let parts = [day + 1, of_day / 3600, of_day / 60 % 60, of_day % 60].map(|part| u16::try_from(part).unwrap_or_default());
        let [day, hour, minute, second] = parts;
        Some(Self([year, month, day, hour, minute, second]))
    }

    /// The time at the beginning of `bytes`, and what follows it. DER knows only `YYMMDDHHMMSSZ` and `YYYYMMDDHHMMSSZ`.
    pub(super) fn of_der(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (tag, content, rest) = der::any(bytes)?;
        let digits = content.strip_suffix(b"Z")?;
        let pairs = match (tag, digits.len()) {
            (UTC_TIME, 12) | (GENERALIZED_TIME, 14) => digits.as_chunks::<2>().0,
            _ => return None,
        };
        let numbers = pairs.iter().map(|pair| number(*pair)).collect::<Option<Vec<u16>>>()?;
        let (year, parts) = match *numbers {
            [year, ref parts @ ..] if tag == UTC_TIME => (if year < 50 { 2000 + year } else { 1900 + year }, parts),
            [century, year, ref parts @ ..] => (century * 100 + year, parts),
            _ => return None,
        };
        let &[month, day, hour, minute, second] = parts else { return None };
        let is_date = (1..=12).contains(&month) && day >= 1 && u64::from(day) <= days_of_month(year, month);
        (is_date && hour < 24 && minute < 60 && second < 60).then_some((Self([year, month, day, hour, minute, second]), rest))
    }
}

/// `2026-11-23 12:00:00 UTC`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour, minute, second] = self.0;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

fn number([tens, ones]: [u8; 2]) -> Option<u16> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u16, month: u16) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn clock(seconds: u64) -> Option<String> {
        Moment::of(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).map(|moment| moment.to_string())
    }

    fn der(tag: u8, text: &str) -> Option<String> {
        Moment::of_der(&der::wrap(tag, text.as_bytes())).map(|(moment, _)| moment.to_string())
    }

    #[test]
    fn the_clock_is_a_date() {
        // date -u -d @SECONDS
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_795_442_400, "2026-11-23 14:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(clock(seconds).as_deref(), Some(expected));
        }
        assert_eq!(clock(253_402_300_800), None);
        assert_eq!(clock(u64::MAX), None);
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        assert_eq!(der(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31 23:59:59 UTC"));
        assert_eq!(der(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01 00:00:00 UTC"));
        assert_eq!(der(GENERALIZED_TIME, "20500228010203Z").as_deref(), Some("2050-02-28 01:02:03 UTC"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "491231235959",
            "4912312359Z",
            "491331235959Z",
            "490229000000Z",
            "490100000000Z",
            "490101240000Z",
            "49010100000xZ",
        ] {
            assert_eq!(der(UTC_TIME, text), None, "{text}");
        }
        assert_eq!(der(GENERALIZED_TIME, "491231235959Z"), None);
        assert_eq!(der(der::INTEGER, "491231235959Z"), None);
    }

    #[test]
    fn an_earlier_moment_is_less() {
        let moment = |text: &str| Moment::of_der(&der::wrap(UTC_TIME, text.as_bytes())).unwrap().0;
        assert!(moment("991231235959Z") < moment("000101000000Z"));
        assert!(moment("260101000000Z") < moment("260101000001Z"));
    }
}
