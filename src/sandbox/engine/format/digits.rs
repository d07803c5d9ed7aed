//! The digits of custom patterns.

/// A whole number times a hundred or divided by a thousand so many times, with so many digits after the point; nothing
/// if it has more digits than can be counted.
pub(super) fn exact(whole: u128, percents: usize, thousands: usize, precision: usize) -> Option<String> {
    let power = |base: u128, count: usize| base.checked_pow(u32::try_from(count).ok()?);
    let scale = power(10, precision)?;
    let divisor = power(1000, thousands)?;
    let scaled = whole.checked_mul(power(100, percents)?)?.checked_mul(scale)?.checked_add(divisor / 2)? / divisor;
    Some(match precision {
        0 => scaled.to_string(),
        _ => format!("{}.{:0precision$}", scaled / scale, scaled % scale),
    })
}

/// The digits before an exponent, so many before the point, and the exponent.
pub(super) fn with_exponent(size: f64, before: usize, after: usize) -> (String, i32) {
    let exponential = format!("{size:.14e}");
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if size == 0.0 || !size.is_finite() {
        return (fifteen_digits(size, after), 0);
    }
    let before = i32::try_from(before).unwrap_or(1).clamp(1, 15);
    let shifted = |by: i32| {
        let mantissa: f64 = format!("{mantissa}e{}", before - 1 - by).parse().unwrap_or(0.0);
        fifteen_digits(mantissa, after)
    };
    let first = shifted(0);
    // What is rounded up may have a place more.
    let is_longer = first.find('.').unwrap_or(first.len()) > before as usize;
    let by = i32::from(is_longer);
    (if is_longer { shifted(1) } else { first }, exponent + 1 - before + by)
}

/// So many digits after the point, rounded as custom patterns do it: of fifteen digits, halves up.
pub(super) fn fifteen_digits(size: f64, precision: usize) -> String {
    let exponential = format!("{size:.14e}");
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let digit = |place: i32| usize::try_from(place).ok().and_then(|place| digits.get(place)).copied().unwrap_or(0);
    // Places count from the first digit; the point stands after place `exponent`.
    let first = exponent.min(0) - 1;
    let last = exponent.saturating_add(i32::try_from(precision).unwrap_or(0));
    if last < first || !size.is_finite() {
        return format!("{size:.precision$}");
    }
    let mut kept: Vec<u8> = (first..=last).map(|place| if place < 0 { 0 } else { digit(place) }).collect();
    let mut carry = u8::from(last >= -1 && digit(last + 1) >= 5);
    for place in kept.iter_mut().rev() {
        *place += carry;
        carry = *place / 10;
        *place %= 10;
    }
    let text: String = kept.iter().map(|digit| char::from(digit + b'0')).collect();
    let (whole, fraction) = text.split_at(text.len() - precision);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if precision == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
}
