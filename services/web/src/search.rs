//! Searches links for words.

use links::Link;
use memchr::memmem::Finder;
use percent_encoding::percent_decode_str;
use std::char::ToLowercase;

/// Words that all have to occur in a link's text or address, in either case.
#[derive(Debug)]
pub(crate) struct Search {
    words: Vec<Finder<'static>>,
    /// What is searched of one link, in lower case.
    lower: String,
}

impl Search {
    /// A search for the words of `query`, which white space divides. Without a word, it finds every link.
    pub(crate) fn new(query: &str) -> Self {
        let words = query.split_whitespace();
        let lower = |word: &str| word.chars().flat_map(lower_case).collect::<String>();
        let words = words.map(|word| Finder::new(&lower(word)).into_owned()).collect();
        Self { words, lower: String::new() }
    }

    /// Whether every word occurs in `link`: in its text, or in its address as written or with percent encoding decoded.
    pub(crate) fn finds(&mut self, link: &Link) -> bool {
        if self.words.is_empty() {
            return true;
        }
        self.lower.clear();
        self.add(&link.text);
        self.add(&link.href);
        if link.href.contains('%') {
            self.add(&percent_decode_str(&link.href).decode_utf8_lossy());
        }
        self.words.iter().all(|word| word.find(self.lower.as_bytes()).is_some())
    }

    /// Adds `value`, and a character that no word has.
    fn add(&mut self, value: &str) {
        if value.is_ascii() {
            let start = self.lower.len();
            self.lower.push_str(value);
            self.lower[start..].make_ascii_lowercase();
        } else {
            self.lower.extend(value.chars().flat_map(lower_case));
        }
        self.lower.push('\n');
    }
}

/// `c` in lower case, the two lower cases of the Greek sigma as one: which of them a word has depends on its place there.
pub(crate) fn lower_case(c: char) -> ToLowercase {
    if c == 'ς' { 'σ' } else { c }.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, text: &str, href: &str) -> bool {
        Search::new(query).finds(&Link { text: text.into(), href: href.into() })
    }

    #[test]
    fn all_words_have_to_occur_in_text_or_address_in_either_case() {
        for (query, found) in [
            ("", true),
            ("  ", true),
            ("annual", true),
            ("ANNUAL report", true),
            ("report .pdf", true),
            ("2026.PDF über", true),
            ("ÜBER", true),
            ("größe", true),
            ("gr%c3%b6", true),
            ("report2", false),
            ("uns https", false),
            ("annual missing", false),
        ] {
            let href = "https://a.example/Gr%C3%B6%C3%9Fe/2026.pdf";
            assert_eq!(finds(query, "Über den Annual Report", href), found, "{query}");
        }
    }

    #[test]
    fn a_greek_sigma_is_found_in_each_of_its_forms() {
        for query in ["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟς"] {
            for text in ["Η ΟΔΟΣ", "οδος", "οδοσ x", "ΟΔΟΣΗΜΟ"] {
                assert!(finds(query, text, "https://a.example/"), "{query} in {text}");
            }
        }
    }
}
