//! `GET /api/v1/trends?source=&kind=&limit=&offset=&cursor=`: the topics of a source by count.
//! Those of one kind come page by page, those of several kinds in one list.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::routing::get;
use questions::{QuestionError, Ranking, TopAnswer, TopQuestion};
use serde_json::{Value, json};
use store::View;
use store::view::SliceStart;

use super::{Reply, Resource, SharedState};
use crate::cursor::Cursor;
use crate::pinned_views::gone;
use crate::problem::Problem;
use crate::request::{MAX_LIMIT, Parameters, RequestHead};
use crate::response::Content;
use crate::schemas::{Parameter, Schemas, operation};

const MAX_OFFSET: u64 = u32::MAX as u64;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/trends",
    methods: || get(trends),
    operation: described,
    example: "?source=SOURCE&limit=10",
};

/// A page of a ranking.
#[derive(Debug)]
struct PageRequest {
    question: TopQuestion,
    /// The cursor that names the page; `None` for the newest result.
    cursor: Option<Cursor>,
}

async fn trends(state: SharedState, request: RequestHead) -> Reply {
    let parameters = request.parameters()?;
    let page = &PageRequest::parse(&parameters)?;
    let make = |view: Arc<View>| async move { page.content(&view).await };
    let Some(cursor) = &page.cursor else {
        return state.respond(&request, parameters.source()?, make).await;
    };
    let view = state.pinned.of(&state.newest, cursor).await?;
    state.responses.respond(&request, std::slice::from_ref(&view), || page.content(&view)).await
}

impl PageRequest {
    fn parse(parameters: &Parameters<'_>) -> Result<Self, Problem> {
        parameters.only(&["source", "kind", "limit", "offset", "cursor"])?;
        let limit = parameters.limit()?;
        let kinds = parameters.kinds()?;
        if let Some(cursor) = parameters.first("cursor") {
            let cursor = Cursor::parse(cursor)?;
            let source = parameters.first("source");
            let agrees = source.is_none_or(|source| source == cursor.source.as_str())
                && kinds.iter().all(|kind| *kind == cursor.kind)
                && parameters.first("offset").is_none();
            if !agrees {
                let detail = "the cursor belongs to another listing: give it with the same source and kind, or alone, and without an offset";
                return Err(Problem::bad_request(detail));
            }
            let ranking = Ranking::One(cursor.kind, SliceStart::Position(cursor.position));
            let question = TopQuestion { ranking, limit };
            return Ok(Self { question, cursor: Some(cursor) });
        }
        let offset = parameters.number("offset", 0..=MAX_OFFSET, 0)?;
        let ranking = match Ranking::of(kinds) {
            Ranking::One(kind, _) => Ranking::One(kind, SliceStart::Shown(offset)),
            Ranking::Mixed(_) if offset > 0 => {
                let detail = format!(
                    "a list of several kinds is read from its beginning: leave offset out, limit may be up to {MAX_LIMIT}"
                );
                return Err(Problem::bad_request(detail));
            }
            mixed @ Ranking::Mixed(_) => mixed,
        };
        Ok(Self { question: TopQuestion { ranking, limit }, cursor: None })
    }

    async fn content(&self, view: &View) -> Result<Content, Problem> {
        let Self { question, cursor } = self;
        let mut answer = match (question.answer(view).await, cursor) {
            (Ok(answer), _) => answer,
            // The run was removed after an earlier page was read.
            (Err(QuestionError::Store(error)), Some(cursor)) if error.is_missing() => {
                return Err(gone(cursor));
            }
            (Err(error), _) => return Err(Problem::from(error)),
        };
        let next = answer.next_position.zip(answer.kind);
        let next =
            next.map(|(position, kind)| Cursor::new(view.generation(), kind, position).to_string());
        let link = next.as_ref().map(|next| {
            // Relative to the request, so that it stays right behind a proxy that adds a path.
            format!("<?limit={}&cursor={next}>; rel=\"next\"", question.limit)
        });
        answer.next = next;
        let link = link.and_then(|link| HeaderValue::try_from(link).ok());
        Ok(Content::json(&answer)?.with_link(link))
    }
}

fn described(schemas: &mut Schemas) -> Value {
    let offset = json!({ "type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0 });
    let skipped = "Number of topics of one kind to skip, in the newest generation.";
    let parameters = [
        Parameter::text("source", "The name of the source; not needed with a cursor."),
        Parameter::kinds(
            schemas,
            "The kinds of the terms; word by default. Several kinds give one list, read from its beginning, in which a phrase stands for its words.",
        ),
        Parameter::limit(),
        Parameter::new("offset", skipped, offset),
        Parameter::text(
            "cursor",
            "`next` of the previous answer. It stays in its generation while newer ones are published. Topics that are excluded meanwhile are not shown, and ranks are counted without them; no topic that is still shown is missed or comes twice.",
        ),
    ];
    let answer = schemas.of::<TopAnswer>();
    operation("trends", "Topics by count", &parameters, &answer, &[400, 404, 410, 500])
}
