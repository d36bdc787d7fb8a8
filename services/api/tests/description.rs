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
