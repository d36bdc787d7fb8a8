//! Writes sizes exactly: `bytesize` rounds `10MB` to `9.5 MiB`.

use bytesize::{ByteSize, GB, GIB, KB, KIB, MB, MIB};
use serde::Serializer;

/// Serializes `size` in the largest unit that divides it, so that it reads back as the same number of bytes.
pub fn exact<S: Serializer>(size: &ByteSize, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*size))
}

/// `size` in the largest unit that divides it: `10MB`.
pub fn text(size: ByteSize) -> String {
    let units = [("GiB", GIB), ("GB", GB), ("MiB", MIB), ("MB", MB), ("KiB", KIB), ("kB", KB)];
    let bytes = size.as_u64();
    let fits = |unit: &&(&str, u64)| bytes >= unit.1 && bytes.is_multiple_of(unit.1);
    let (name, unit) = units.iter().find(fits).unwrap_or(&("B", 1));
    format!("{}{name}", bytes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Sized(#[serde(serialize_with = "exact")] ByteSize);

    #[test]
    fn a_size_reads_back_as_it_was() {
        for (bytes, written) in [
            (10_000_000, "10MB"),
            (64 << 20, "64MiB"),
            (1 << 30, "1GiB"),
            (1000, "1kB"),
            (1025, "1025B"),
            (0, "0B"),
        ] {
            let json = serde_json::to_string(&Sized(ByteSize(bytes))).unwrap();
            assert_eq!(json, format!("\"{written}\""));
            assert_eq!(serde_json::from_str::<Sized>(&json).unwrap().0.as_u64(), bytes);
        }
    }
}
