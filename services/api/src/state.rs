//! What the endpoints share.

use crate::{extraction_log::ExtractionLog, page_service::PageService};
use kit::ByteBudget;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct ApiState {
    pub(crate) pages: Arc<PageService>,
    pub(crate) log: ExtractionLog,
    /// Memory for lines of batches that wait for their clients.
    pub(crate) lines: ByteBudget,
}
