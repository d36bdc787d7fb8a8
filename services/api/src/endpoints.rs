//! One file an endpoint.

pub(crate) mod page;
pub(crate) mod usage;
