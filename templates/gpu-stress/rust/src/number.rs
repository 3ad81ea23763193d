//! Owns the steps from whole numbers to floating-point ones and back, and numbers for people.

/// A count as a floating-point number, rounded from 2^53 on.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "rates and shares need no more than 53 bits")]
pub fn float(count: impl Into<u128>) -> f64 {
    count.into() as f64
}

/// The whole part of a number; 0 for what is below, and the largest for what is above.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as is said")]
#[expect(clippy::cast_sign_loss, reason = "`as` saturates, as is said")]
pub const fn whole(number: f64) -> u64 {
    number as u64
}

/// As [`whole`], for what needs 128 bits.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as is said of `whole`")]
#[expect(clippy::cast_sign_loss, reason = "`as` saturates, as is said of `whole`")]
pub const fn whole128(number: f64) -> u128 {
    number as u128
}

/// As [`whole`], for what counts in 32 bits.
#[must_use]
pub fn whole32(number: f64) -> u32 {
    u32::try_from(whole(number)).unwrap_or(u32::MAX)
}

/// A number of bytes as the size of something in memory.
#[must_use]
pub fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The middle of the values, or the mean of the two in the middle.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Bytes for people, such as `15.6 GiB`.
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    format!("{:.1} GiB", float(bytes) / f64::from(1 << 30))
}
