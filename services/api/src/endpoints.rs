//! One file an endpoint.

pub(crate) mod batch;
pub(crate) mod page;
pub(crate) mod usage;
