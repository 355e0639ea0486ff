//! One term: `GET /api/v1/topics?source=&kind=&term=` is its totals in the whole run,
//! `GET /api/v1/history?source=&kind=&term=` its counts in each window.

use std::sync::Arc;

use axum::routing::get;
use questions::{HistoryAnswer, TermQuestion, TopicAnswer, schema};
use serde_json::Value;
use store::View;
use trends::Kind;

use super::{Reply, Resource, SharedState};
use crate::problem::Problem;
use crate::request::{Parameters, RequestHead};
use crate::response::Content;
use crate::schemas::{Parameter, Schemas, operation};

pub(super) const TOPICS: Resource = Resource {
    path: "/api/v1/topics",
    methods: || get(topics),
    operation: describe_topics,
    example: "?source=SOURCE&term=TERM",
};

pub(super) const HISTORY: Resource = Resource {
    path: "/api/v1/history",
    methods: || get(history),
    operation: describe_history,
    example: "?source=SOURCE&term=TERM",
};

async fn topics(state: SharedState, request: RequestHead) -> Reply {
    let parameters = request.parameters()?;
    let question = &question(&parameters)?;
    let make = |view: Arc<View>| async move { Content::json(&question.topic(&view).await?) };
    state.respond(&request, parameters.source()?, make).await
}

async fn history(state: SharedState, request: RequestHead) -> Reply {
    let parameters = request.parameters()?;
    let question = &question(&parameters)?;
    let make = |view: Arc<View>| async move { Content::json(&question.history(&view).await?) };
    state.respond(&request, parameters.source()?, make).await
}

/// Reads the question of a request, which may have no other parameters.
fn question(parameters: &Parameters<'_>) -> Result<TermQuestion, Problem> {
    parameters.only(&["source", "kind", "term"])?;
    let kind = parameters.kind()?.unwrap_or(Kind::Word);
    let term = parameters.first("term").ok_or_else(|| {
        Problem::bad_request("term is missing: /api/v1/trends lists the highest-ranked ones")
    })?;
    Ok(TermQuestion { kind, term: term.to_owned() })
}

fn describe_topics(schemas: &mut Schemas) -> Value {
    let answer = schemas.of::<TopicAnswer>();
    let summary = "A term with its counts, forms and examples";
    operation("topics", summary, &parameters(schemas), &answer, &[400, 404, 500])
}

fn describe_history(schemas: &mut Schemas) -> Value {
    let answer = schemas.of::<HistoryAnswer>();
    operation("history", "A term over time", &parameters(schemas), &answer, &[400, 404, 500])
}

fn parameters(schemas: &mut Schemas) -> [Parameter; 3] {
    let kind = schema::kinds(schemas.generator()).to_value();
    [
        Parameter::text("source", "The name of the source.").required(),
        Parameter::new("kind", "The kind of the term; word by default.", kind),
        Parameter::text("term", "The term, in any form.").required(),
    ]
}
