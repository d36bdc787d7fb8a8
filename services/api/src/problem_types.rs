//! The table of problem types: status, title and explanation of every error code, from `problems.json`.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    sync::LazyLock,
};

const TABLE: &str = include_str!("../problems.json");
static TYPES: LazyLock<BTreeMap<&str, ProblemType>> =
    LazyLock::new(|| serde_json::from_str(TABLE).expect("a part of the program that every test reads"));

/// What all problems of a code have in common. Its text is the explanation at `/problems/<code>`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProblemType {
    /// The usual status.
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    when: &'static str,
    advice: &'static str,
}

impl ProblemType {
    /// The type of `code`, if there is one.
    pub(crate) fn of(code: &str) -> Option<&'static Self> {
        TYPES.get(code)
    }
}

impl Display for ProblemType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, title, when, advice } = self;
        write!(f, "{title} (status {status})\n\nWhen it happens: {when}\n\nWhat to do: {advice}\n")
    }
}
