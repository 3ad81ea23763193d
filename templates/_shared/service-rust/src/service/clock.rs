//! Owns the time of day as the log writes it: RFC 3339, UTC, with microseconds.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

const LENGTH: usize = "2026-01-01T00:00:00.000000Z".len();

thread_local! {
    /// The second that was written last, since most lines share theirs with the line before.
    static LAST: Cell<(u64, [u8; LENGTH])> = const { Cell::new((u64::MAX, [0; LENGTH])) };
}

/// Returns the time that it is now.
pub(super) fn now() -> [u8; LENGTH] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (second, mut text) = LAST.get();
    if second != now.as_secs() {
        text = *b"0000-00-00T00:00:00.000000Z";
        write_second(now.as_secs(), &mut text);
        LAST.set((now.as_secs(), text));
    }
    write_digits(&mut text[20..26], now.subsec_micros().into());
    text
}

fn write_second(second: u64, text: &mut [u8; LENGTH]) {
    let (year, month, day) = civil(second / 86400);
    let time = second % 86400;
    for (range, value) in [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, time / 3600),
        (14..16, time / 60 % 60),
        (17..19, time % 60),
    ] {
        write_digits(&mut text[range], value);
    }
}

/// Returns year, month and day of a day since 1970, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>), where a year starts in March.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + (month <= 2) as u64, month, day)
}

/// Fills a place with a number, from the right.
pub(super) fn write_digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::{civil, write_second};

    #[test]
    fn seconds_become_dates() {
        for (second, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_827_696, "2000-02-29T12:34:56.000000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            let mut text = *b"0000-00-00T00:00:00.000000Z";
            write_second(second, &mut text);
            assert_eq!(String::from_utf8_lossy(&text), expected);
        }
    }

    #[test]
    fn days_follow_one_another() {
        let mut last = civil(0);
        for day in 1..200_000 {
            let next = civil(day);
            assert!(last < next && next.1 <= 12 && next.2 <= 31, "{last:?} {next:?}");
            last = next;
        }
    }
}
