//! One file an endpoint.

pub(crate) mod batch;
pub(crate) mod description;
pub(crate) mod page;
pub(crate) mod usage;
