//! Why reading a document ends early.

/// Why reading ends before the document does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The document is not well-formed.
    IllFormed,
    /// An answer would cost too much time or memory.
    TooCostly,
}
