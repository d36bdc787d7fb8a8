//! TLS is verified, always, and says what was wrong.

use crate::support::{
    loopback, origin,
    tls::{self, Authority, Validity},
    url,
};
use fetch::{ClientSettings, FetchError, FetchSettings, FetchedPage, Fetcher, TlsProblem};
use rcgen::{BasicConstraints, IsCa};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// Fetches from a server for `name`, trusting `authority`.
async fn fetch(
    authority: &Authority,
    served: &Authority,
    name: &str,
    valid: Validity,
) -> Result<FetchedPage, FetchError> {
    let config = served.server(name, valid, &[]);
    let origin = tls::raw("127.0.0.1:0", config, |mut stream| async move {
        while origin::head(&mut stream).await.is_some() {
            stream.write_all(&origin::html("<a href=/>x</a>")).await.unwrap();
        }
    })
    .await;
    let fetcher = Fetcher::new(
        FetchSettings { extra_roots: vec![authority.root()], ..loopback() },
        crate::support::pool(),
    )
    .unwrap();
    fetcher.fetch(&url(&format!("https://{}/", origin.address))).await
}

#[tokio::test]
async fn a_valid_chain_to_an_extra_root_is_trusted() {
    let authority = Authority::new("ours");
    let page = fetch(&authority, &authority, "127.0.0.1", Validity::Now).await.unwrap();
    assert_eq!(&page.body[..], b"<a href=/>x</a>");
}

#[tokio::test]
async fn the_problem_with_a_certificate_is_reported() {
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    for (served, name, validity, problem) in [
        (&authority, "127.0.0.1", Validity::LongAgo, TlsProblem::Expired),
        (&authority, "127.0.0.1", Validity::FarAhead, TlsProblem::Expired),
        (&authority, "other.example", Validity::Now, TlsProblem::WrongName),
        (&other, "127.0.0.1", Validity::Now, TlsProblem::UnknownIssuer),
    ] {
        let result = fetch(&authority, served, name, validity).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Tls(problem), "{name} {validity:?}");
    }
}

#[tokio::test]
async fn https_never_falls_back_to_plain_http() {
    // A server without TLS; one that closes; one that knows TLS 1.0 only, as its alert says.
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"\x15\x03\x01\x00\x02\x02\x46"] {
        let origin = origin::raw("127.0.0.1:0", move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
        })
        .await;
        let fetcher = Fetcher::new(loopback(), crate::support::pool()).unwrap();
        let result = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Tls(TlsProblem::Handshake));
        assert_eq!(origin.connections(), 1, "no second try without TLS");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_has_an_unknown_issuer() {
    for is_authority in [false, true] {
        let config = tls::self_signed("127.0.0.1", is_authority);
        let origin = tls::raw("127.0.0.1:0", config, |_| async {}).await;
        let page = url(&format!("https://{}/", origin.address));
        let result =
            Fetcher::new(loopback(), crate::support::pool()).unwrap().fetch(&page).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Tls(TlsProblem::UnknownIssuer), "{is_authority}");
    }
}

/// Fetches from a server for `127.0.0.1` with a certificate that `issuer` signed, whose own is listed by the user.
async fn fetch_with_listed(issuer: &Authority) -> Result<FetchedPage, FetchError> {
    let config = issuer.server("127.0.0.1", Validity::Now, &[]);
    let origin = tls::raw("127.0.0.1:0", config, |mut stream| async move {
        while origin::head(&mut stream).await.is_some() {
            stream.write_all(&origin::html("<a href=/>x</a>")).await.unwrap();
        }
    })
    .await;
    let client = ClientSettings { certificates: vec![issuer.root()], ..ClientSettings::default() };
    let settings = FetchSettings { client, ..loopback() };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    fetcher.fetch(&url(&format!("https://{}/", origin.address))).await
}

#[tokio::test]
async fn a_listed_certificate_issues_others_only_if_it_is_of_an_authority_and_valid() {
    let authority = || IsCa::Ca(BasicConstraints::Unconstrained);
    let listed = Authority::with("listed", authority(), Validity::Now);
    assert!(fetch_with_listed(&listed).await.is_ok());
    for (is_ca, validity) in [
        (IsCa::NoCa, Validity::Now),
        (IsCa::ExplicitNoCa, Validity::Now),
        (authority(), Validity::LongAgo),
        (authority(), Validity::FarAhead),
    ] {
        let listed = Authority::with("listed", is_ca, validity);
        let result = fetch_with_listed(&listed).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), FetchError::Tls(TlsProblem::UnknownIssuer), "{is_ca:?} {validity:?}");
    }
}

#[tokio::test]
async fn a_server_that_requires_a_client_certificate_is_a_tls_failure() {
    let authority = Authority::new("ours");
    let acceptor = TlsAcceptor::from(authority.server_for_its_own("127.0.0.1"));
    let origin = origin::raw("127.0.0.1:0", move |stream| {
        let handshake = acceptor.accept(stream).into_fallible();
        async move {
            // Closing with unread bytes would send a reset, which may overtake the alert.
            if let Err((_, mut stream)) = handshake.await {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    })
    .await;
    let fetcher = Fetcher::new(
        FetchSettings { extra_roots: vec![authority.root()], ..loopback() },
        crate::support::pool(),
    )
    .unwrap();
    let result = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::Tls(TlsProblem::Handshake));
}
