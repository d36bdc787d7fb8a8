//! The user's proxies: SOCKS5, exceptions, and what is said of a proxy that does not serve.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

use e2e::{Origin, Page, SocksProxy, command, raw_origin, within};
use http::StatusCode;
use tokio::net::TcpListener;

/// What the program writes to standard output and to standard error for `args` in an environment.
async fn text(args: &[&str], environment: &[(&str, &str)]) -> (String, String) {
    let mut command = command("linkextractor");
    let output = command.args(["-f", "text"]).args(args).envs(environment.iter().copied()).output();
    let output = within("the end", output).await.unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_socks5_proxy_looks_up_the_name_and_may_ask_for_a_password() {
    let (origin, _) = Origin::with_link().await;
    let open = SocksProxy::start(Ok(origin.address()), false).await;
    let locked = SocksProxy::start(Ok(origin.address()), true).await;
    let page = "http://page.invalid:8000/";
    let found = ("http://page.invalid:8000/x\n".to_owned(), String::new());
    let (open_url, locked_url) =
        (format!("socks5://{}", open.address()), format!("me:pw@{}", locked.address()));
    assert_eq!(text(&["-x", &open_url, page], &[]).await, found);
    assert_eq!(text(&["--proxy", &format!("socks5h://{locked_url}"), page], &[]).await, found);
    assert_eq!(text(&[page], &[("ALL_PROXY", &open_url)]).await, found);
    assert_eq!(text(&[page], &[("http_proxy", &open_url)]).await, found);
    assert_eq!(open.asked(), ["page.invalid:8000"; 3]);
    assert_eq!(locked.asked(), ["page.invalid:8000"]);
    text(&["-x", &open_url, "http://[::1]:8000/"], &[]).await;
    assert_eq!(open.asked()[3], "::1:8000");

    let wrong = format!("socks5://me:s3cret@{}", locked.address());
    // It is not tried again, which would take longer than the test may.
    let (_, error) = text(&["--retries", "20", "-x", &wrong, page], &[]).await;
    assert!(error.contains("user or password is wrong") && !error.contains("s3cret"), "{error}");
    let (_, error) = text(&["-x", &format!("socks5://{}", locked.address()), page], &[]).await;
    assert!(error.contains("socks5://USER:PASSWORD@HOST:PORT"), "{error}");
    assert_eq!(locked.asked().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_does_not_serve_is_named_with_the_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreachable = SocksProxy::start(Err(4), false).await.address();
    let refuses = raw_origin(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    let asks = raw_origin(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
    let forwards = Origin::start().await;
    forwards.page("/", Page::new(StatusCode::PROXY_AUTHENTICATION_REQUIRED, ""));
    let (http, https) = ("http://page.invalid/", "https://page.invalid/");
    let rows = [
        (format!("http://{closed}"), http, format!("the proxy {closed}: connection refused")),
        (format!("http://{closed}"), https, format!("the proxy {closed}: connection refused")),
        (format!("socks5://{closed}"), http, format!("the proxy {closed}: connection refused")),
        ("http://proxy.invalid".to_owned(), http, "the proxy proxy.invalid:1080: no such host".to_owned()),
        (format!("socks5://{unreachable}"), http, "it reports: host unreachable".to_owned()),
        (refuses.clone(), https, "it refuses to connect to this host".to_owned()),
        (refuses.replace("http:", "socks5:"), https, "its answer is not SOCKS5".to_owned()),
        (asks, https, "http://USER:PASSWORD@HOST:PORT".to_owned()),
        (format!("http://{}", forwards.address()), http, "http://USER:PASSWORD@HOST:PORT".to_owned()),
    ];
    for (proxy, page, words) in rows {
        let retries = if words.contains("USER:PASSWORD") { "20" } else { "0" };
        let (_, error) = text(&["--retries", retries, "-x", &proxy, page], &[]).await;
        assert!(error.contains(&words) && !error.contains("os error"), "{proxy} {page}: {error}");
    }
    for (name, option) in [("https_proxy", "https_proxy:"), ("ALL_PROXY", "all_proxy:")] {
        let (_, error) = text(&[https], &[(name, "https://h:1")]).await;
        assert!(error.contains(option) && error.contains("http://HOST:PORT"), "{error}");
    }
    // It does not matter where nothing is fetched from here.
    for args in [&["no-such-file.html"][..], &["--api", &format!("http://{closed}"), http]] {
        let (_, error) = text(args, &[("all_proxy", "https://h:1")]).await;
        assert!(!error.is_empty() && !error.contains("all_proxy"), "{error}");
    }
    let (_, error) = text(&["-x", "h:port", http], &[]).await;
    assert!(error.contains("--proxy:"), "{error}");
}

#[tokio::test]
async fn exceptions_are_reached_directly_in_every_form_that_people_write() {
    let (origin, page) = Origin::with_link().await;
    let port = origin.address().port();
    let named = page.replace("127.0.0.1", "localhost");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = format!("http://{closed}");
    for exceptions in ["*", "127.0.0.0/8", "127.0.0.1", &format!("127.0.0.1:{port}"), "a.example 127.0.0.1"] {
        let (links, error) = text(&[&page], &[("http_proxy", &proxy), ("no_proxy", exceptions)]).await;
        assert_eq!(links, format!("{page}x\n"), "{exceptions}: {error}");
    }
    for exceptions in ["localhost", ".localhost", "*.localhost", "LOCALHOST", &format!("localhost:{port}")] {
        let (links, error) = text(&["-x", &proxy, &named], &[("NO_PROXY", exceptions)]).await;
        assert_eq!(links, format!("{named}x\n"), "{exceptions}: {error}");
    }
    for exceptions in ["", "host", "localhost:1", "10.0.0.0/8", "[::1]"] {
        let (links, error) = text(&[&named], &[("http_proxy", &proxy), ("no_proxy", exceptions)]).await;
        assert_eq!(links, "", "{exceptions}");
        assert!(error.contains("the proxy"), "{error}");
    }
}
