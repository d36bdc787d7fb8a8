//! Values of options: durations and sizes.

use bytesize::ByteSize;
use std::time::Duration;

/// The longest duration, a year as `1y` has it: a clock cannot add every number of seconds to the present time.
const LONGEST: Duration = Duration::from_hours(8766);

const DURATION_FORM: &str = "write it in seconds or with a unit, as in 30, 0.5, 500ms or 2m";
const SIZE_FORM: &str = "write it in bytes or with a unit, as in 1000000, 64MB or 1GiB";

/// A duration in seconds (`30`, `0.5`), or with its units (`500ms`, `1m 30s`); a year at most.
pub fn duration(text: &str) -> Result<Duration, String> {
    let time = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_nan() || seconds < 0.0 => None,
        Ok(seconds) => Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    let time = time.ok_or(DURATION_FORM)?;
    if time > LONGEST { Err("it has to be at most a year".to_owned()) } else { Ok(time) }
}

/// A duration that is not zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() { Err("it has to be over 0".to_owned()) } else { Ok(time) }
}

/// A size in bytes (`1000000`), or with its unit (`64MB`, `1GiB`).
pub fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>().map_err(|_| SIZE_FORM)? {
        ByteSize(0) => Err("it has to be over 0".to_owned()),
        ByteSize(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_largest() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1y"), Ok(LONGEST));
        for text in ["1e19", "1e300", "inf", "NaN", "-1", "366d", "500000y"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_how_values_are_written() {
        for text in ["", "abc", "-1", "NaN", "30 apples", "1x"] {
            assert_eq!(duration(text), Err(DURATION_FORM.to_owned()), "{text:?}");
        }
        for text in ["", "abc", "-1", "1x", "64 M B"] {
            assert_eq!(size(text), Err(SIZE_FORM.to_owned()), "{text:?}");
        }
        assert_eq!(duration("inf"), Err("it has to be at most a year".to_owned()));
        assert_eq!([size("64MB"), size("1GiB"), size("5")], [Ok(64_000_000), Ok(1 << 30), Ok(5)]);
    }
}
