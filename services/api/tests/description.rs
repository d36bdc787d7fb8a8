//! The description at `/openapi.json` agrees with the service.

mod support;

use http::Method;
use std::str::FromStr;
use support::Service;

const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "delete", "patch"];

#[tokio::test]
async fn every_route_has_exactly_the_described_methods_and_statuses() {
    let api = Service::start().await;
    let description = api.call(Method::GET, "/openapi.json").await.json();
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let paths = description["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 5);
    for (path, operations) in paths {
        let target = path.replace("{url}", "http://10.0.0.1/").replace("{code}", "not-html");
        for method in METHODS {
            let answer = api.call(Method::from_str(&method.to_uppercase()).expect("a method"), &target).await;
            let listed = operations.get(method).is_some();
            assert_ne!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.status != 405, listed, "{method} {path}");
            if listed {
                let responses = &operations[method]["responses"];
                let status = answer.status.as_str();
                assert!(responses.get(status).is_some(), "{method} {path}: {status} is not described");
            }
        }
    }
}

#[tokio::test]
async fn the_description_is_sent_again_only_to_those_who_do_not_have_it() {
    let api = Service::start().await;
    let get = async |fields: &[(&str, &str)]| {
        let request = http::Request::get("/openapi.json");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        api.send(request.body(bytes::Bytes::new()).expect("a request")).await
    };
    let mut tags = Vec::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let answer = get(&[("accept-encoding", coding)]).await;
        assert_eq!(answer.header("content-encoding"), if coding == "identity" { "" } else { coding });
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        let tag = answer.header("etag").to_owned();
        let again = get(&[("accept-encoding", coding), ("if-none-match", &tag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, &*tag));
        tags.push(tag);
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
}

#[tokio::test]
async fn the_description_is_whole() {
    let api = Service::start().await;
    let answer = api.call(Method::GET, "/openapi.json").await;
    let (text, description) = (answer.text(), answer.json());
    assert_eq!(description["servers"][0]["url"], "/", "relative: the service is wherever it is asked");
    let tags: Vec<_> = description["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    for operation in description["paths"].as_object().expect("paths").values() {
        for method in METHODS.iter().filter_map(|method| operation.get(method)) {
            let own = method["tags"].as_array().expect("tags of an operation");
            assert!(own.len() == 1 && tags.contains(&&own[0]), "{own:?}");
        }
    }
    for (kind, parts) in description["components"].as_object().expect("components") {
        for name in parts.as_object().expect("parts").keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(text.contains(&format!("\"{reference}\"")), "{reference} is not referenced");
        }
    }
    for reference in text.split("\"$ref\": \"#").skip(1).map(|rest| rest.split('"').next().expect("a quote"))
    {
        assert!(description.pointer(reference).is_some(), "{reference} does not exist");
    }
    let bodies = &description["paths"]["/api"]["post"]["requestBody"]["content"];
    for (media_type, body) in bodies.as_object().expect("bodies") {
        assert!(body.get("schema").is_some(), "{media_type} has no schema");
    }
}
