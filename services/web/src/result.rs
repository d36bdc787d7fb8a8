//! The links of a page, shown: whole when they are known at once, after the frame otherwise.

mod view;

use crate::{
    Site,
    api::Answer,
    asked::Asked,
    failure::{Failure, Kind},
    late::Late,
    page,
};
use http_body_util::BodyExt;
use kit::{RequestId, Response};
use minijinja::value::Serde;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tracing::info;

/// The page of links or the error page, whole if that is known within `whole_within`; otherwise its frame, and
/// what belongs into it as soon as it is there.
pub(crate) async fn answer(
    site: &Arc<Site>,
    asked: Asked,
    id: Option<RequestId>,
    whole_within: Duration,
) -> Response {
    let typed = asked.page.as_str().to_owned();
    let mut pending = Box::pin(make(Arc::clone(site), asked, id, fragment));
    match timeout(whole_within, &mut pending).await {
        Ok(Ok(fragment)) => page::result(site, &typed, &fragment),
        Ok(Err(failure)) => page::error(site, &failure, &typed),
        Err(_) => framed(site, &typed, pending),
    }
}

/// The frame now, the rest when `pending` is done.
fn framed(
    site: &Arc<Site>,
    typed: &str,
    pending: impl Future<Output = Result<String, Failure>> + Send + 'static,
) -> Response {
    let waiting = page::waiting(site, typed);
    let frame = page::top(site, &page::title(typed), typed).zip(waiting).zip(page::bottom(site));
    let Some(((mut frame, waiting), bottom)) = frame else {
        return page::error(site, &Failure::new(Kind::Internal), typed);
    };
    frame.push_str(&waiting);
    let (site, typed) = (Arc::clone(site), typed.to_owned());
    let rest = async move {
        let fragment = pending.await;
        let mut rest = fragment.unwrap_or_else(|failure| page::error_part(&site, &failure, &typed));
        rest.push_str(&bottom);
        rest.into()
    };
    page::streamed(Late::new(frame, Box::pin(rest)).boxed_unsync())
}

/// Asks the API, makes something of its answer, and notes how that went: behind a frame no status tells it.
pub(crate) async fn make<T: Send + 'static>(
    site: Arc<Site>,
    asked: Asked,
    id: Option<RequestId>,
    work: impl FnOnce(&Site, &Asked, &Answer) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let made = ask_and(&site, asked, id.as_ref(), work).await;
    let code = made.as_ref().map_or_else(|failure| failure.kind.code(), |_| "ok");
    site.answers.count(code);
    if let Err(Failure { cause, .. }) = &made {
        info!(request_id = id.as_ref().map(RequestId::as_str), code, cause, "no links");
    }
    made
}

async fn ask_and<T: Send + 'static>(
    site: &Arc<Site>,
    asked: Asked,
    id: Option<&RequestId>,
    work: impl FnOnce(&Site, &Asked, &Answer) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let answer = site.api.ask(&asked.page, asked.fresh, id).await?;
    let (length, for_work) = (answer.length(), Arc::clone(site));
    site.work.run(length, move || work(&for_work, &asked, &answer)).await
}

fn fragment(site: &Site, asked: &Asked, answer: &Answer) -> Result<String, Failure> {
    let links = answer.links()?;
    let view = view::View::new(&links, asked, answer, site.page_size);
    site.templates.render("result.html", Serde(view)).ok_or_else(|| Failure::new(Kind::Internal))
}
