//! A body is complete, decoded and within its limits, or it is an error.

use crate::support::{fetcher, loopback, origin, url};
use bytesize::ByteSize;
use fetch::{FetchError, FetchSettings, Fetcher, Phase, ResponseProblem};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use std::{io::Write, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

async fn outcome(answer: impl AsRef<[u8]>) -> Result<String, FetchError> {
    let origin = origin::fixed(answer).await;
    let page = fetcher().fetch(&url(&origin.url("/"))).await?;
    Ok(String::from_utf8_lossy(&page.body).into_owned())
}

/// The outcome of a body with a content coding.
async fn coded(coding: &str, body: &[u8]) -> Result<String, FetchError> {
    let length = body.len();
    let head = format!("{HEAD}Content-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n");
    outcome([head.as_bytes(), body].concat()).await
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    brotli::CompressorWriter::new(&mut coded, 4096, 5, 22).write_all(data).unwrap();
    coded
}

/// A Brotli stream with a window of 1 GiB, which only an extension of the format has.
fn large_window() -> Vec<u8> {
    let mut coded = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { large_window: true, lgwin: 30, ..Default::default() };
    brotli::CompressorWriter::with_params(&mut coded, 4096, &params).write_all(b"page").unwrap();
    coded
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 1).unwrap()
}

#[tokio::test]
async fn bodies_in_all_framings_are_read() {
    for answer in [
        "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\npage".to_owned(),
        format!("{HEAD}\r\npage"),
        format!("{HEAD}Transfer-Encoding: identity\r\n\r\npage"),
        format!("{HEAD}Content-Length: 4\r\n\r\npage and more"),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\npa\r\n02\r\nge\r\n0\r\nTrailer: x\r\n\r\n"),
        format!(
            "{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n{}\r\n",
            "Trailer: x\r\n".repeat(10_000)
        ),
    ] {
        assert_eq!(outcome(&answer).await.unwrap(), "page", "{}", &answer[..answer.len().min(120)]);
    }
}

#[tokio::test]
async fn bodies_that_end_early_are_errors() {
    for answer in [
        format!("{HEAD}Content-Length: 5\r\n\r\npage"),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\npage"),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\npage\r\n"),
    ] {
        let message = answer.clone();
        let origin = origin::raw("127.0.0.1:0", move |mut stream| {
            let answer = answer.clone();
            async move {
                origin::head(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await;
        let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Incomplete, "{message}");
    }
}

#[tokio::test]
async fn broken_framing_is_no_http() {
    let broken = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\npage\r\nx\r\n");
    assert_eq!(outcome(&broken).await.unwrap_err(), FetchError::BadResponse(ResponseProblem::NotHttp));
}

#[tokio::test]
async fn chunk_extensions_are_bounded() {
    let extension = "x".repeat(10_000_000);
    let answer = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4;{extension}\r\npage\r\n0\r\n\r\n");
    assert_eq!(outcome(&answer).await.unwrap_err(), FetchError::BadResponse(ResponseProblem::NotHttp));
}

#[tokio::test]
async fn all_codings_are_decoded_also_two_of_them_stacked() {
    let long = "<a href=/>link</a>\n".repeat(100_000);
    for page in ["<a href=/>x</a>", &long] {
        let page = page.as_bytes();
        for (coding, body) in [
            ("gzip", gzip(page)),
            ("X-GZIP", gzip(page)),
            ("deflate", zlib(page)),
            ("deflate", deflate(page)),
            ("br", brotli(page)),
            ("zstd", zstd(page)),
            ("identity", page.to_vec()),
            ("gzip, br", brotli(&gzip(page))),
            ("zstd, identity, deflate", deflate(&zstd(page))),
            ("gzip, gzip", gzip(&gzip(page))),
        ] {
            assert_eq!(coded(coding, &body).await.unwrap().as_bytes(), page, "{coding}");
        }
    }
    assert_eq!(coded("gzip", b"").await.unwrap(), "", "declared as coded, and empty");
    let two_frames = [zstd(b"pa"), zstd(b"ge")].concat();
    assert_eq!(coded("zstd", &two_frames).await.unwrap(), "page");
}

/// Text that compresses to about half its length.
fn noise(length: usize) -> Vec<u8> {
    let mut seed = 1_u32;
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"0123456789abcdef"[(seed >> 28) as usize]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A fetcher whose jobs have so little memory of their own that bodies are decoded in many batches.
fn batching() -> Fetcher {
    let settings = FetchSettings { memory: ByteSize::mib(64), max_jobs: 100_000, ..loopback() };
    Fetcher::new(settings, crate::support::pool()).unwrap()
}

#[tokio::test]
async fn a_coded_body_that_is_decoded_in_batches_is_complete() {
    let (page, fetcher) = (noise(300_000), batching());
    for (coding, body) in [
        ("gzip", gzip(&page)),
        ("gzip", [gzip(&page), noise(50_000)].concat()),
        ("deflate", zlib(&page)),
        ("deflate", deflate(&page)),
        ("br", brotli(&page)),
        ("zstd", zstd(&page)),
        ("zstd", [zstd(&page[..150_000]), zstd(&page[150_000..])].concat()),
        ("identity", page.clone()),
        ("gzip, br", brotli(&gzip(&page))),
        ("zstd, deflate", deflate(&zstd(&page))),
        ("br, gzip", gzip(&brotli(&page))),
    ] {
        let length = body.len();
        let head = format!("{HEAD}Content-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n");
        let origin = origin::fixed([head.as_bytes(), &body].concat()).await;
        let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.body);
        assert!(result.as_deref() == Ok(&page[..]), "{coding}: {:?}", result.map(|body| body.len()));
        let cut = format!("{HEAD}Content-Encoding: {coding}\r\n\r\n");
        let origin = origin::fixed([cut.as_bytes(), &body[..100_000]].concat()).await;
        let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.body.len());
        let expected = if coding == "identity" { Ok(100_000) } else { Err(FetchError::Incomplete) };
        assert_eq!(result, expected, "{coding}, cut");
    }
}

#[tokio::test]
async fn a_coded_body_is_decoded_however_its_pieces_arrive() {
    let (page, fetcher) = (noise(30_000), batching());
    for (coding, body) in [
        ("gzip", [gzip(&page), noise(5000)].concat()),
        ("deflate", zlib(&page)),
        ("deflate", deflate(&page)),
        ("br", brotli(&page)),
        ("zstd", zstd(&page)),
        ("gzip, br", brotli(&gzip(&page))),
        ("zstd, deflate", deflate(&zstd(&page))),
    ] {
        for sizes in [[1, 10_000], [1, 1], [1777, 1777]] {
            let (first, rest) = body.split_at(sizes[0]);
            let chunks = [first].into_iter().chain(rest.chunks(sizes[1]));
            let chunked = chunks
                .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            let head = format!("{HEAD}Content-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n");
            let answer = head.into_bytes().into_iter().chain(chunked).chain(*b"0\r\n\r\n");
            let origin = origin::fixed(answer.collect::<Vec<_>>()).await;
            let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.body);
            assert!(result.as_deref() == Ok(&page[..]), "{coding}, {sizes:?}: {:?}", result.map(|b| b.len()));
        }
    }
}

#[tokio::test]
async fn a_page_counts_against_the_memory_until_it_is_dropped() {
    let page = format!("{HEAD}\r\n{}", "x".repeat(12_000_000));
    let origin = origin::fixed(page).await;
    // Memory for finished pages: the largest page, and the windows of two decoders.
    let settings = FetchSettings {
        memory: ByteSize::mib(1),
        max_bytes: ByteSize::mb(12),
        timeout: Duration::from_secs(3),
        ..loopback()
    };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    let page = url(&origin.url("/"));
    let mut pages = Vec::new();
    for _ in 0..3 {
        pages.push(fetcher.fetch(&page).await.unwrap().body);
    }
    let waited = fetcher.fetch(&page).await.map(|page| page.body.len());
    assert_eq!(waited, Err(FetchError::Timeout(Phase::Queue)));
    pages.pop();
    assert!(fetcher.fetch(&page).await.is_ok(), "the memory is free again");
}

/// Sends a coded body that begins like this, and no more.
async fn stalling(coding: &'static str, start: Vec<u8>) -> origin::Origin {
    let answer = [format!("{HEAD}Content-Encoding: {coding}\r\n\r\n").as_bytes(), &start].concat();
    origin::raw("127.0.0.1:0", move |mut stream| {
        let answer = answer.clone();
        async move {
            origin::head(&mut stream).await;
            let _ = stream.write_all(&answer).await;
            std::future::pending::<()>().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_bomb_behind_harmless_data_is_an_error_before_its_body_ends() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&noise(1_000_000)).unwrap();
    encoder.write_all(&vec![b'x'; 100_000_000]).unwrap();
    let origin = stalling("gzip", encoder.finish().unwrap()).await;
    let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::TooLarge);
}

#[tokio::test]
async fn slow_large_bodies_do_not_hold_up_small_ones() {
    let (large, medium, small) = (noise(2_500_000), noise(300_000), noise(20_000));
    for (coding, slow, quick, length) in [
        ("gzip", gzip(&large), gzip(&small), small.len()),
        ("gzip", gzip(&large), gzip(&medium), medium.len()),
        ("br", brotli(&large), brotli(&small), small.len()),
        ("identity", large.clone(), small.clone(), small.len()),
        ("identity", large.clone(), medium.clone(), medium.len()),
    ] {
        let slow = stalling(coding, slow).await;
        let head = format!("{HEAD}Content-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", quick.len());
        let quick = origin::fixed([head.as_bytes(), &quick].concat()).await;
        let settings = FetchSettings { max_jobs_per_host: 64, timeout: Duration::from_mins(1), ..loopback() };
        let fetcher = Arc::new(Fetcher::new(settings, crate::support::pool()).unwrap());
        let jobs: Vec<_> = (0..16)
            .map(|_| {
                let (fetcher, page) = (Arc::clone(&fetcher), url(&slow.url("/")));
                tokio::spawn(async move { fetcher.fetch(&page).await.map(|page| page.url) })
            })
            .collect();
        while slow.connections() < jobs.len() {
            tokio::task::yield_now().await;
        }
        for _ in 0..20 {
            let page = url(&quick.url("/"));
            let result = tokio::time::timeout(Duration::from_secs(30), fetcher.fetch(&page));
            assert_eq!(result.await.expect(coding).map(|page| page.body.len()), Ok(length), "{coding}");
        }
        assert!(jobs.iter().all(|job| !job.is_finished()), "{coding}: the slow ones wait all the time");
        jobs.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test]
async fn bytes_after_a_coded_body_are_ignored() {
    let with_junk = |coded: Vec<u8>| [&coded[..], b"trailing junk"].concat();
    for (coding, body) in [("gzip", gzip(b"page")), ("deflate", zlib(b"page")), ("br", brotli(b"page"))] {
        assert_eq!(coded(coding, &with_junk(body)).await.unwrap(), "page", "{coding}");
    }
}

#[tokio::test]
async fn broken_and_unknown_codings_are_errors() {
    for (coding, body) in [
        ("compress", b"page".to_vec()),
        ("xyz", zstd(b"page")),
        ("gzip", b"<!doctype html>".to_vec()),
        ("gzip", b"page".to_vec()),
        ("gzip", b"x".to_vec()),
        ("deflate", b"\xff\xff\xff".to_vec()),
        ("br", b"\xff\xff\xff\xff\xff\xff".to_vec()),
        ("br", large_window()),
        ("zstd", b"page".to_vec()),
        ("zstd", [&zstd(b"page")[..], b"no frame"].concat()),
        ("gzip, gzip, gzip", gzip(&gzip(&gzip(b"page")))),
    ] {
        assert_eq!(coded(coding, &body).await.unwrap_err(), FetchError::BadEncoding, "{coding}");
    }
    for (coding, body) in [
        ("gzip", gzip(b"page")[..16].to_vec()),
        ("deflate", zlib(b"page")),
        ("br", brotli(b"page")),
        ("zstd", zstd(b"page")),
    ] {
        let cut = &body[..body.len() - 1];
        assert_eq!(coded(coding, cut).await.unwrap_err(), FetchError::Incomplete, "{coding}");
    }
    let wrongly_framed = format!("{HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(outcome(wrongly_framed).await.unwrap_err(), FetchError::BadEncoding);
}

/// A fetcher with small limits.
fn small(max_bytes: u64, timeout: Duration) -> Fetcher {
    Fetcher::new(
        FetchSettings { max_bytes: ByteSize(max_bytes), timeout, ..loopback() },
        crate::support::pool(),
    )
    .unwrap()
}

#[tokio::test]
async fn the_size_limit_applies_on_the_wire_and_decoded() {
    let fetcher = small(1000, Duration::from_secs(5));
    for (length, fits) in [(1000, true), (1001, false)] {
        let page = "x".repeat(length);
        let chunked = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{page}\r\n0\r\n\r\n");
        let coded = gzip(page.as_bytes());
        let head = format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", coded.len());
        for answer in [origin::html(&page), chunked.into_bytes(), [head.as_bytes(), &coded].concat()] {
            let origin = origin::fixed(&answer).await;
            let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.body.len());
            assert_eq!(result, if fits { Ok(1000) } else { Err(FetchError::TooLarge) });
        }
    }
}

#[tokio::test]
async fn a_content_length_over_the_limit_is_refused_before_the_body_is_read() {
    let origin = origin::raw("127.0.0.1:0", |mut stream| async move {
        origin::head(&mut stream).await;
        stream.write_all(format!("{HEAD}Content-Length: 53687091200\r\n\r\n").as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::TooLarge);
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let origin = origin::raw("127.0.0.1:0", |mut stream| async move {
        origin::head(&mut stream).await;
        let _ = stream.write_all(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await;
        let chunk = [b"10000\r\n", &vec![b'x'; 0x10000][..], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::TooLarge);
}

/// Sends `start` at once and then one byte of `drip` again and again.
async fn dripping(mut stream: TcpStream, start: &'static str, drip: u8) {
    origin::head(&mut stream).await;
    let mut sent = stream.write_all(start.as_bytes()).await;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    while sent.is_ok() {
        tick.tick().await;
        sent = stream.write_all(&[drip]).await;
    }
}

#[tokio::test]
async fn slow_answers_end_at_the_deadline() {
    // Long enough for connecting on a busy machine.
    let timeout = Duration::from_secs(1);
    let fetcher = small(1_000_000, timeout);
    for (start, drip, step) in [
        ("HTTP/1.1 200 O", b'K', Phase::FirstByte),
        ("HTTP/1.1 200 OK\r\nX: ", b'x', Phase::FirstByte),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n", b'x', Phase::Body),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b'x', Phase::Body),
    ] {
        let origin = origin::raw("127.0.0.1:0", move |stream| dripping(stream, start, drip)).await;
        let began = tokio::time::Instant::now();
        let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Timeout(step), "{start:?}");
        assert!(began.elapsed() >= timeout, "not before the deadline");
        assert!(began.elapsed() < Duration::from_secs(8), "at the deadline, though bytes keep coming");
    }
}

#[tokio::test]
async fn one_deadline_covers_all_redirects() {
    let origin = origin::raw("127.0.0.1:0", |mut stream| async move {
        while origin::head(&mut stream).await.is_some() {
            tokio::time::sleep(Duration::from_millis(120)).await;
            let _ = stream.write_all(&origin::redirect(302, "/again")).await;
        }
    })
    .await;
    let result =
        small(1000, Duration::from_millis(300)).fetch(&url(&origin.url("/"))).await.map(|page| page.url);
    assert!(matches!(result, Err(FetchError::Timeout(_))), "not too many redirects: {result:?}");
}
