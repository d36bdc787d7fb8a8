//! A running API that fetches and extracts in our place, by `POST /api`.

mod answer;
mod batch;
mod question;

use crate::{
    found_page::FoundPage,
    page_error::PageError,
    target::{Source, Target},
};
use batch::BatchSender;
use fetch::{FetchError, PageUrl};
use links::LinkSelection;
use question::{Answer, Question};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// How often a page is asked for while the API is overloaded or away, as it is while it restarts.
const TRIES: u32 = 10;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A client of one API, for many pages at once.
pub struct BatchClient {
    questions: mpsc::Sender<Question>,
    batches: BatchSender,
}

impl BatchClient {
    /// A client of the API at `url`, as `http://host:5000`; `/api/` may follow. An error says why it cannot be used.
    pub fn new(url: &str) -> Result<Self, String> {
        let batches = BatchSender::new(url)?;
        let (questions, queue) = mpsc::channel(batch::MOST_PAGES);
        tokio::spawn(batches.clone().run(queue));
        Ok(Self { questions, batches })
    }

    /// The selected links of the page.
    pub async fn links(&self, target: &Target, selection: LinkSelection) -> Result<FoundPage, PageError> {
        match &target.source {
            Source::Url { authorization: None } => {}
            Source::Url { .. } => return Err(PageError::PasswordForApi),
            _ => return Err(PageError::NotForApi),
        }
        let page = PageUrl::parse(target.name()).map_err(|error| match error {
            FetchError::UnsupportedScheme => PageError::NotForApi,
            error => error.into(),
        })?;
        let url = Some(page.as_url().clone());
        let mut last = String::new();
        for attempt in 0..TRIES {
            let pause = Duration::from_secs(1 << attempt.min(8)).min(LONGEST_PAUSE);
            let pause = match self.ask(target.name()).await {
                Answer::Line(line) => match answer::parse(&line, url.as_ref(), selection) {
                    Err(PageError::Api(error)) if error["code"] == "overloaded" && attempt + 1 < TRIES => {
                        let named = error["retry_after"].as_u64().map(Duration::from_secs);
                        named.unwrap_or(pause)
                    }
                    result => return result,
                },
                Answer::Overloaded(named) => {
                    "it is overloaded".clone_into(&mut last);
                    named.unwrap_or(pause)
                }
                // Nothing is known of an API that never answered: its address is probably wrong.
                Answer::Lost(reason) if !self.batches.has_answered() => return Err(PageError::NoApi(reason)),
                Answer::Lost(reason) => {
                    last = reason;
                    pause
                }
                Answer::Refused(reason) => return Err(PageError::NoApi(reason)),
            };
            let until = Instant::now() + pause.min(LONGEST_PAUSE);
            self.batches.pause_until(until);
            sleep_until(until).await;
        }
        Err(PageError::NoApi(last))
    }

    async fn ask(&self, page: &str) -> Answer {
        let (answer, line) = oneshot::channel();
        let question = Question { page: page.to_owned(), answer };
        let lost = || Answer::Lost("the answer had no line for the page".to_owned());
        match self.questions.send(question).await {
            Ok(()) => line.await.unwrap_or_else(|_| lost()),
            Err(_) => lost(),
        }
    }
}
