//! Values of options: durations and sizes.

use bytesize::ByteSize;
use std::time::Duration;

/// The longest duration: a clock cannot add every number of seconds to the present time.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// A duration in seconds (`30`, `0.5`), or with its units (`500ms`, `1m 30s`); a year at most.
pub fn duration(text: &str) -> Result<Duration, String> {
    let time = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string()),
    }?;
    if time > LONGEST { Err("it has to be at most a year".to_owned()) } else { Ok(time) }
}

/// A duration that is not zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() { Err("it has to be over 0".to_owned()) } else { Ok(time) }
}

/// A size in bytes (`1000000`), or with its unit (`64MB`, `1GiB`).
pub fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>()? {
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
        assert_eq!(duration("365d"), Ok(LONGEST));
        for text in ["1e19", "1e300", "inf", "NaN", "-1", "366d", "500000y"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
