//! The texts of error pages: what is wrong, and what to try.

use crate::error::{WebError, WebErrorKind as Kind};

/// The text of an error page.
#[derive(Debug)]
pub(crate) struct ErrorText {
    pub(crate) title: &'static str,
    /// What is wrong.
    pub(crate) what: String,
    /// What to try.
    pub(crate) advice: &'static str,
}

impl WebError {
    /// The text for this error.
    pub(crate) fn text(&self) -> ErrorText {
        let (title, what, advice) = text(self.kind);
        let what = match (self.kind, self.upstream_status) {
            (Kind::UpstreamStatus, Some(status)) => {
                format!("The site answered with an error ({status}) instead of the page.")
            }
            _ => what.to_owned(),
        };
        ErrorText { title, what, advice }
    }
}

#[expect(clippy::too_many_lines, reason = "a table with a row for each kind")]
fn text(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::InvalidUrl => (
            "This is not a web address",
            "The address is not a valid URL.",
            "Check it for spaces and missing parts. It should look like https://example.com/page.",
        ),
        Kind::UnsupportedScheme => (
            "This is not the address of a web page",
            "Only addresses that begin with http:// or https:// can be read.",
            "Copy the page’s address from your browser.",
        ),
        Kind::UrlTooLong => (
            "The address is too long",
            "An address can have up to 8 KiB.",
            "Try a shorter address for the same page, for example without the part after the question mark.",
        ),
        Kind::BadQuery => (
            "This request is not valid",
            "It has more than one address, or an option that does not exist.",
            "Enter the address of one page in the form.",
        ),
        Kind::BlockedDestination => (
            "This page is not public",
            "The address, or one that it redirects to, is not on the public web. Only public pages are read here.",
            "Use the address of a page that everyone can open.",
        ),
        Kind::DnsFailure => (
            "This site cannot be found",
            "The name of the site has no known network address.",
            "Check the spelling. The name of a new site can take a day to work everywhere.",
        ),
        Kind::ConnectFailure => (
            "This site does not answer",
            "No connection to the site could be made.",
            "The site may be down. Check whether it opens in your browser, or try again later.",
        ),
        Kind::TlsFailure => (
            "The connection to this site is not secure",
            "The site’s certificate or encryption cannot be trusted, so the page was not read.",
            "Check the spelling of the address. If the site also offers the page at http://, that address can be read.",
        ),
        Kind::UpstreamStatus => (
            "This page cannot be opened",
            "The site answered with an error instead of the page.",
            "Check the address in your browser. Pages that need a login cannot be read.",
        ),
        Kind::TooManyRedirects => (
            "This page redirects too often",
            "The address leads from one redirect to the next, without reaching a page.",
            "Open it in your browser, and use the address that you end up at.",
        ),
        Kind::BadRedirect => (
            "This page redirects to an invalid address",
            "The address redirects to something that is not a web page.",
            "Open it in your browser, and use the address that you end up at.",
        ),
        Kind::TooLarge => (
            "This page is too large",
            "The page is larger than the limit.",
            "Try a smaller page of the same site.",
        ),
        Kind::BadEncoding => (
            "This page cannot be decoded",
            "The site sent compressed data that is damaged or in an unknown format.",
            "Try again later. If the error remains, the site’s owner has to fix it.",
        ),
        Kind::Incomplete => (
            "This page is incomplete",
            "The connection to the site ended before the whole page arrived.",
            "Try again: this is often temporary.",
        ),
        Kind::NotHtml => (
            "This is not a web page",
            "There is a file at this address, such as an image or a PDF document, but no HTML page.",
            "Use the address of the page that links to the file.",
        ),
        Kind::Timeout => (
            "This site takes too long",
            "The page did not arrive in time.",
            "Try again in a minute. The site may be busy.",
        ),
        Kind::Overloaded => (
            "Too many requests at the moment",
            "Too many pages are being read right now.",
            "Try again in a few seconds.",
        ),
        Kind::ApiUnreachable => (
            "Pages cannot be read right now",
            "The service that reads pages cannot be reached. This is our fault, not the page’s.",
            "Try again in a minute.",
        ),
        Kind::ApiTimeout => (
            "This takes too long",
            "The service that reads pages did not answer in time.",
            "Try again in a minute.",
        ),
        Kind::ApiAnswer => (
            "The links could not be read",
            "The service that reads pages reported an unknown error.",
            "Check the address, or try again in a minute.",
        ),
        Kind::NotFound => (
            "Page not found",
            "There is no page at this address of Link Extractor.",
            "Enter the address of a web page in the form.",
        ),
        Kind::MethodNotAllowed => (
            "This is not possible",
            "This page can only be read.",
            "Enter the address of a web page in the form.",
        ),
        Kind::Internal => {
            ("Something went wrong", "This is our fault, not the page’s.", "Try again in a minute.")
        }
    }
}
