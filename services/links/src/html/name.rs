//! The element names for which the HTML parser has rules, and the sets that the rules use (WHATWG HTML, sections 13.2.4.2
//! and 13.2.6).
//!
//! In: a tag name as written. Out: a [`Name`]; every other name is [`Name::Other`].

use super::span::EACH_BYTE;

macro_rules! names {
    ($($name:ident,)*) => {
        /// An element name with a rule of its own; `Other` has none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Name { Other, AnnotationXml, $($name),* }

        /// Every name but `Other`, as it is written, in any letter case.
        const WRITTEN: &[(&str, Name)] =
            &[("annotation-xml", Name::AnnotationXml), $((stringify!($name), Name::$name)),*];
    };
}

names! {
    A, Address, Applet, Area, Article, Aside, B, Base, Basefont, Bgsound, Big, Blockquote, Body, Br, Button,
    Caption, Center, Code, Col, Colgroup, Dd, Desc, Details, Dialog, Dir, Div, Dl, Dt, Em, Embed, Fieldset,
    Figcaption, Figure, Font, Footer, ForeignObject, Form, Frame, Frameset, H1, H2, H3, H4, H5, H6, Head,
    Header, Hgroup, Hr, Html, I, Iframe, Image, Img, Input, Keygen, Li, Link, Listing, Main,
    Malignmark, Marquee, Math, Menu, Meta, Mglyph, Mi, Mn, Mo, Ms, Mtext, Nav, Nobr, Noembed, Noframes,
    Noscript, Object, Ol, Optgroup, Option, P, Param, Plaintext, Pre, Rb, Rp, Rt, Rtc, Ruby, S, Script,
    Search, Section, Select, Selectedcontent, Small, Source, Span, Strike, Strong, Style, Sub, Summary, Sup, Svg, Table,
    Tbody, Td, Template, Textarea, Tfoot, Th, Thead, Title, Tr, Track, Tt, U, Ul, Var, Wbr, Xmp,
}

/// How many names there are, `Other` included.
pub(crate) const NAMES: usize = WRITTEN.len() + 1;

const SLOTS: usize = 512;

/// The names of at most eight letters as a hash table without collisions. An empty slot has the key 0.
static TABLE: [(u64, Name); SLOTS] = table();

const fn table() -> [(u64, Name); SLOTS] {
    let mut table = [(0, Name::Other); SLOTS];
    let mut i = 0;
    while i < WRITTEN.len() {
        let (written, name) = WRITTEN[i];
        if written.len() <= 8 {
            let key = key(written.as_bytes());
            assert!(table[slot(key)].0 == 0, "two names share a slot: another factor is needed");
            table[slot(key)] = (key, name);
        }
        i += 1;
    }
    table
}

/// The bytes that end a tag name, all below 0x40, as a set of bits.
const ENDS_NAME: u64 = set(b"\t\n\x0C\r />");

const fn set(bytes: &[u8]) -> u64 {
    let mut set = 0;
    let mut i = 0;
    while i < bytes.len() {
        set |= 1 << bytes[i];
        i += 1;
    }
    set
}

/// Up to eight bytes as a number, the first byte lowest, ASCII letters in lower case.
const fn key(name: &[u8]) -> u64 {
    let mut key = 0;
    let mut i = name.len();
    while i > 0 {
        i -= 1;
        key = key << 8 | name[i].to_ascii_lowercase() as u64;
    }
    key
}

/// The factor was found by trial: no two names share a slot.
#[inline]
const fn slot(key: u64) -> usize {
    (key.wrapping_mul(0x79BF_4606_78D3_B455) >> 55) as usize
}

impl Name {
    /// The length of the tag name at the start of `rest`, and the name, in any letter case.
    #[inline]
    pub(crate) fn read(rest: &[u8]) -> (usize, Self) {
        let Some(first) = rest.first_chunk() else { return Self::read_long(rest) };
        let word = u64::from_le_bytes(*first);
        let mut low = !(word | word << 1) & (EACH_BYTE << 7); // marks bytes below 0x40
        while low != 0 {
            let bits = low.trailing_zeros() & !7;
            let c = word >> bits & 0xFF;
            if ENDS_NAME >> c & 1 != 0 {
                let name = word & !(u64::MAX << bits);
                // Sets a bit of other bytes than letters too, but makes none of them part of a known name.
                return (bits as usize / 8, Self::of_key(name | (name & EACH_BYTE << 6) >> 1));
            }
            if c == 0 {
                break; // part of the name, and of no known one
            }
            low &= low - 1;
        }
        Self::read_long(rest)
    }

    /// As [`read`](Self::read), for names of any length.
    #[cold]
    fn read_long(rest: &[u8]) -> (usize, Self) {
        let ends = |&c: &u8| c < 0x40 && ENDS_NAME >> c & 1 != 0;
        match rest.iter().position(ends) {
            Some(length) => (length, Self::of(&rest[..length])),
            None => (rest.len(), Self::Other), // the page ends before the tag does
        }
    }

    fn of(written: &[u8]) -> Self {
        if written.len() > 8 {
            Self::of_long(written)
        } else if written.contains(&0) {
            Self::Other
        } else {
            Self::of_key(key(written))
        }
    }

    #[inline]
    fn of_key(key: u64) -> Self {
        let (found, name) = TABLE[slot(key)];
        if found == key { name } else { Self::Other }
    }

    #[cold]
    fn of_long(written: &[u8]) -> Self {
        let found = WRITTEN.iter().find(|(name, _)| written.eq_ignore_ascii_case(name.as_bytes()));
        found.map_or(Self::Other, |&(_, name)| name)
    }

    /// The HTML elements of the "special" category: these end the search for the element of an end tag.
    #[rustfmt::skip]
    pub(crate) const fn is_special(self) -> bool {
        matches!(self, Self::Address | Self::Applet | Self::Area | Self::Article | Self::Aside | Self::Base
            | Self::Basefont | Self::Bgsound | Self::Blockquote | Self::Body | Self::Br | Self::Button
            | Self::Caption | Self::Center | Self::Col | Self::Colgroup | Self::Dd | Self::Details | Self::Dir
            | Self::Div | Self::Dl | Self::Dt | Self::Embed | Self::Fieldset | Self::Figcaption | Self::Figure
            | Self::Footer | Self::Form | Self::Frame | Self::Frameset | Self::H1 | Self::H2 | Self::H3
            | Self::H4 | Self::H5 | Self::H6 | Self::Head | Self::Header | Self::Hgroup | Self::Hr | Self::Html
            | Self::Iframe | Self::Img | Self::Input | Self::Li | Self::Link | Self::Listing | Self::Main
            | Self::Marquee | Self::Menu | Self::Meta | Self::Nav | Self::Noembed | Self::Noframes
            | Self::Noscript | Self::Object | Self::Ol | Self::P | Self::Param | Self::Plaintext | Self::Pre
            | Self::Script | Self::Search | Self::Section | Self::Select | Self::Source | Self::Style | Self::Summary
            | Self::Table | Self::Tbody | Self::Td | Self::Template | Self::Textarea | Self::Tfoot | Self::Th
            | Self::Thead | Self::Title | Self::Tr | Self::Track | Self::Ul | Self::Wbr | Self::Xmp)
    }

    /// The "formatting" category: these elements are reconstructed where another element closed them.
    #[rustfmt::skip]
    pub(crate) const fn is_formatting(self) -> bool {
        matches!(self, Self::A | Self::B | Self::Big | Self::Code | Self::Em | Self::Font | Self::I | Self::Nobr
            | Self::S | Self::Small | Self::Strike | Self::Strong | Self::Tt | Self::U)
    }

    /// HTML elements that bound the "particular scope".
    #[rustfmt::skip]
    pub(crate) const fn bounds_scope(self) -> bool {
        matches!(self, Self::Applet | Self::Caption | Self::Html | Self::Table | Self::Td | Self::Th
            | Self::Marquee | Self::Object | Self::Select | Self::Template)
    }

    /// Elements whose end tags are implied.
    #[rustfmt::skip]
    pub(crate) const fn has_implied_end(self) -> bool {
        matches!(self, Self::Dd | Self::Dt | Self::Li | Self::Option | Self::Optgroup | Self::P | Self::Rb
            | Self::Rp | Self::Rt | Self::Rtc)
    }

    /// Elements that are processed by the rules of "in head", wherever they are.
    #[rustfmt::skip]
    pub(crate) const fn is_head_content(self) -> bool {
        matches!(self, Self::Base | Self::Basefont | Self::Bgsound | Self::Link | Self::Meta | Self::Noframes
            | Self::Script | Self::Style | Self::Template | Self::Title)
    }

    pub(crate) const fn is_heading(self) -> bool {
        matches!(self, Self::H1 | Self::H2 | Self::H3 | Self::H4 | Self::H5 | Self::H6)
    }

    /// The elements of a table, but not the table itself.
    #[rustfmt::skip]
    pub(crate) const fn is_table_structure(self) -> bool {
        matches!(self, Self::Caption | Self::Col | Self::Colgroup | Self::Tbody | Self::Td | Self::Tfoot | Self::Th
            | Self::Thead | Self::Tr)
    }

    /// `tbody`, `tfoot` and `thead`.
    pub(crate) const fn is_table_body(self) -> bool {
        matches!(self, Self::Tbody | Self::Tfoot | Self::Thead)
    }

    /// Elements in which misplaced content is foster-parented.
    pub(crate) const fn is_table_part(self) -> bool {
        matches!(self, Self::Table | Self::Tbody | Self::Tfoot | Self::Thead | Self::Tr)
    }

    /// Start tags that end foreign content; `font` with some attributes does too.
    #[rustfmt::skip]
    pub(crate) const fn breaks_out_of_foreign_content(self) -> bool {
        matches!(self, Self::B | Self::Big | Self::Blockquote | Self::Body | Self::Br | Self::Center | Self::Code
            | Self::Dd | Self::Div | Self::Dl | Self::Dt | Self::Em | Self::Embed | Self::H1 | Self::H2
            | Self::H3 | Self::H4 | Self::H5 | Self::H6 | Self::Head | Self::Hr | Self::I | Self::Img | Self::Li
            | Self::Listing | Self::Menu | Self::Meta | Self::Nobr | Self::Ol | Self::P | Self::Pre | Self::Ruby
            | Self::S | Self::Small | Self::Span | Self::Strong | Self::Strike | Self::Sub | Self::Sup
            | Self::Table | Self::Tt | Self::U | Self::Ul | Self::Var)
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, WRITTEN};

    fn name_of(written: &str) -> Name {
        let (length, name) = Name::read(format!("{written}>").as_bytes());
        assert_eq!(length, written.len());
        assert_eq!((length, name), Name::read(format!("{written} and more").as_bytes()));
        name
    }

    #[test]
    fn known_names_are_found_in_any_case_and_no_others() {
        for &(written, name) in WRITTEN {
            assert_eq!(name_of(written), name);
            assert_eq!(name_of(&written.to_uppercase()), name);
            assert_eq!(name_of(&format!("{written}-")), Name::Other);
        }
        assert_eq!(name_of("dï"), Name::Other);
        assert_eq!(name_of(""), Name::Other);
        assert_eq!(name_of("a\0"), Name::Other);
    }

    #[test]
    fn no_other_byte_stands_for_a_letter() {
        for &(written, name) in WRITTEN {
            for at in 0..written.len() {
                for c in (0..=u8::MAX).filter(|c| !b"\t\n\x0C\r />".contains(c)) {
                    let mut changed = format!("{written}>       ").into_bytes();
                    changed[at] = c;
                    let is_same = changed[..written.len()].eq_ignore_ascii_case(written.as_bytes());
                    let (length, found) = Name::read(&changed);
                    assert_eq!(length, written.len(), "{changed:?}");
                    assert_eq!(found == name, is_same, "{changed:?}");
                }
            }
        }
    }
}
