//! A body whose first part is there and whose rest is still being made.

use bytes::Bytes;
use http_body::{Body, Frame};
use kit::BoxError;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Sends `first` at once, then what `rest` gives. When the client leaves, `rest` is dropped where it stands.
pub(crate) struct Late<F> {
    first: Option<Bytes>,
    rest: Option<Pin<Box<F>>>,
}

impl<F> Late<F> {
    pub(crate) fn new(first: impl Into<Bytes>, rest: Pin<Box<F>>) -> Self {
        Self { first: Some(first.into()), rest: Some(rest) }
    }
}

impl<F: Future<Output = Bytes>> Body for Late<F> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let bytes = std::task::ready!(rest.as_mut().poll(context));
        self.rest = None;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn first_then_rest_then_the_end() {
        let mut body = Late::new("first", Box::pin(async { Bytes::from("rest") }));
        for part in ["first", "rest"] {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), part);
        }
        assert!(body.is_end_stream() && body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_takes_its_work_along() {
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        let rest = async move {
            let _held = held;
            std::future::pending().await
        };
        let mut body = Late::new("first", Box::pin(rest));
        body.frame().await.unwrap().unwrap();
        drop(body);
        assert!(dropped.await.is_err());
    }
}
