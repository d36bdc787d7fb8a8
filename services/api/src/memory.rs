//! The memory of the whole service, `limits.memory`, and the share of it that each part gets.

use bytesize::ByteSize;
use fetch::FetchSettings;

/// Bytes for what `cache.memory` and `fetch.memory` leave of `limits.memory`. What is not given away, a sixteenth, is for
/// connections and everything small.
pub(crate) struct MemoryShares {
    /// Responses that wait for their clients.
    pub(crate) send_queue: u64,
    /// Extraction and conversion.
    pub(crate) extraction: u64,
    /// Links that wait for their conversion.
    pub(crate) conversion: u64,
    /// Results that are being written to Redis.
    pub(crate) redis_writes: u64,
    /// Lines of batches that wait for their clients.
    pub(crate) lines: u64,
    /// Bodies of requests: URLs of batches, and pages.
    pub(crate) request_bodies: u64,
    /// Parts of batches that wait for compression.
    pub(crate) compression: u64,
}

impl MemoryShares {
    /// The shares of `all`, of which the settings give `cache` and a part for fetching away.
    pub(crate) fn of(all: ByteSize, cache: ByteSize, fetch: &FetchSettings) -> Self {
        let rest = all.as_u64().saturating_sub(cache.as_u64().saturating_add(fetch.memory.as_u64()));
        let usual = rest / 32 * 3;
        // The largest page has to fit. Extractions, which need more than a page, then run alone earlier.
        let request_bodies = usual.max(fetch.max_bytes.as_u64());
        Self {
            send_queue: rest / 4,
            extraction: (rest / 32 * 9).saturating_sub(request_bodies - usual),
            conversion: usual,
            redis_writes: rest / 16,
            lines: rest / 8,
            request_bodies,
            compression: rest / 32,
        }
    }
}

/// The defaults of `cache.memory` and `fetch.memory`, shares of `all`.
pub(crate) fn defaults(all: ByteSize, fetch: &FetchSettings) -> Vec<(&'static str, u64)> {
    let all = all.as_u64();
    vec![("cache.memory", all / 8), ("fetch.memory", (all / 16 * 5).max(fetch.least_memory().as_u64()))]
}

/// Checks that `cache.memory` and `fetch.memory` leave a quarter of `all`, which is `limits.memory`, and that a page fits.
pub(crate) fn check(all: ByteSize, cache: ByteSize, fetch: &FetchSettings) -> Result<(), String> {
    let (least, page, fetch) = (fetch.least_memory(), fetch.max_bytes, fetch.memory);
    if fetch < least {
        return Err(format!(
            "fetch.memory: found {fetch}; expected at least {least}, as fetch.max_bytes is {page}"
        ));
    }
    let most = ByteSize(all.as_u64() / 4 * 3);
    if cache.as_u64().saturating_add(fetch.as_u64()) > most.as_u64() {
        return Err(format!(
            "limits.memory: found {all}, of which cache.memory ({cache}) and fetch.memory ({fetch}) may take three \
             quarters, {most}; expected more, or less for these"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_leave_a_sixteenth() {
        let fetch = FetchSettings { memory: ByteSize::mib(160), ..FetchSettings::default() };
        let shares = MemoryShares::of(ByteSize::mib(512), ByteSize::mib(64), &fetch);
        let MemoryShares { send_queue, extraction, conversion, redis_writes, lines, .. } = shares;
        assert_eq!(
            send_queue
                + extraction
                + conversion
                + redis_writes
                + lines
                + shares.request_bodies
                + shares.compression,
            ByteSize::mib(288 - 18).as_u64()
        );
    }
}
