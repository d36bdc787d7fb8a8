//! A client that requests the pages of a list and does nothing else.

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Empty};
use hyper::Uri;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{
    fs,
    io::{self, Write},
    sync::Arc,
};
use tokio::{
    runtime::Runtime,
    sync::{Mutex, mpsc},
};

/// How many requests are under way at once.
pub const REQUESTS: usize = 64;

/// Requests each URL of the list at `path`.
pub fn run(path: &str) -> io::Result<()> {
    let list = fs::read_to_string(path)?;
    let urls: Vec<Uri> = list.lines().map(str::parse).collect::<Result<_, _>>().map_err(io::Error::other)?;
    Runtime::new()?.block_on(async {
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let urls = Arc::new(Mutex::new(urls.into_iter()));
        let (sender, mut bodies) = mpsc::channel::<io::Result<Bytes>>(REQUESTS);
        for _ in 0..REQUESTS {
            let (client, urls, sender) = (client.clone(), Arc::clone(&urls), sender.clone());
            tokio::spawn(async move {
                loop {
                    let Some(url) = urls.lock().await.next() else { return };
                    let body = async { Ok(client.get(url).await.map_err(io::Error::other)?.into_body()) };
                    let body = match body.await {
                        Ok(body) => body.collect().await.map_err(io::Error::other),
                        Err(error) => Err(error),
                    };
                    if sender.send(body.map(Collected::to_bytes)).await.is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut out = io::sink();
        while let Some(body) = bodies.recv().await {
            out.write_all(&body?)?;
        }
        Ok(())
    })
}
