//! The endpoints, one file each.

pub(crate) mod batch;
pub(crate) mod description;
pub(crate) mod page;
pub(crate) mod problem_type;
pub(crate) mod usage;
