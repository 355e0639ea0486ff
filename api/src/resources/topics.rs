//! `GET /api/v1/topics?source=&kind=&term=`: everything that is told of one term.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trends::Kind;
use trends::facts::{ExampleRecord, Facts};

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Schemas, kinds, operation};
use crate::problem::Problem;
use crate::query::Question;
use crate::term::{self, TermQuestion};

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/topics",
    methods: || get(topics),
    operation: described,
    example: "?source=SOURCE&term=TERM",
};

/// A term with its totals, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
struct TopicAnswer<'a> {
    /// The name it is published under.
    source: &'a str,
    /// The generation all of this is from.
    generation: u64,
    /// What sort of term.
    #[schemars(schema_with = "kinds")]
    kind: Kind,
    /// The term, as it is counted.
    term: &'a str,
    /// How often it occurred.
    count: u64,
    /// In how many records.
    documents: u64,
    /// By how many authors: exact up to 32, estimated above; absent where records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<u64>,
    /// How it is written, the most frequent form first, at most five; absent where that is not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forms: Vec<FormCount<'a>>,
    /// Records it occurred in, drawn alike from all, at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Example<'a>>,
}

/// One way a term was written.
#[derive(Debug, Serialize, JsonSchema)]
struct FormCount<'a> {
    /// As it was written.
    form: &'a str,
    /// How often.
    count: u64,
}

/// A record: its id, or the place of its line where it has none.
#[derive(Debug, Serialize, JsonSchema)]
struct Example<'a> {
    /// As the record says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// The number of its object in the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<u64>,
    /// Where its line begins in the (decompressed) object.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

impl<'a> Example<'a> {
    fn of(example: &'a ExampleRecord) -> Self {
        match example {
            ExampleRecord::Id { id } => Self { id: Some(id), object: None, offset: None },
            ExampleRecord::Place { object, offset } => {
                Self { id: None, object: Some(*object), offset: Some(*offset) }
            }
        }
    }
}

async fn topics(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters()?;
    parameters.only(&term::PARAMETERS)?;
    let asked = TermQuestion::of(&state, &parameters).await?;
    let results = [asked.published.clone()];
    let make = async || {
        let TermQuestion { published, kind, term } = &asked;
        let found = published.topic(*kind, term).await?.ok_or_else(|| asked.unknown())?;
        let Facts { authors, forms, examples, .. } = &found.facts;
        let generation = published.generation();
        let answer = TopicAnswer {
            source: generation.source.as_str(),
            generation: generation.generation,
            kind: *kind,
            term,
            count: found.count,
            documents: found.documents,
            authors: *authors,
            forms: forms
                .iter()
                .map(|form| FormCount { form: &form.form, count: form.count })
                .collect(),
            examples: examples.iter().map(Example::of).collect(),
        };
        Answer::json(etag::of(published, &["topics", kind.name(), term]), &answer)
    };
    state.answers.answer(&question, &results, make).await
}

fn described(schemas: &mut Schemas) -> Value {
    let parameters = term::described(schemas);
    let answer = schemas.of::<TopicAnswer<'_>>();
    operation(
        "topics",
        "Everything that is told of one term",
        &parameters,
        &answer,
        &[400, 404, 500],
    )
}
