//! Templates: built into the binary, or from a folder whose edits apply at once.

use crate::result::text::grouped;
use minijinja::{
    AutoEscape, Environment, Error, Output, State, TemplateSource, UndefinedBehavior, Value,
    escape_formatter, path_loader,
};
use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};
use tracing::error;

/// Names and texts. minijinja escapes the values in templates whose names end in `.html`.
const BUILT_IN: [(&str, &str); 6] = [
    ("top.html", include_str!("../templates/top.html")),
    ("bottom.html", include_str!("../templates/bottom.html")),
    ("form.html", include_str!("../templates/form.html")),
    ("waiting.html", include_str!("../templates/waiting.html")),
    ("result.html", include_str!("../templates/result.html")),
    ("error.html", include_str!("../templates/error.html")),
];

/// Renders templates.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    are_replaceable: bool,
}

impl Templates {
    /// The built-in templates, or those in `folder`, with the built-in ones for missing files.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        // A misspelt variable is an error rather than an empty string.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(format);
        environment.add_filter("grouped", grouped);
        match folder {
            None => {
                for (name, text) in BUILT_IN {
                    environment.add_template(name, text).map_err(|error| error.to_string())?;
                }
            }
            Some(folder) => {
                fs::read_dir(folder)
                    .map_err(|error| format!("templates_dir {}: {error}", folder.display()))?;
                environment.set_loader(loader(folder.to_owned()));
            }
        }
        Ok(Self { environment, are_replaceable: folder.is_some() })
    }

    /// Whether templates are read from a folder.
    pub(crate) fn are_replaceable(&self) -> bool {
        self.are_replaceable
    }

    /// Adds a rendered template to `html`; `None` if it fails, which is logged.
    pub(crate) fn render(&self, html: &mut Vec<u8>, name: &str, context: impl Into<Value>) -> Option<()> {
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| template.render_captured_to(context, html));
        let failed = |error| error!(error = format!("{error:#}"), name, "a template failed");
        rendered.map(drop).map_err(failed).ok()
    }
}

/// By byte, whether a text that has it may have to be changed. Control characters from U+0080 begin with the byte C2.
const IS_SUSPICIOUS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte < 0x20 || matches!(byte, 0x7f | 0xc2 | b'&' | b'<' | b'>' | b'"' | b'\'');
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// `text` as HTML, with control characters, some of which browsers drop, replaced by U+FFFD.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    // Most texts stay as they are. Looking at all bytes is faster than stopping at the first one.
    if !text.bytes().fold(false, |found, b| found | IS_SUSPICIOUS[b as usize]) {
        return text.into();
    }
    let escaped = htmlize::escape_all_quotes(text);
    if escaped.contains(char::is_control) {
        escaped.replace(char::is_control, "\u{fffd}").into()
    } else {
        escaped
    }
}

/// Escapes values. minijinja's own formatter also escapes `/`, which makes addresses in the page's source unreadable.
fn format(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => {
            output.write_str(&escape(text)).map_err(Error::from)
        }
        _ => escape_formatter(output, state, value),
    }
}

fn loader(folder: PathBuf) -> impl Fn(&str) -> Result<Option<TemplateSource>, Error> + Send + Sync + 'static {
    let load = path_loader(folder.clone());
    move |name| {
        if let Some(source) = load(name)? {
            return Ok(Some(source));
        }
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        let file = folder.join(name);
        Ok(built_in.map(|(_, text)| TemplateSource::new(*text).with_uptodate_check(move || !file.exists())))
    }
}
