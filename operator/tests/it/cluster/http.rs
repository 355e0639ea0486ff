//! A file server that pods of the cluster reach, with byte ranges and entity tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, ListParams};

use super::Testbed;

type Files = Arc<BTreeMap<String, String>>;

/// Serves files at an address of the node, which is this machine.
pub(crate) async fn serve(testbed: &Testbed, files: Vec<(String, String)>) -> String {
    let nodes: Api<Node> = Api::all(testbed.client.clone());
    let nodes = nodes.list(&ListParams::default()).await.unwrap();
    let addresses = nodes.iter().flat_map(|node| node.status.iter().flat_map(|one| &one.addresses));
    let internal = addresses.flatten().find(|one| one.type_ == "InternalIP");
    let host = internal.unwrap().address.clone();
    let listener = tokio::net::TcpListener::bind((host.as_str(), 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let files: Files = Arc::new(files.into_iter().collect());
    let app = Router::new().route("/{name}", get(answer)).with_state(files);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn answer(
    State(files): State<Files>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(text) = files.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let tag = (header::ETAG, "\"one\"".to_owned());
    let Some((from, to)) = range else { return ([tag], text.clone()).into_response() };
    let from: usize = from.parse().unwrap();
    let to = to.parse().unwrap_or(text.len() - 1).min(text.len() - 1);
    let part = (header::CONTENT_RANGE, format!("bytes {from}-{to}/{}", text.len()));
    let body = text.as_bytes()[from..=to].to_vec();
    (StatusCode::PARTIAL_CONTENT, [tag, part], body).into_response()
}
