//! The templates: inside the binary, or a folder that is read anew for every page.

use minijinja::{
    AutoEscape, Environment, Error, Output, State, TemplateSource, UndefinedBehavior, Value,
    escape_formatter, path_loader,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tracing::error;

/// Name and text of each template. Names end in `.html`: that is what switches escaping on.
const BUILT_IN: [(&str, &str); 6] = [
    ("top.html", include_str!("../templates/top.html")),
    ("bottom.html", include_str!("../templates/bottom.html")),
    ("form.html", include_str!("../templates/form.html")),
    ("waiting.html", include_str!("../templates/waiting.html")),
    ("result.html", include_str!("../templates/result.html")),
    ("error.html", include_str!("../templates/error.html")),
];

/// The templates.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The built-in templates, or those of `folder`, read again when they change; what it lacks is built in.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        // A variable that does not exist is an error, not an empty string: a typing error shows.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(format);
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
        Ok(Self { environment })
    }

    /// Renders a template; `None` when it is broken, which is logged.
    pub(crate) fn render(&self, name: &str, context: impl Into<Value>) -> Option<String> {
        let rendered = self.environment.get_template(name).and_then(|template| template.render(context));
        rendered.map_err(|error| error!(error = format!("{error:#}"), name, "a template failed")).ok()
    }
}

/// Escapes what a browser needs escaped, and shows control characters as U+FFFD: browsers drop some. minijinja's own way also turns every `/` into a character reference,
/// which no HTML needs and which hides addresses from whoever reads the page's source.
fn format(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => {
            let text = htmlize::escape_all_quotes(text);
            output.write_str(&text.replace(char::is_control, "\u{fffd}")).map_err(Error::from)
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
