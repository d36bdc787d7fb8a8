//! Each failure in a person's words: what is wrong, and what to try.

use crate::failure::{Failure, Kind};
use serde::Serialize;

/// The words of an error page.
#[derive(Debug, Serialize)]
pub(crate) struct Words {
    pub(crate) title: &'static str,
    /// What is wrong.
    pub(crate) what: String,
    /// What to try.
    pub(crate) advice: &'static str,
}

impl Failure {
    /// The words for this failure.
    pub(crate) fn words(&self) -> Words {
        let (title, what, advice) = words(self.kind);
        let what = match (self.kind, self.upstream_status) {
            (Kind::UpstreamStatus, Some(status)) => {
                format!("The site answered with an error ({status}) instead of the page.")
            }
            _ => what.to_owned(),
        };
        Words { title, what, advice }
    }
}

#[expect(clippy::too_many_lines, reason = "one table, a row a kind")]
fn words(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::InvalidUrl => (
            "This is not the address of a web page",
            "The address cannot be read as a URL.",
            "Check it for blanks and missing parts. It should look like https://example.com/page.",
        ),
        Kind::UnsupportedScheme => (
            "Only web pages have links to show",
            "The address does not begin with http:// or https://.",
            "Use the address that a browser shows for the page.",
        ),
        Kind::UrlTooLong => (
            "The address is too long",
            "Addresses of up to 8 KiB can be read.",
            "Look for a shorter address of the same page, for example without what follows the question mark.",
        ),
        Kind::BadQuery => (
            "This request cannot be understood",
            "It names no page, more than one, or asks for something that does not exist here.",
            "Enter the address of one page in the form.",
        ),
        Kind::BlockedDestination => (
            "This page is out of bounds",
            "The address, or one that it redirects to, is not on the public web, and only public pages are read.",
            "Use an address that everyone can reach.",
        ),
        Kind::DnsFailure => (
            "This site cannot be found",
            "No address is known for the name of the site.",
            "Check the spelling of the name. A new site can take a day to become known everywhere.",
        ),
        Kind::ConnectFailure => (
            "This site does not answer",
            "The site was found, but no connection to it came about.",
            "The site may be down: see whether it opens in a browser, and try again later.",
        ),
        Kind::TlsFailure => (
            "There is no safe connection to this site",
            "The site's certificate or encryption cannot be trusted, so the page was not read.",
            "Check the name of the site. If its owner offers the page at http:// too, that address can be read.",
        ),
        Kind::UpstreamStatus => (
            "This page cannot be opened",
            "The site answered with an error instead of the page.",
            "Check the address in a browser. Pages behind a login cannot be read.",
        ),
        Kind::TooManyRedirects => (
            "This page redirects in circles",
            "The address redirects too often.",
            "Open it in a browser and use the address that it ends at.",
        ),
        Kind::BadRedirect => (
            "This page redirects to nowhere",
            "The address redirects to something that is not a web page.",
            "Open it in a browser and use the address that it ends at.",
        ),
        Kind::TooLarge => (
            "This page is too large",
            "The page is larger than what is read here.",
            "Look for a page of the same site that shows less at once.",
        ),
        Kind::BadEncoding => (
            "This page is damaged",
            "The site sent the page in a compressed form that cannot be undone.",
            "Try again later. If it stays so, only the site's owner can mend it.",
        ),
        Kind::Incomplete => (
            "This page ended early",
            "The site broke off in the middle of the page.",
            "Try again: this often passes.",
        ),
        Kind::NotHtml => (
            "This is not a web page",
            "There is a file at this address, such as an image or a PDF document, but not HTML.",
            "Use the address of the page that leads to the file.",
        ),
        Kind::Timeout => (
            "This site takes too long",
            "The page did not arrive in time.",
            "Try again in a minute. The site may be busy.",
        ),
        Kind::Overloaded => {
            ("Too much to do", "Too many pages are being read at this moment.", "Try again in a few seconds.")
        }
        Kind::ApiUnreachable => (
            "Pages cannot be read right now",
            "The service that reads pages is not reachable. The fault is ours, not the page's.",
            "Try again in a minute.",
        ),
        Kind::ApiTimeout => (
            "This takes too long",
            "The service that reads pages did not answer in time.",
            "Try again in a minute.",
        ),
        Kind::ApiAnswer => (
            "The links could not be read",
            "The service that reads pages failed on this one, without saying more.",
            "Check the address, and try again in a minute.",
        ),
        Kind::NotFound => (
            "There is nothing here",
            "This site has one page, and this is not its address.",
            "Enter the address of a web page in the form.",
        ),
        Kind::MethodNotAllowed => (
            "This cannot be done here",
            "This page can be read, nothing else.",
            "Enter the address of a web page in the form.",
        ),
        Kind::Internal => ("Something broke", "The fault is ours, not the page's.", "Try again in a minute."),
    }
}
