//! `bare ADDRESS FILE`: answers every request with the bytes of a file, as JSON. It is the bare
//! axum server that the API is measured against.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, file] = arguments.as_slice() else {
        return Err("usage: bare ADDRESS FILE".into());
    };
    let answer: &'static [u8] = std::fs::read(file)?.leak();
    let app = Router::new().fallback(async move || ([(CONTENT_TYPE, "application/json")], answer));
    axum::serve(TcpListener::bind(address).await?, app).await?;
    Ok(())
}
