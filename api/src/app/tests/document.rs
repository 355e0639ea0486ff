//! The OpenAPI document: fresh, complete, and true of every answer.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::document;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/openapi.json");

#[test]
fn the_document_in_the_repository_is_fresh() {
    let expected = document();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, &expected).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        found == expected,
        "manifests/openapi.json is not fresh: UPDATE=1 cargo test writes it"
    );
}

#[tokio::test]
async fn the_document_is_served_and_every_endpoint_of_the_index_is_in_it() {
    let (_, app) = sample().await;
    assert_eq!(text(get(&app, "/api/v1/openapi.json").await).await, document());
    let document: Value = serde_json::from_str(&document()).unwrap();
    let index: Value = serde_json::from_str(&text(get(&app, "/").await).await).unwrap();
    let paths = document["paths"].as_object().unwrap();
    for endpoint in index["endpoints"].as_array().unwrap() {
        let path = endpoint.as_str().unwrap().split('?').next().unwrap();
        assert!(paths.contains_key(path), "{path}");
    }
    assert_eq!(paths.len(), index["endpoints"].as_array().unwrap().len() + 1, "and the index");
}

/// A validator with the schema of an answer.
fn validator(document: &Value, path: &str, status: &str, content: &str) -> jsonschema::Validator {
    let responses = &document["paths"][path]["get"]["responses"];
    let mut response = &responses[status];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
    }
    let schema = &response["content"][content]["schema"];
    assert!(schema.is_object(), "{path} {status} is not described");
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::new(&whole).unwrap()
}

#[test]
fn every_schema_with_authors_has_the_mark_of_an_estimate() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut marked = Vec::new();
    for (name, schema) in schemas {
        let properties = &schema["properties"];
        assert_eq!(properties["authors"].is_null(), properties["authorsEstimated"].is_null());
        if let Some(mark) = properties.get("authorsEstimated") {
            assert_eq!(mark["type"], json!(["boolean", "null"]), "{name}");
            let required = schema["required"].as_array().unwrap();
            assert!(!required.contains(&json!("authorsEstimated")), "{name}");
            marked.push(name.as_str());
        }
    }
    assert_eq!(marked, ["Counts", "Ranked", "ScoredRank", "Seen", "TopicAnswer"]);
}

#[tokio::test]
async fn every_answer_matches_the_document() {
    let (store, app) = sample().await;
    social::publish(store.clone()).await;
    social::publish_crowds(store).await;
    let document: Value = serde_json::from_str(&document()).unwrap();
    for (uri, status) in [
        ("/", "200"),
        ("/api/v1/openapi.json", "200"),
        ("/api/v1/sources", "200"),
        ("/api/v1/sources?x=1", "400"),
        ("/api/v1/trends?source=sample", "200"),
        ("/api/v1/trends?source=sample&limit=1", "200"),
        ("/api/v1/trends?source=sample&limit=0", "400"),
        ("/api/v1/trends?source=nobody", "404"),
        ("/api/v1/trends?cursor=MS9zYW1wbGUvOS94L3dvcmQvMQ", "410"),
        ("/api/v1/trends?source=social&kind=hashtag", "200"),
        ("/api/v1/trends?source=social&kind=word,hashtag", "200"),
        ("/api/v1/trends?source=social&kind=word,hashtag&offset=1", "400"),
        ("/api/v1/topics?source=sample&term=love", "200"),
        ("/api/v1/topics?source=social&kind=hashtag&term=%23Breaking", "200"),
        ("/api/v1/topics?source=sample", "400"),
        ("/api/v1/topics?source=sample&term=nobody", "404"),
        ("/api/v1/history?source=social&kind=hashtag&term=breaking", "200"),
        ("/api/v1/history?source=sample&term=love", "404"),
        ("/api/v1/trends?source=crowds", "200"),
        ("/api/v1/topics?source=crowds&term=flood", "200"),
        ("/api/v1/history?source=crowds&term=flood", "200"),
        ("/api/v1/scores?source=crowds", "200"),
        ("/api/v1/scores?source=social&kind=hashtag", "200"),
        ("/api/v1/scores?source=social&kind=word,hashtag", "200"),
        ("/api/v1/scores?source=social&score=popular&window=2016-03-01T08:59:00Z", "200"),
        ("/api/v1/scores?source=social&score=popular&window=2016-03-01T05:00:00Z", "400"),
        ("/api/v1/scores?source=social&score=sum", "400"),
        ("/api/v1/scores?source=social&window=noon", "400"),
        ("/api/v1/scores?source=sample", "404"),
        ("/api/trends?source=sample&topic=love", "200"),
        ("/api/trends?source=sample&topic=none", "200"),
        ("/api/trends?source=sample", "400"),
        ("/api/trends?source=nobody&topic=love", "404"),
    ] {
        let response = get(&app, uri).await;
        assert_eq!(response.status().as_str(), status, "{uri}");
        let content = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let answer: Value = serde_json::from_str(&text(response).await).unwrap();
        let path = uri.split('?').next().unwrap();
        let validator = validator(&document, path, status, &content);
        let errors: Vec<String> =
            validator.iter_errors(&answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{uri}: {errors:?}");
        // An empty object is refused, so the schema demands something.
        let mut other = answer.clone();
        other.as_object_mut().unwrap().clear();
        assert!(path.ends_with("openapi.json") || !validator.is_valid(&other), "{uri}");
    }
}
