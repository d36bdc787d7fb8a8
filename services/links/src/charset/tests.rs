use super::sniffed;
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, KOI8_R, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE,
    WINDOWS_1251, WINDOWS_1252, X_USER_DEFINED,
};
use weburl::WebUrl;

fn of(body: &[u8]) -> &'static str {
    sniffed(body, None, None).used.name()
}

#[test]
fn a_byte_order_mark_overrides_the_header_and_the_header_overrides_meta() {
    for (body, declared, encoding, is_tentative) in [
        (&b"\xEF\xBB\xBFx"[..], Some(KOI8_R), UTF_8, false),
        (b"\xFF\xFEx\0", Some(KOI8_R), UTF_16LE, false),
        (b"\xFE\xFF\0x", Some(KOI8_R), UTF_16BE, false),
        (b"<meta charset=big5>", Some(KOI8_R), KOI8_R, false),
        (b"<meta charset=big5>", None, BIG5, true),
        (b"", None, UTF_8, true),
    ] {
        let found = sniffed(body, declared, None);
        assert_eq!((found.used, found.is_tentative), (encoding, is_tentative), "{body:?}");
    }
}

#[test]
fn meta_names_the_encoding_in_every_spelling() {
    for meta in [
        "<meta charset=koi8-r>",
        "<META CHARSET='KOI8-R'/>",
        "<!doctype html><html lang=en><head data-x=\"<meta charset=big5>\"><meta\tcharset = \"koi8-r\" >",
        "<!-- <meta charset=big5> --><meta charset=koi8-r>",
        "<!--><meta charset=koi8-r>",
        "<?x <meta?><meta charset=koi8-r>",
        "<meta name=x><meta http-equiv=Content-Type content='text/html; charset=koi8-r'>",
        "<meta content=\"text/html; charset='koi8-r' x\" http-equiv=content-type>",
        "<meta http-equiv=content-type content='charset charset = koi8-r;'>",
        "<meta content='text/html; charset=big5'><meta charset=koi8-r>",
        "<meta charset=koi8-r charset=big5>",
        "<meta content='charset=big5' http-equiv=content-type CHARSET=koi8-r content=x charset=big5>",
        "<meta content='charset=koi8-r' content='charset=big5' http-equiv=content-type http-equiv=x>",
        "<meta/charset=koi8-r>",
        "< <3 <<meta charset=koi8-r>",
        "</ <meta charset=big5><meta charset=koi8-r>",
        "</p x='<meta charset=big5>'><p y=<meta charset=big5><meta charset=koi8-r>",
        "<meta charset=nonsense><meta charset=koi8-r>",
        "<?xml version=\"1.0\" encoding=\"koi8-r\"?><html>",
        "<?xml version=\"1.0\" encoding=\"big5\"?><meta charset=koi8-r>",
    ] {
        assert_eq!(of(meta.as_bytes()), "KOI8-R", "{meta}");
    }
}

#[test]
fn other_markup_than_a_complete_meta_names_no_encoding() {
    for page in [
        "<metal charset=koi8-r>",
        "<meta>",
        "<meta charset=koi8-r/>",
        "<meta charset=nonsense http-equiv=content-type content='charset=koi8-r'>",
        "<meta http-equiv=content-type content='charset=koi8-r' charset=nonsense>",
        "<meta http-equiv=x http-equiv=content-type content='charset=koi8-r'>",
        "<p<meta charset=koi8-r>",
        "<meta content='text/html; charset=koi8-r'>",
        "<!-- <meta charset=koi8-r>",
        "<meta charset=koi8-r",
        "<p title='<meta charset=koi8-r>'>",
        "<meta http-equiv=refresh content='charset=koi8-r'>",
    ] {
        assert_eq!(of(page.as_bytes()), "UTF-8", "{page}");
    }
}

#[test]
fn only_a_meta_within_the_first_1024_bytes_counts() {
    let meta = "<meta charset=koi8-r>";
    let inside = " ".repeat(1024 - meta.len()) + meta;
    assert_eq!(of(inside.as_bytes()), "KOI8-R");
    assert_eq!(of(format!(" {inside}").as_bytes()), "UTF-8");
}

#[test]
fn encoding_labels_follow_the_encoding_standard() {
    assert_eq!(of(b"<meta charset=utf-16le>"), "UTF-8");
    assert_eq!(of(b"<meta charset=x-user-defined>"), WINDOWS_1252.name());
    assert_eq!(of(b"<?xml encoding='x-user-defined'?>"), X_USER_DEFINED.name());
    assert_eq!(of(b"<?xml encoding='utf-16'?>"), "UTF-8");
    assert_eq!(of(b"<meta charset=latin1>"), WINDOWS_1252.name());
    assert_eq!(of(b"<meta charset=gb2312>"), GBK.name());
    assert_eq!(of(b"<meta charset=utf-7>"), "UTF-8");
    assert_eq!(of(b"<meta charset=iso-2022-kr>"), REPLACEMENT.name());
    assert_eq!(of(b"<\0?\0x\0m\0l\0"), UTF_16LE.name());
    assert_eq!(of(b"\0<\0?\0x\0m\0l"), UTF_16BE.name());
}

#[test]
fn an_undeclared_page_is_utf_8_if_valid_and_detected_otherwise() {
    assert_eq!(of(b""), "UTF-8");
    assert_eq!(of(b"<p>plain"), "UTF-8");
    assert_eq!(of("<p>žluťoučký".as_bytes()), "UTF-8");
    let detectable: [(&'static Encoding, &str); 6] = [
        (WINDOWS_1252, "Où est le café ? Là-bas, près de l'hôtel, à côté de la forêt."),
        (WINDOWS_1251, "Это обычный русский текст, которого хватает для определения кодировки."),
        (SHIFT_JIS, "これは日本語の文章です。文字コードを判定できます。"),
        (EUC_JP, "これは日本語の文章です。文字コードを判定できます。"),
        (EUC_KR, "이것은 한국어 문장입니다. 문자 인코딩을 판별할 수 있습니다."),
        (GBK, "这是一个中文句子,可以用来检测字符编码。"),
    ];
    for (encoding, text) in detectable {
        let body = encoding.encode(text).0;
        assert_eq!(of(&body), encoding.name());
        let late = ["<p>".repeat(100_000).as_bytes(), &body].concat();
        assert_eq!(of(&late), encoding.name(), "after much ASCII");
    }
}

#[test]
fn every_stretch_beyond_ascii_counts_and_a_stray_byte_elsewhere_does_not() {
    let russian =
        WINDOWS_1251.encode("Это обычный русский текст, которого хватает для кодировки.").0.into_owned();
    let ascii = b"<p>".repeat(100_000);
    let late = [b"\xA9 2026 ", &ascii[..], &russian[..], &ascii[..], b"\xA0"].concat();
    assert_eq!(of(&late), "windows-1251");
}

#[test]
fn the_top_level_domain_decides_what_the_bytes_leave_open() {
    let of = |host: &str| {
        let url = WebUrl::parse(&format!("https://{host}/")).unwrap();
        sniffed(b"\xD1\xD2", None, Some(&url)).used.name()
    };
    let domains = [
        "example.org",
        "example.ru",
        "EXAMPLE.RU.",
        "xn--e1afmkfd.xn--p1ai",
        "192.0.2.1",
        "[::1]",
        "localhost",
    ];
    let found = domains.map(of);
    assert_eq!(found[1..4], ["windows-1251"; 3]);
    for index in [0, 4, 5, 6] {
        assert_ne!(found[index], "windows-1251", "{}", domains[index]);
    }
}
