//! The endpoints.

pub(crate) mod batch;
pub(crate) mod documents;
pub(crate) mod page;
