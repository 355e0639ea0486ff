//! `GET /api/v1/sources`: what is published.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use store::{StoreError, View};
use trends::Kind;

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Schemas, operation};
use crate::problem::Problem;
use crate::query::Question;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/sources",
    methods: || get(sources),
    operation: described,
    example: "",
};

/// What is published.
#[derive(Debug, Serialize, JsonSchema)]
struct Sources<'a> {
    /// The sources, by name.
    sources: Vec<Source<'a>>,
}

/// The newest result of a source.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    /// The name it is published under.
    #[serde(rename = "source")]
    name: &'a str,
    /// Its number; it only grows.
    generation: u64,
    /// The run whose result it is.
    run: &'a str,
    /// When it was published (RFC 3339).
    published_at: &'a str,
    /// Whether shards are missing in it.
    incomplete: bool,
    /// The digest of its rows and counters, as hexadecimal digits: equal digests are equal counts. Scores depend on
    /// their settings, too.
    digest: &'a str,
    /// How many words it ranks, those that are excluded left out.
    topics: u64,
    /// What became of its records.
    records: Records<'a>,
}

/// What became of records: read = counted + empty + malformed.
#[derive(Debug, Serialize, JsonSchema)]
struct Records<'a> {
    /// Lines seen.
    read: u64,
    /// Records whose text was counted.
    counted: u64,
    /// Records without a text, by reason; reasons that did not occur are left out.
    empty: &'a BTreeMap<String, u64>,
    /// Lines that are no record, by reason; reasons that did not occur are left out.
    malformed: &'a BTreeMap<String, u64>,
}

impl<'a> Source<'a> {
    async fn of(published: &'a View) -> Result<Self, StoreError> {
        let (generation, records) = (published.generation(), published.records());
        Ok(Self {
            name: generation.source.as_str(),
            generation: generation.generation,
            run: generation.run.as_str(),
            published_at: &generation.published_at,
            incomplete: generation.incomplete,
            digest: published.digest(),
            topics: published.topics(Kind::Word).await?,
            records: Records {
                read: records.read,
                counted: records.counted,
                empty: &records.empty,
                malformed: &records.malformed,
            },
        })
    }
}

async fn sources(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    question.parameters()?.only(&[])?;
    let mut newest = Vec::new();
    for name in state.current.names().await?.iter() {
        newest.extend(state.current.of(name.as_str()).await?);
    }
    let make = async || {
        let tag = etag::of_all(newest.iter().map(|published| &**published));
        let mut sources = Vec::new();
        for published in &newest {
            sources.push(Source::of(published).await?);
        }
        Answer::json(tag, &Sources { sources })
    };
    state.answers.answer(&question, &newest, make).await
}

fn described(schemas: &mut Schemas) -> Value {
    operation("sources", "What is published", &[], &schemas.of::<Sources<'_>>(), &[400])
}
