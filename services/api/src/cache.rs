//! Where results are kept: one interface, and an implementation in the process and in Redis.

pub(crate) mod embedded;
pub(crate) mod redis;
pub(crate) mod tier;
