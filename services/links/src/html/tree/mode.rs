//! The insertion modes.

/// The insertion modes (section 13.2.4.1). Raw text is read at once, so "text" is not one here; "in table text" is part of
/// the table's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Initial,
    BeforeHtml,
    BeforeHead,
    InHead,
    InHeadNoscript,
    AfterHead,
    InBody,
    InTable,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
    AfterAfterBody,
    InFrameset,
    AfterFrameset,
    AfterAfterFrameset,
}
