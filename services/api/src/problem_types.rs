//! The table of problem types: status, title and explanation of every error code, from `problems.json`.

use http::StatusCode;
use kit::Problem;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    sync::LazyLock,
};

static TYPES: LazyLock<BTreeMap<&str, ProblemType>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../problems.json"))
        .expect("a part of the program that every test reads")
});

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
    pub(crate) fn of(code: &str) -> Option<&'static Self> {
        TYPES.get(code)
    }
}

/// A problem of the type of `code`, with a `status` other than the usual one if given.
pub(crate) fn problem(code: &'static str, status: Option<u16>) -> Problem {
    let (usual, title) = ProblemType::of(code).map_or((500, code), |kind| (kind.status, kind.title));
    let status = StatusCode::from_u16(status.unwrap_or(usual)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Problem::new(status, code, title)
}

impl Display for ProblemType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, title, when, advice } = self;
        write!(f, "{title} (status {status})\n\nWhen it happens: {when}\n\nWhat to do: {advice}\n")
    }
}
