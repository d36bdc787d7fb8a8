//! The pages that are measured.

use std::{ffi::OsStr, fmt::Write, fs, io, path::PathBuf};

/// Every file under `folder`; an error if there is none.
pub(crate) fn in_folder(folder: &OsStr) -> io::Result<Vec<Vec<u8>>> {
    let mut folders = vec![PathBuf::from(folder)];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { pages.push(fs::read(path)?) }
        }
    }
    if pages.is_empty() { Err(io::Error::other("no pages in the folder")) } else { Ok(pages) }
}

/// A few synthetic pages of common kinds: an article, a directory listing, documentation, an old layout with tables.
pub(crate) fn own() -> Vec<Vec<u8>> {
    let kinds = [article, directory, documentation, tables];
    kinds.iter().flat_map(|kind| (1..=5).map(|size| kind(size * 40).into_bytes())).collect()
}

fn page(head: &str, body: impl FnOnce(&mut String) -> std::fmt::Result) -> String {
    let mut page =
        format!("<!doctype html>\n<html lang=en><head><meta charset=utf-8>{head}</head>\n<body>\n");
    // Writing to memory does not fail.
    let _ = body(&mut page);
    page + "</body></html>\n"
}

fn article(size: usize) -> String {
    let script = "<script>window.data = {\"a\": \"<b>\", n: 1 < 2};\n".to_owned()
        + &"(function(){ for (var i = 0; i < 10; i++) push(i); })();\n".repeat(size)
        + "</script><style>a > b { color: red }</style><title>News &amp; more</title>";
    page(&script, |page| {
        for n in 0..size {
            write!(
                page,
                "<section class=\"entry entry-{n}\" data-id='{n}'>\n  <h2 id=\"h{n}\"><a class=\"title\" \
                 href=\"/news/{n}?from=home&amp;at={n}\" title=\"Story {n}\">Story number {n} &mdash; read on</a></h2>\n  \
                 <img src=\"/img/{n}.jpg\" alt=\"\" width=\"320\" height=\"200\" loading=\"lazy\">\n  <p>Words and more words \
                 about the matter at hand, some of them <em>leaning</em>, <strong>others bold</strong>, and a \
                 <a href='https://example.org/{n}'>reference <span class=\"ref\">[{n}]</span></a>.</p>\n  \
                 <a href=\"/tag/{n}\"><img src=\"t.png\"></a>\n</section>\n"
            )?;
        }
        Ok(())
    })
}

fn directory(size: usize) -> String {
    page("<title>Index</title>", |page| {
        page.push_str("<h1>Index of /</h1><hr><pre><a href=\"../\">../</a>\n");
        for n in 0..size * 5 {
            writeln!(
                page,
                "<a href=\"file-{n}.tar.gz\">file-{n}.tar.gz</a>          01-Jan-2024 00:00     {n}"
            )?;
        }
        page.push_str("</pre><hr>");
        Ok(())
    })
}

fn documentation(size: usize) -> String {
    page("<title>Documentation</title><link rel=stylesheet href=x.css>", |page| {
        for n in 0..size {
            writeln!(
                page,
                "<dl><dt><code class=\"fn\"><a href=\"#f{n}\"><span class=\"k\">fn</span> <span class=\"n\">f{n}</span></a>\
                 <span class=\"p\">(</span><span class=\"n\">x</span><span class=\"p\">:</span> <a href=\"../t/struct.X{n}.html\" \
                 title=\"struct X{n}\">X{n}</a><span class=\"p\">)</span></code></dt><dd><p>Does what &lt;{n}&gt; says. See \
                 <a href=\"../book/ch{n}.html#sec-{n}\">chapter <b>{n}</b></a>.<ul><li>one<li><a href=\"two.html\">two</a></ul></dd></dl>"
            )?;
        }
        Ok(())
    })
}

fn tables(size: usize) -> String {
    page("", |page| {
        page.push_str("<center><table border=0 width=100%>\n");
        for n in 0..size {
            writeln!(
                page,
                "<TR><TD bgcolor=#ffffff valign=top><FONT face=\"arial\" size=2><A HREF=\"page{n}.html\"><B>Page {n}</B></A>\
                 <br><A HREF=page{n}.html#top>top<TD align=right>&nbsp;<a href=\"mail{n}.html\"><font color=blue>mail</a></font>"
            )?;
        }
        page.push_str("</table></center>\n");
        Ok(())
    })
}
