//! The speed of extraction beside other parsers: bytes to a list of (text, href as written), on one thread.
//!
//! `links-bench [FOLDER…]` reads every page of the folders, or a small corpus of its own. Each round runs every extractor
//! once on the page; the median of the rounds counts.

mod extractors;
mod pages;

use extractors::{ALL, Extractor};
use links::Method;
use std::{env, hint::black_box, time::Instant};

/// The allocator of the binaries that ship.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 15;

fn main() -> std::io::Result<()> {
    let folders: Vec<_> = env::args_os().skip(1).collect();
    if folders.is_empty() {
        report("own corpus", &pages::own());
    }
    for folder in &folders {
        report(&folder.to_string_lossy(), &pages::in_folder(folder)?);
    }
    Ok(())
}

fn report(name: &str, pages: &[Vec<u8>]) {
    let bytes: usize = pages.iter().map(Vec::len).sum();
    println!("\n{name}: {} pages, {:.1} MB", pages.len(), megabytes(bytes));
    println!("{:<22} {:>8} {:>10} {:>8}", "", "MB/s", "of lol_html", "exact");
    let seconds = medians(pages);
    let reference = ALL.iter().position(|e| e.name == "lol_html").map_or(f64::NAN, |index| seconds[index]);
    for (extractor, seconds) in ALL.iter().zip(&seconds) {
        println!(
            "{:<22} {:>8.0} {:>9.2} x {:>8}",
            extractor.name,
            megabytes(bytes) / seconds,
            reference / seconds,
            exact(extractor, pages),
        );
    }
    for method in [Method::Tree, Method::Approximate] {
        let share = pages.iter().filter(|page| extractors::ours(page).method == method).count() * 100;
        #[expect(clippy::cast_precision_loss, reason = "a handful of pages")]
        let share = share as f64 / pages.len() as f64;
        println!("fell back to {method:?}: {share:.1} % of pages");
    }
}

/// The seconds of each extractor for all pages: the sum of the medians.
fn medians(pages: &[Vec<u8>]) -> Vec<f64> {
    let mut sums = vec![0.0; ALL.len()];
    for page in pages {
        let mut rounds = vec![Vec::with_capacity(ROUNDS); ALL.len()];
        for _ in 0..ROUNDS {
            for (extractor, seconds) in ALL.iter().zip(&mut rounds) {
                let start = Instant::now();
                black_box((extractor.links)(black_box(page)));
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        for (seconds, sum) in rounds.iter_mut().zip(&mut sums) {
            seconds.sort_by(f64::total_cmp);
            *sum += seconds[ROUNDS / 2];
        }
    }
    sums
}

/// The share of pages on which the extractor's list is html5ever's.
fn exact(extractor: &Extractor, pages: &[Vec<u8>]) -> String {
    if extractor.name == "memchr (the limit)" {
        return String::new();
    }
    let exact =
        pages.iter().filter(|page| (extractor.links)(page).is_same(&extractors::html5ever(page))).count();
    format!("{} %", exact * 100 / pages.len())
}

#[expect(clippy::cast_precision_loss, reason = "for a table")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
