//! `GET /api/v1/trends?source=&kind=&limit=&offset=&cursor=`: the topics of a source by rank, of one kind
//! page by page or of several in one list.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::view::{self, From as Begin};
use store::{StoreError, View};
use trends::Kind;

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::{ApiState, Shared};
use crate::cursor::Cursor;
use crate::openapi::{Parameter, Schemas, kinds, operation, several_kinds};
use crate::pinned::gone;
use crate::problem::Problem;
use crate::query::{Parameters, Question, names};

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1000;
const MAX_OFFSET: u64 = u32::MAX as u64;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/trends",
    methods: || get(trends),
    operation: described,
    example: "?source=SOURCE&limit=10",
};

/// Topics by rank, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
struct Trends<'a> {
    /// The name it is published under.
    source: &'a str,
    /// The generation all of this is from.
    generation: u64,
    /// What sort of terms; absent if several were asked for.
    #[schemars(schema_with = "kinds")]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// How many topics of what was asked for the generation has: without those that are excluded, with words that a phrase stands for.
    total: u64,
    /// How many are left out, because they are excluded; absent if none is.
    #[serde(skip_serializing_if = "is_zero")]
    excluded: u64,
    /// The topics, by rank.
    topics: Vec<Ranked<'a>>,
    /// The cursor of what comes next, in the same generation; absent at the end and for several kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A topic and its place.
#[derive(Debug, Serialize, JsonSchema)]
struct Ranked<'a> {
    /// Its place, from 1.
    rank: u64,
    /// What sort of term.
    #[schemars(schema_with = "kinds")]
    kind: Kind,
    /// The term.
    term: &'a str,
    /// How often it occurred.
    count: u64,
    /// In how many records.
    documents: u64,
    /// By how many authors: exact up to 32, estimated above; absent where records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<u64>,
    /// The way it is written most often; absent if that is the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'a str>,
    /// The phrase that stands for this word: most of the records with the word have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    phrase: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What is asked for: which part of which ranking.
#[derive(Debug)]
struct Page {
    published: Arc<View>,
    of: Ranking,
    limit: u64,
    /// What asked for it, unless that was for the newest.
    cursor: Option<Cursor>,
}

#[derive(Debug)]
enum Ranking {
    /// A part of the ranking of one kind.
    One(Kind, Begin),
    /// The beginning of one list of several.
    Mixed(BTreeSet<Kind>),
}

async fn trends(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    let page = Page::asked_for(&state, &question.parameters()?).await?;
    let results = [Arc::clone(&page.published)];
    state.answers.answer(&question, &results, async || page.answer().await).await
}

impl Page {
    async fn asked_for(state: &Shared, parameters: &Parameters<'_>) -> Result<Self, Problem> {
        parameters.only(&["source", "kind", "limit", "offset", "cursor"])?;
        let limit = parameters.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
        let kinds = parameters.kinds()?;
        if let Some(cursor) = parameters.first("cursor") {
            let cursor = Cursor::parse(cursor)?;
            let source = parameters.first("source");
            let agrees = source.is_none_or(|source| source == cursor.source.as_str())
                && kinds.iter().all(|kind| *kind == cursor.kind)
                && parameters.first("offset").is_none();
            if !agrees {
                let detail = "the cursor is of another listing: give it with the same source and kind, or alone, and without an offset";
                return Err(Problem::bad_request(detail));
            }
            let published = state.pinned.of(&state.current, &cursor).await?;
            let of = Ranking::One(cursor.kind, Begin::Position(cursor.position));
            return Ok(Self { published, of, limit, cursor: Some(cursor) });
        }
        let offset = parameters.number("offset", 0..=MAX_OFFSET, 0)?;
        if kinds.len() > 1 && offset > 0 {
            let detail = format!(
                "a list of several kinds is read from its beginning: leave offset out, limit may be up to {MAX_LIMIT}"
            );
            return Err(Problem::bad_request(detail));
        }
        let published = state.source(parameters).await?;
        let of = if kinds.len() > 1 {
            Ranking::Mixed(kinds)
        } else {
            let kind = kinds.first().copied().unwrap_or(Kind::Word);
            Ranking::One(kind, Begin::Shown(offset))
        };
        Ok(Self { published, of, limit, cursor: None })
    }

    async fn answer(&self) -> Result<Answer, Problem> {
        let Self { published, of, limit, cursor } = self;
        // At most 1,000.
        let wanted = *limit as usize;
        let page = match of {
            Ranking::One(kind, from) => published.page(*kind, *from, wanted).await,
            Ranking::Mixed(kinds) => published.mixed(kinds, wanted).await,
        };
        let page = match (page, cursor) {
            (Ok(page), _) => page,
            // Its run was removed while somebody paged through it.
            (Err(StoreError::Missing { .. }), Some(cursor)) => return Err(gone(cursor)),
            (Err(error), _) => return Err(Problem::from(error)),
        };
        let generation = published.generation();
        let view::Page { rank, topics, next, total, left_out } = page;
        let (kind, kinds, from) = match of {
            Ranking::One(kind, Begin::Shown(offset)) => {
                (Some(*kind), kind.to_string(), format!("offset {offset}"))
            }
            Ranking::One(kind, Begin::Position(position)) => {
                (Some(*kind), kind.to_string(), format!("position {position}"))
            }
            Ranking::Mixed(kinds) => (None, names(kinds), String::new()),
        };
        let next = next.zip(kind);
        let next = next.map(|(position, kind)| Cursor::new(generation, kind, position).to_string());
        let ranked = (rank..).zip(&topics).map(|(rank, topic)| Ranked {
            rank,
            kind: topic.kind,
            term: &topic.term,
            count: topic.count,
            documents: topic.documents,
            authors: topic.facts.authors,
            form: topic.facts.forms.first().map(|form| form.form.as_str()),
            phrase: topic.facts.phrase.as_deref(),
        });
        let link = next.as_ref().map(|next| {
            // Relative to what was asked, so that it holds behind any prefix of a path.
            format!("<?limit={limit}&cursor={next}>; rel=\"next\"")
        });
        let answer = Trends {
            source: generation.source.as_str(),
            generation: generation.generation,
            kind,
            total,
            excluded: left_out,
            topics: ranked.collect(),
            next,
        };
        let question = ["trends", &kinds, &limit.to_string(), &from];
        let answer = Answer::json(etag::of(published, &question), &answer)?;
        Ok(answer.linking(link.and_then(|link| HeaderValue::try_from(link).ok())))
    }
}

fn described(schemas: &mut Schemas) -> Value {
    let number = |least: u64, most: u64, default: u64| json!({ "type": "integer", "minimum": least, "maximum": most, "default": default });
    let parameters = [
        Parameter {
            name: "source",
            description: "The name it is published under; not needed with a cursor.",
            schema: json!({ "type": "string" }),
            required: false,
        },
        Parameter {
            name: "kind",
            description: "What sort of terms; word unless something else is asked for. Several are one list, read from its beginning, in which a phrase stands for its words.",
            schema: several_kinds(schemas),
            required: false,
        },
        Parameter {
            name: "limit",
            description: "How many topics at most.",
            schema: number(1, MAX_LIMIT, DEFAULT_LIMIT),
            required: false,
        },
        Parameter {
            name: "offset",
            description: "How many topics of one kind to pass over, in the newest generation.",
            schema: number(0, MAX_OFFSET, 0),
            required: false,
        },
        Parameter {
            name: "cursor",
            description: "Where to go on: `next` of the answer before. It stays in the generation it is from, whatever is published meanwhile. What is excluded meanwhile is left out from then on, and ranks are counted without it; no topic that is still shown is missed or comes twice.",
            schema: json!({ "type": "string" }),
            required: false,
        },
    ];
    let answer = schemas.of::<Trends<'_>>();
    operation("trends", "Topics by rank", &parameters, &answer, &[400, 404, 410, 500])
}
