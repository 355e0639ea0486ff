//! A bare axum handler that returns the bytes of a file. `api.py` compares the API with it.

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, path, file] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: bare ADDRESS:PORT PATH FILE"));
    };
    let body = Bytes::from(std::fs::read(Path::new(file))?);
    let answer = async move || ([(header::CONTENT_TYPE, "application/json")], body.clone());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route(path, get(answer))).await
}
