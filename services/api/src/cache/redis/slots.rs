//! The slots of a Redis Cluster: which slot a key belongs to, and which master has it (`CLUSTER SLOTS`).

use crc16::{State, XMODEM};
use redis::{FromRedisValue, Value};

const SLOTS: u16 = 16384;

/// A range of slots and the address of their master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotRange {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) host: String,
    pub(super) port: u16,
}

impl SlotRange {
    /// All slots, at a server that is not in a Cluster.
    pub(super) fn all() -> Self {
        Self { first: 0, last: SLOTS - 1, host: String::new(), port: 0 }
    }

    pub(super) fn is_all(&self) -> bool {
        (self.first, self.last) == (0, SLOTS - 1)
    }

    /// The address as `MOVED` and `ASK` write it.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// The part of `key` that decides on its slot: what is between the first `{` and the next `}`, unless that is nothing.
pub(super) fn hash_tag(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

pub(super) fn slot(key: &str) -> u16 {
    State::<XMODEM>::calculate(hash_tag(key).as_bytes()) % SLOTS
}

/// The ranges in an answer to `CLUSTER SLOTS`, in order; a node that does not say its own address is at `host`. `None` for
/// any other value, and for a Cluster without slots.
pub(super) fn parse(answer: &Value, host: &str) -> Option<Vec<SlotRange>> {
    let Value::Array(rows) = answer else { return None };
    let mut ranges = Vec::with_capacity(rows.len());
    for row in rows {
        let Value::Array(row) = row else { return None };
        let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = row.as_slice() else {
            return None;
        };
        let [name, Value::Int(port), ..] = master.as_slice() else { return None };
        let name = String::from_redis_value_ref(name).ok().filter(|name| !name.is_empty() && name != "?");
        let (first, last, port) = (number(*first)?, number(*last)?, number(*port)?);
        if first > last || last >= SLOTS {
            return None;
        }
        ranges.push(SlotRange { first, last, host: name.unwrap_or_else(|| host.to_owned()), port });
    }
    ranges.sort_by_key(|range| range.first);
    (!ranges.is_empty()).then_some(ranges)
}

fn number(value: i64) -> Option<u16> {
    u16::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_slots_that_redis_gives_them() {
        // Answers of CLUSTER KEYSLOT.
        for (key, expected) in
            [("123456789", 12739), ("foo", 12182), ("{foo}bar", 12182), ("a{foo}b{c}", 12182)]
        {
            assert_eq!(slot(key), expected, "{key}");
        }
        assert_eq!(hash_tag("a{}b{c}"), "a{}b{c}");
        assert_eq!(hash_tag("a}b{c"), "a}b{c");
    }

    #[test]
    fn ranges_are_read_in_order_and_anything_else_is_no_answer() {
        let text = |text: &str| Value::BulkString(text.into());
        let row = |first, last, host, port| {
            let master = Value::Array(vec![host, Value::Int(port), text("id")]);
            Value::Array(vec![Value::Int(first), Value::Int(last), master])
        };
        let rows = vec![row(8000, 16383, text("b"), 7001), row(0, 7999, Value::Nil, 7000)];
        let ranges = parse(&Value::Array(rows), "asked").unwrap();
        let found: Vec<_> = ranges.iter().map(|range| (range.last, range.address())).collect();
        assert_eq!(found, [(7999, "asked:7000".to_owned()), (16383, "b:7001".to_owned())]);
        for wrong in [
            Value::Nil,
            Value::Array(vec![]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![row(0, 16384, text("a"), 1)]),
            Value::Array(vec![row(0, 1, text("a"), 70_000)]),
        ] {
            assert_eq!(parse(&wrong, "asked"), None, "{wrong:?}");
        }
    }
}
