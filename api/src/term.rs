//! Questions about one term of a source. Owns their parameters.

use std::sync::Arc;

use serde_json::json;
use store::View;
use trends::result::normalize;
use trends::{Kind, Topic};

use crate::app::Shared;
use crate::openapi::{Parameter, Schemas, kinds};
use crate::problem::Problem;
use crate::query::Parameters;

/// What such a question can have.
pub(crate) const PARAMETERS: [&str; 3] = ["source", "kind", "term"];

/// Which term of which result.
pub(crate) struct TermQuestion {
    pub(crate) published: Arc<View>,
    pub(crate) kind: Kind,
    /// As the result counts it.
    pub(crate) term: String,
}

impl TermQuestion {
    pub(crate) async fn of(state: &Shared, parameters: &Parameters<'_>) -> Result<Self, Problem> {
        let kind = parameters.kind()?.unwrap_or(Kind::Word);
        let term = parameters.first("term").ok_or_else(|| {
            Problem::bad_request("term is missing: /api/v1/trends lists the highest-ranked ones")
        })?;
        let published = state.source(parameters).await?;
        let term = normalize(published.index().profile, kind, term);
        Ok(Self { published, kind, term })
    }

    /// That the term was not counted, or is excluded.
    pub(crate) fn unknown(&self) -> Problem {
        let Self { published, kind, term } = self;
        let source = &published.generation().source;
        if published.excludes(*kind, term) {
            return Problem::excluded(format!("{source} has no {kind} {term:?}: it is excluded"));
        }
        let counted: Vec<_> = published.kinds().map(Kind::name).collect();
        let counted = counted.join(", ");
        Problem::not_found(format!("{source} has no {kind} {term:?}; counted were: {counted}"))
    }

    /// That the term was counted too seldom to have a series.
    pub(crate) fn below_floor(&self, topic: &Topic) -> Problem {
        let Self { published, kind, term } = self;
        let floor = published.index().series_floor.unwrap_or(0);
        Problem::not_found(format!(
            "{kind} {term:?} has no series: it occurs {} times, and the run keeps those of terms with at least {floor} (spec.analysis.seriesFloor, --series-floor)",
            topic.count
        ))
    }
}

/// The parameters as OpenAPI describes them.
pub(crate) fn described(schemas: &mut Schemas) -> [Parameter; 3] {
    let text = || json!({ "type": "string" });
    [
        Parameter {
            name: "source",
            description: "The name it is published under.",
            schema: text(),
            required: true,
        },
        Parameter {
            name: "kind",
            description: "What sort of term; word unless something else is asked for.",
            schema: kinds(schemas.generator()).to_value(),
            required: false,
        },
        Parameter {
            name: "term",
            description: "The term, in any way of writing it.",
            schema: text(),
            required: true,
        },
    ]
}
