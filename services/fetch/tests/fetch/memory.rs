//! Floods of bombs and of large pages stay within the memory limit.

use crate::support::{
    alone,
    h2::{self, EARLY_HINTS},
    loopback, origin,
    tls::{self, Authority, Validity},
    url,
};
use fetch::{FetchError, FetchSettings, Fetcher, ResponseProblem};
use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use std::{
    env, fs,
    io::Write,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::io::AsyncWriteExt;

/// The memory that the whole process may take, origin included.
const MAX_RESIDENT: u64 = 256 * 1024 * 1024;
/// The decoded size of a bomb.
const DECODED_SIZE: usize = 10_000_000_000;
/// The decoded size of its part.
const PART: usize = 16 * 1024 * 1024;

/// A body: its beginning, and a part that is repeated.
#[derive(Clone)]
struct Bomb {
    start: Vec<u8>,
    part: Vec<u8>,
    /// The decoded size of the part.
    decoded_size: usize,
}

/// Zeros in a deflate stream, flushed so that parts can follow each other.
fn deflate(zlib: bool, start: &[u8]) -> Bomb {
    let mut encoder = Compress::new(Compression::fast(), zlib);
    let zeros = vec![0; PART];
    let mut next = || {
        let mut part = Vec::with_capacity(PART / 100);
        encoder.compress_vec(&zeros, &mut part, FlushCompress::Sync).unwrap();
        part
    };
    Bomb { start: [start, &next()].concat(), part: next(), decoded_size: PART }
}

fn brotli() -> Bomb {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 3, 24);
    let zeros = vec![0; PART];
    let mut ends = Vec::new();
    for _ in 0..2 {
        encoder.write_all(&zeros).unwrap();
        encoder.flush().unwrap();
        ends.push(encoder.get_ref().len());
    }
    let coded = encoder.get_ref();
    Bomb { start: coded[..ends[0]].to_vec(), part: coded[ends[0]..ends[1]].to_vec(), decoded_size: PART }
}

fn zstd() -> Bomb {
    let frame = zstd::encode_all(&vec![0; PART][..], 1).unwrap();
    Bomb { start: frame.clone(), part: frame, decoded_size: PART }
}

/// Not a bomb: a page of the largest size.
fn page() -> Bomb {
    Bomb { start: Vec::new(), part: vec![b'x'; 10_000], decoded_size: DECODED_SIZE / 1000 }
}

/// A page of the largest size, coded to about half of it.
fn coded_page() -> Bomb {
    let mut seed = 1_u32;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"0123456789abcdef"[(seed >> 28) as usize]
    });
    let page: Vec<u8> = noise.take(10_000_000).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&page).unwrap();
    Bomb { start: encoder.finish().unwrap(), part: Vec::new(), decoded_size: usize::MAX }
}

/// Serves a bomb, and counts the bytes sent.
async fn serve(coding: &'static str, bomb: Bomb) -> (origin::Origin, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let bomb = Arc::new(bomb);
    let origin = origin::raw("127.0.0.1:0", move |mut stream| {
        let (bomb, count) = (Arc::clone(&bomb), Arc::clone(&count));
        async move {
            origin::head(&mut stream).await;
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n\r\n");
            let parts = (0..DECODED_SIZE / bomb.decoded_size).map(|_| &bomb.part[..]);
            for bytes in [head.as_bytes(), &bomb.start].into_iter().chain(parts) {
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
                count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        }
    })
    .await;
    (origin, sent)
}

/// The peak resident memory of this process.
fn most_resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn flood(
    name: &str,
    jobs: usize,
    coding: &'static str,
    bomb: fn() -> Bomb,
    expected: &Result<usize, FetchError>,
) {
    if !alone::is_alone() {
        return alone::run(Command::new(env::current_exe().unwrap()), name);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (origin, sent) = serve(coding, bomb()).await;
        let timeout = Duration::from_mins(2);
        let fetcher = Fetcher::new(
            FetchSettings { max_jobs_per_host: jobs, timeout, ..loopback() },
            crate::support::pool(),
        )
        .unwrap();
        let (fetcher, page) = (Arc::new(fetcher), url(&origin.url("/")));
        let began = std::time::Instant::now();
        let flood: Vec<_> = (0..jobs)
            .map(|_| {
                let (fetcher, page) = (Arc::clone(&fetcher), page.clone());
                tokio::spawn(async move { fetcher.fetch(&page).await.map(|page| page.body.len()) })
            })
            .collect();
        let mut served = 0;
        for job in flood {
            match job.await.unwrap() {
                Err(FetchError::Overloaded) if expected.is_ok() => (),
                outcome => {
                    assert_eq!(&outcome, expected);
                    served += 1;
                }
            }
        }
        assert!(served > 0, "some are served");
        let (resident, sent) = (most_resident(), sent.load(Ordering::Relaxed));
        println!(
            "{coding} x {jobs}, {served} served: {} KiB resident, {sent} bytes sent, {:?}",
            resident / 1024,
            began.elapsed()
        );
        assert!(resident < MAX_RESIDENT, "{coding}: {resident} bytes resident");
    });
}

/// As many jobs as run at once; fewer without optimization, where decoders are slow.
const JOBS: usize = if cfg!(debug_assertions) { 32 } else { 256 };

#[test]
fn floods_of_gzip_bombs_stay_within_the_memory_limit() {
    let bomb = || deflate(false, b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    flood(
        "memory::floods_of_gzip_bombs_stay_within_the_memory_limit",
        JOBS,
        "gzip",
        bomb,
        &Err(FetchError::TooLarge),
    );
}

#[test]
fn floods_of_deflate_bombs_stay_within_the_memory_limit() {
    flood(
        "memory::floods_of_deflate_bombs_stay_within_the_memory_limit",
        JOBS,
        "deflate",
        || deflate(true, b""),
        &Err(FetchError::TooLarge),
    );
}

#[test]
fn floods_of_brotli_bombs_stay_within_the_memory_limit() {
    flood(
        "memory::floods_of_brotli_bombs_stay_within_the_memory_limit",
        JOBS,
        "br",
        brotli,
        &Err(FetchError::TooLarge),
    );
}

#[test]
fn floods_of_zstd_bombs_stay_within_the_memory_limit() {
    flood(
        "memory::floods_of_zstd_bombs_stay_within_the_memory_limit",
        JOBS,
        "zstd",
        zstd,
        &Err(FetchError::TooLarge),
    );
}

#[test]
fn floods_of_large_pages_stay_within_the_memory_limit() {
    flood(
        "memory::floods_of_large_pages_stay_within_the_memory_limit",
        JOBS,
        "identity",
        page,
        &Ok(10_000_000),
    );
}

#[test]
fn floods_of_large_coded_pages_stay_within_the_memory_limit() {
    flood(
        "memory::floods_of_large_coded_pages_stay_within_the_memory_limit",
        JOBS,
        "gzip",
        coded_page,
        &Ok(10_000_000),
    );
}

#[test]
fn a_flood_of_http2_interim_responses_takes_no_memory() {
    const NAME: &str = "memory::a_flood_of_http2_interim_responses_takes_no_memory";
    if !alone::is_alone() {
        return alone::run(Command::new(env::current_exe().unwrap()), NAME);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // A field of 4,000 bytes for the dynamic table, and 15 references to it: 60 kB from 20 bytes.
        let field = [EARLY_HINTS, &[0x40, 1, b'a', 0x7f, 0xa1, 0x1e], &[b'x'; 4000]].concat();
        let interim = [EARLY_HINTS, &[0xbe; 15]].concat();
        let authority = Authority::new("ours");
        let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
        let origin = tls::raw("127.0.0.1:0", config, move |mut stream| {
            let (field, interim) = (field.clone(), interim.clone());
            async move {
                let _ = stream.write_all(&h2::frame(h2::SETTINGS, 0, 0, &[])).await;
                let _ = h2::preface(&mut stream).await;
                let _ = h2::request(&mut stream).await;
                let _ = stream.write_all(&h2::frame(h2::HEADERS, h2::END_HEADERS, 1, &field)).await;
                let flood = h2::frame(h2::HEADERS, h2::END_HEADERS, 1, &interim).repeat(1000);
                while stream.write_all(&flood).await.is_ok() {}
            }
        })
        .await;
        let settings = FetchSettings { extra_roots: vec![authority.root()], ..loopback() };
        let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
        let before = most_resident();
        let result = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await.map(|_| ());
        assert_eq!(result, Err(FetchError::BadResponse(ResponseProblem::NotFinal)));
        assert!(most_resident() - before < 16 << 20, "{before}, then {}", most_resident());
    });
}
