//! `GET /problems/<code>` explains every error code, and `type` of every problem leads there.

mod support;

use http::Method;
use support::{Service, assert_code};

#[tokio::test]
async fn every_code_of_the_description_has_an_explanation() {
    let api = Service::start().await;
    let description = api.call(Method::GET, "/openapi.json").await.json();
    let codes = description["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
    for code in codes {
        let code = code.as_str().unwrap();
        let answer = api.call(Method::GET, &format!("/problems/{code}")).await;
        assert_eq!(answer.status, 200, "{code}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(answer.text().contains("\n\nWhen it happens: "), "{}", answer.text());
        assert!(answer.text().contains("\n\nWhat to do: "), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_explanation() {
    let api = Service::start().await;
    for target in ["/nowhere", "/api", "/api/ftp://example.com/", "/api/http://10.0.0.1/"] {
        let problem = api.call(Method::GET, target).await.json();
        let explanation = api.call(Method::GET, problem["type"].as_str().unwrap()).await;
        let first = format!("{} (status {})\n", problem["title"].as_str().unwrap(), problem["status"]);
        assert!(explanation.text().starts_with(&first), "{problem} {}", explanation.text());
    }
}

#[tokio::test]
async fn an_unknown_code_is_not_found() {
    let api = Service::start().await;
    for target in ["/problems/unknown", "/problems/", "/problems", "/problems/not-html/"] {
        assert_code(&api.call(Method::GET, target).await, 404, "not-found");
    }
}

#[tokio::test]
async fn every_answer_forbids_content_sniffing() {
    let api = Service::start().await;
    for target in
        ["/", "/openapi.json", "/problems/not-html", "/nowhere", "/api", "/api/http://10.0.0.1/", "/api/%zz"]
    {
        let answer = api.call(Method::GET, target).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{target}");
    }
}
