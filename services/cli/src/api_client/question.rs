//! Questions to the API, and what comes of them.

use std::time::Duration;
use tokio::sync::oneshot;

/// A page that the API is asked for.
pub struct Question {
    pub page: String,
    pub answer: oneshot::Sender<Answer>,
}

/// What came of a question.
pub enum Answer {
    /// The page's line.
    Line(Vec<u8>),
    /// The API takes no more now; the time that it names.
    Overloaded(Option<Duration>),
    /// No line came, because of this.
    Lost(String),
    /// The API will not answer such a request, because of this.
    Refused(String),
}

impl Answer {
    /// The same answer for another question of the batch.
    pub fn again(&self) -> Self {
        match self {
            Self::Overloaded(after) => Self::Overloaded(*after),
            Self::Lost(reason) => Self::Lost(reason.clone()),
            Self::Refused(reason) => Self::Refused(reason.clone()),
            Self::Line(line) => Self::Line(line.clone()),
        }
    }
}
