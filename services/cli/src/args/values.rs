//! Values of options: durations and sizes.

use bytesize::ByteSize;
use std::time::Duration;

/// A duration in seconds (`30`, `0.5`), or with its units (`500ms`, `1m 30s`).
pub fn duration(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string()),
    }
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
