//! `GET /api/v1/sources`: the newest result of each source.

use axum::routing::get;
use questions::SourcesAnswer;
use serde_json::Value;

use super::{Reply, Resource, SharedState};
use crate::request::RequestHead;
use crate::response::Content;
use crate::schemas::{Schemas, operation};

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/sources",
    methods: || get(sources),
    operation: described,
    example: "",
};

async fn sources(state: SharedState, request: RequestHead) -> Reply {
    request.parameters()?.only(&[])?;
    let mut newest = Vec::new();
    for name in state.newest.names().await?.iter() {
        newest.extend(state.newest.of(name.as_str()).await?);
    }
    let make = async || Content::json(&questions::sources(&newest).await?);
    state.responses.respond(&request, &newest, make).await
}

fn described(schemas: &mut Schemas) -> Value {
    let answer = schemas.of::<SourcesAnswer>();
    operation("sources", "The newest result of each source", &[], &answer, &[400])
}
