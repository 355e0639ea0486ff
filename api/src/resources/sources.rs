//! `GET /api/v1/sources`: the newest result of each source.

use std::sync::Arc;

use axum::routing::get;
use questions::{QuestionError, SourcesAnswer};
use serde_json::Value;
use store::View;

use super::{Reply, Resource, SharedState};
use crate::problem::Problem;
use crate::request::RequestHead;
use crate::response::Content;
use crate::schemas::{Schemas, operation};
use crate::state::ApiState;

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
    match respond(&state, &request, &newest).await {
        Err(problem) if problem.is_missing() => {
            respond(&state, &request, &whole(&state, newest).await?).await
        }
        response => response,
    }
}

async fn respond(state: &ApiState, request: &RequestHead, newest: &[Arc<View>]) -> Reply {
    let make = async || Content::json(&questions::sources(newest).await?);
    state.responses.respond(request, newest, make).await
}

/// Looks again at the sources whose results are incomplete.
async fn whole(state: &ApiState, newest: Vec<Arc<View>>) -> Result<Vec<Arc<View>>, Problem> {
    let mut whole = Vec::new();
    for view in newest {
        match questions::sources(std::slice::from_ref(&view)).await {
            Err(QuestionError::Store(error)) if error.is_missing() => {
                whole.extend(state.newest.instead_of(&view).await?);
            }
            _ => whole.push(view),
        }
    }
    Ok(whole)
}

fn described(schemas: &mut Schemas) -> Value {
    let answer = schemas.of::<SourcesAnswer>();
    operation("sources", "The newest result of each source", &[], &answer, &[400])
}
