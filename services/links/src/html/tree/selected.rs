//! `selectedcontent`, which holds a clone of the content of the option that its `select` shows (WHATWG HTML, sections
//! 4.10.10 and 13.2.6.4.7). As in browsers, the clone is made anew when an option that is shown starts or ends, and when
//! the `selectedcontent` is inserted.

use super::{
    Bailout, Tree,
    stack::{Element, Namespace},
};
use crate::html::{
    name::Name,
    nodes::{NONE, NodeId, NodeKind},
    tokenize::Tag,
};

impl Tree<'_, '_> {
    /// Notes what the `select` that was just inserted shows: the first option by itself, unless it is a list box.
    pub(super) fn note_select(&mut self, tag: &Tag) {
        if self.nodes.is_none() || self.attribute(tag, b"multiple").is_some() {
            return;
        }
        let size = self.attribute(tag, b"size").and_then(|size| leading_number(&size));
        let is_list = size.is_some_and(|size| size > 1);
        self.set_kind_of_current(NodeKind::Select { default: NONE, chosen: NONE, is_list });
    }

    /// Notes that the `optgroup` that was just inserted is disabled.
    pub(super) fn note_group(&mut self, tag: &Tag) {
        if self.nodes.is_some() && self.attribute(tag, b"disabled").is_some() {
            self.set_kind_of_current(NodeKind::DisabledGroup);
        }
    }

    /// Notes the option that was just inserted: its `select` may show it.
    pub(super) fn note_option(&mut self, tag: &Tag) {
        let Some((select, option)) = self.owner_select(true) else { return };
        self.set_kind_of_current(NodeKind::Option(select));
        let is_chosen = self.attribute(tag, b"selected").is_some();
        let is_disabled = self.attribute(tag, b"disabled").is_some();
        let Some(nodes) = &mut self.nodes else { return };
        let NodeKind::Select { mut default, mut chosen, is_list } = nodes.get(select).kind else { return };
        let group = nodes.get(option).parent;
        let is_disabled =
            is_disabled || group != NONE && matches!(nodes.get(group).kind, NodeKind::DisabledGroup);
        if is_chosen {
            chosen = option;
        } else if default == NONE && !is_disabled {
            default = option;
        }
        nodes.set_kind(select, NodeKind::Select { default, chosen, is_list });
        self.option_changed(select, option);
    }

    /// The option ends.
    pub(super) fn end_option(&mut self, option: NodeId) {
        let kind = self.nodes.as_ref().map(|nodes| nodes.get(option).kind);
        if let Some(NodeKind::Option(select)) = kind {
            self.option_changed(select, option);
        }
    }

    /// Clones the option again wherever it is shown.
    fn option_changed(&mut self, select: NodeId, option: NodeId) {
        let Some(nodes) = &mut self.nodes else { return };
        if nodes.selected(select) != Some(option) || !nodes.is_in(option, select) {
            return;
        }
        for &(of, content) in &self.selected_contents {
            nodes.steps += 1;
            if of == select {
                nodes.show(select, content);
            }
        }
    }

    /// Notes that the element that was just inserted is a `selectedcontent` of the open `select`.
    pub(super) fn note_selected_content(&mut self) -> Result<(), Bailout> {
        if self.nodes.is_none() && self.stack.any(Name::Select) {
            return Err(Bailout::NeedsTree);
        }
        // One in an option or in another stays as it is, and so does one of a `select` that shows no single option.
        let is_other = |e: &Element| e.is(Name::Option) || e.is(Name::Selectedcontent);
        let is_nested = self.stack.elements.iter().rev().skip(1).any(is_other);
        self.stack.steps += self.stack.len();
        let found = self.owner_select(false).filter(|_| !is_nested);
        if let Some((select, content)) = found
            && let Some(nodes) = &mut self.nodes
            && matches!(nodes.get(select).kind, NodeKind::Select { .. })
        {
            self.selected_contents.push((select, content));
            nodes.show(select, content);
        }
        Ok(())
    }

    /// A `selectedcontent` in `moved` was inserted anew.
    pub(super) fn selected_content_moved(&mut self, moved: NodeId) {
        let Some(nodes) = &mut self.nodes else { return };
        for &(select, content) in &self.selected_contents {
            if content == moved || nodes.is_in(content, moved) {
                nodes.show(select, content);
            }
        }
    }

    /// The `select` to which the current node belongs, and that node. As in browsers, it belongs to none in an `option` or
    /// where a `select` is in another, nor does an option in two `optgroup`s.
    fn owner_select(&mut self, is_option: bool) -> Option<(NodeId, NodeId)> {
        let nodes = self.nodes.as_ref()?;
        let (current, ancestors) = self.stack.elements.split_last()?;
        self.stack.steps += ancestors.len();
        let (mut select, mut has_group) = (None, false);
        for element in ancestors.iter().rev().filter(|element| element.namespace == Namespace::Html) {
            match element.name {
                Name::Template if !matches!(nodes.get(element.serial).kind, NodeKind::Patch { .. }) => break,
                Name::Option => return None,
                Name::Optgroup if has_group && is_option => return None,
                Name::Optgroup => has_group = true,
                Name::Select if select.is_some() => return None,
                Name::Select => select = Some(element.serial),
                _ => {}
            }
        }
        Some((select?, current.serial))
    }
}

/// "Rules for parsing non-negative integers"; `None` for an error.
fn leading_number(text: &str) -> Option<u32> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    text[..text.bytes().take_while(u8::is_ascii_digit).count()].parse().ok()
}
