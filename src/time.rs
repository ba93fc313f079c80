//! The one calendar: a date and a time of day in UTC, from a clock or from its parts.

use std::fmt;

/// Year, month, day, hour, minute, second in UTC, from year 0 to 9999. Ordered as in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UtcTime([u16; 6]);

impl UtcTime {
    /// The time `seconds` after the beginning of 1970; `None` before 1970 and after the year 9999.
    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds < END)?;
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        // Days to a Gregorian date, in years that begin in March so that the leap day comes last.
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        // Each is below 10,000.
        Some(Self([year, month, day, of_day / 3_600, of_day / 60 % 60, of_day % 60].map(|part| part as u16)))
    }

    /// The time with these parts; `None` when there is no such date or time of day.
    pub(crate) fn from_parts(year: u16, [month, day, hour, minute, second]: [u16; 5]) -> Option<Self> {
        let is_date = year <= 9999 && (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month);
        (is_date && hour < 24 && minute < 60 && second < 60).then_some(Self([year, month, day, hour, minute, second]))
    }

    /// Seconds after the beginning of 1970.
    pub(crate) fn unix(self) -> i64 {
        let [year, month, day, hour, minute, second] = self.0.map(i64::from);
        // Years begin in March, so that the leap day comes last.
        let (year, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * month_from_march + 2) / 5 + day - 1;
        (era * 146_097 + day_of_era - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// For example `2026-11-23T12:00:00Z` (RFC 3339).
    pub(crate) fn rfc3339(self) -> String {
        let [year, month, day, hour, minute, second] = self.0;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// For example `2026-11-23 12:00:00 UTC`.
impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour, minute, second] = self.0;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// The beginning of the year 10000, in seconds after the beginning of 1970.
const END: u64 = 253_402_300_800;

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_month(year: u16, month: u16) -> u16 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(seconds: i64) -> Option<String> {
        UtcTime::from_unix(seconds).map(|time| time.to_string())
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
            assert_eq!(UtcTime::from_unix(seconds).unwrap().unix(), seconds);
        }
        for seconds in [-1, i64::MIN, 253_402_300_800, i64::MAX] {
            assert_eq!(clock(seconds), None);
        }
        assert_eq!(UtcTime::from_unix(1_795_442_400).unwrap().rfc3339(), "2026-11-23T14:00:00Z");
    }

    #[test]
    fn only_dates_that_exist_are_made_from_parts() {
        assert!(UtcTime::from_parts(2024, [2, 29, 23, 59, 59]).is_some());
        let wrong = [
            (2023, [2, 29, 0, 0, 0]),
            (2023, [13, 1, 0, 0, 0]),
            (2023, [0, 1, 0, 0, 0]),
            (2023, [1, 0, 0, 0, 0]),
            (2023, [4, 31, 0, 0, 0]),
            (2023, [1, 1, 24, 0, 0]),
            (2023, [1, 1, 0, 60, 0]),
            (2023, [1, 1, 0, 0, 60]),
            (10_000, [1, 1, 0, 0, 0]),
        ];
        for (year, parts) in wrong {
            assert_eq!(UtcTime::from_parts(year, parts), None);
        }
    }

    #[test]
    fn the_clock_and_the_parts_agree_and_an_earlier_time_is_less() {
        let mut before = None;
        for day in 0..60_000 {
            let time = UtcTime::from_unix(day * 86_400 + day % 86_400).unwrap();
            let UtcTime([year, month, day, hour, minute, second]) = time;
            assert_eq!(UtcTime::from_parts(year, [month, day, hour, minute, second]), Some(time));
            assert!(before < Some(time));
            before = Some(time);
        }
    }
}
