//! The strip: every link of the page as a mark, in order.

use super::variables::variables;
use crate::{link_table::LinkTable, selection::LinkKind};

/// Marks at most; of longer lists, each stands for several links.
const MARKS: usize = 180;
/// The width of a strip in marks at least, so that few links are not wide bars.
const LEAST: usize = 60;
/// The height of a strip, in the units of its SVG; a mark and the gap after it are two wide.
const HEIGHT: usize = 32;

variables! {
    /// The size of the strip, and path data of the marks (SVG 2, section 9.3): those of each kind, and of links that are
    /// not selected. A mark stands for `each` links.
    LinkStrip { width, height, internal, external, other, rest, each }
}

impl LinkStrip {
    /// The strip of all links of `table`, of which `selected` are selected, in the order of the page.
    pub(super) fn new(table: &LinkTable, selected: &[u32]) -> Self {
        let each = table.links.len().div_ceil(MARKS).max(1);
        let marks = table.links.len().div_ceil(each);
        let [mut internal, mut external, mut other, mut rest] = [const { String::new() }; 4];
        let mut selected = selected.iter().map(|position| *position as usize).peekable();
        for mark in 0..marks {
            let (mut all, mut chosen) = ([0; 3], [0; 3]);
            for position in (mark * each..table.links.len()).take(each) {
                let kind = table.facts(position).kind as usize;
                all[kind] += 1;
                chosen[kind] += usize::from(selected.next_if_eq(&position).is_some());
            }
            // The kind that most of its links have; if any is selected, of those.
            let is_chosen = chosen != [0; 3];
            let counts = if is_chosen { chosen } else { all };
            let most = LinkKind::ALL.into_iter().max_by_key(|kind| counts[*kind as usize]);
            // From the bottom, which is at HEIGHT, to the top of the mark.
            let (path, line) = match most.unwrap_or(LinkKind::Other) {
                LinkKind::Internal => (&mut internal, " 32v-20"),
                LinkKind::External => (&mut external, " 32v-32"),
                LinkKind::Other => (&mut other, " 32v-11"),
            };
            let path = if is_chosen { path } else { &mut rest };
            path.extend(["M", &(2 * mark + 1).to_string(), line]);
        }
        Self {
            width: (2 * marks.max(LEAST)).into(),
            height: HEIGHT.into(),
            internal: internal.into(),
            external: external.into(),
            other: other.into(),
            rest: rest.into(),
            each: each.into(),
        }
    }
}
