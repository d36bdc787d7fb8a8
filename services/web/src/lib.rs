//! The web page: a form, the links of a page and their domains.
//!
//! Promises: works without JavaScript, escapes everything, shows no internals.
//! Does not know: how links are found or cached. It asks the API by HTTP, whoever wrote that.

mod answers;
mod api;
mod asked;
mod assets;
mod download;
mod failure;
mod headers;
mod late;
mod page;
mod result;
mod selection;
mod settings;
mod summary;
mod templates;
mod typed;
mod words;
mod work;

pub use settings::Settings;

use asked::Asked;
use failure::{Failure, Kind};
use http::{Method, request::Parts};
use kit::{Request, RequestId, Response, Route, Service};
use std::{sync::Arc, time::Duration};

/// What every address answers to.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The service.
#[derive(Debug)]
pub struct Web {
    site: Arc<Site>,
    whole_within: Duration,
}

/// What every request needs.
#[derive(Debug)]
struct Site {
    answers: answers::Answers,
    api: api::Api,
    templates: templates::Templates,
    assets: assets::Assets,
    page_size: usize,
    work: work::Work,
}

impl Web {
    /// A service that keeps to `settings` and renders on `pool`; an error names what cannot be used.
    pub fn new(settings: &Settings, pool: kit::CpuPool) -> Result<Self, String> {
        let site = Site {
            answers: answers::Answers::default(),
            api: api::Api::new(settings)?,
            templates: templates::Templates::new(settings.templates_dir.as_deref())?,
            assets: assets::Assets::new(settings.templates_dir.as_deref()),
            page_size: settings.page_size,
            work: work::Work::new(pool),
        };
        Ok(Self { site: Arc::new(site), whole_within: Duration::from_millis(100) })
    }

    /// Waits for `time` before it sends the frame of a page whose links are not known yet; 100 ms unless told
    /// otherwise.
    #[must_use]
    pub fn whole_within(self, time: Duration) -> Self {
        Self { whole_within: time, ..self }
    }

    async fn route(&self, request: &Parts) -> Response {
        let site = &self.site;
        let path = request.uri.path();
        let asset = assets::Asset::at(path);
        if path != "/" && asset.is_none() {
            return page::error(site, &Failure::new(Kind::NotFound), "");
        }
        if request.method == Method::OPTIONS {
            return kit::errors::other_method(&request.method, METHODS);
        }
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return self.refuse(kit::errors::method_not_allowed(METHODS));
        }
        if let Some(asset) = asset {
            return site.assets.answer(asset, request);
        }
        let id = request.extensions.get::<RequestId>().cloned();
        match Asked::parse(request.uri.query().unwrap_or_default()) {
            Ok(None) => page::form(site),
            Ok(Some(asked)) => match asked.format {
                Some(format) => download::answer(site, asked, format, id).await,
                None => result::answer(site, asked, id, self.whole_within).await,
            },
            Err(refused) => page::error(site, &Failure::new(refused.kind), &refused.typed),
        }
    }
}

impl Service for Web {
    async fn handle(&self, request: Request) -> Response {
        let (request, _) = request.into_parts();
        let mut response = self.route(&request).await;
        let route = match request.uri.path() {
            "/" => "/",
            path if assets::Asset::at(path).is_some() => "/{asset}",
            _ => "/{unknown}",
        };
        response.extensions_mut().insert(Route(route));
        response
    }

    fn refuse(&self, problem: kit::Problem) -> Response {
        let mut response = page::error(&self.site, &Failure::of(&problem), "");
        response.headers_mut().extend(problem.headers().iter().cloned());
        response
    }

    fn finish(&self, response: &mut Response) {
        headers::secure(response.headers_mut());
    }

    fn register(&self, metrics: &mut kit::Metrics) {
        self.site.answers.register(metrics);
    }

    async fn checks(&self) -> Vec<kit::Check> {
        // Without the API the form and the error pages still work: said, but no reason to take the page away.
        vec![kit::Check { part: "api", state: self.site.api.check().await, optional: true }]
    }
}
