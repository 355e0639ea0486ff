//! `GET /api/v1/scores?source=&kind=&score=&window=&limit=`: the topics of a window by what they do.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};
use store::View;
use trends::format::ScoredTopic;
use trends::scores::{Keyness, KeynessCounts, Status};
use trends::{Kind, Score};

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::{ApiState, Shared};
use crate::openapi::{Parameter, Schemas, kinds, operation, several_kinds};
use crate::problem::Problem;
use crate::query::{Parameters, Question, names};
use crate::windows;

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1000;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/scores",
    methods: || get(scores),
    operation: described,
    example: "?source=SOURCE&score=burst",
};

/// Topics of a window by a score, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
struct Scored<'a> {
    /// The name it is published under.
    source: &'a str,
    /// The generation all of this is from.
    generation: u64,
    /// What sort of terms; absent if several were asked for.
    #[schemars(schema_with = "kinds")]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// What they are ranked by.
    #[schemars(schema_with = "score_names")]
    score: Score,
    /// When the window begins (RFC 3339); absent for keyness, which is of the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// Its length in seconds; absent for keyness.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u64>,
    /// Fewer than 6 windows before it have records, so that no burst can be told; absent if there are enough.
    #[serde(rename = "insufficientHistory", skip_serializing_if = "Option::is_none")]
    short: Option<bool>,
    /// What keyness compares with.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Against<'a>>,
    /// The topics, by rank.
    topics: Vec<ScoredRank<'a>>,
}

/// A published result that topics stand out against.
#[derive(Debug, Serialize, JsonSchema)]
struct Against<'a> {
    /// The name it is published under.
    source: &'a str,
    /// Its generation.
    generation: u64,
}

/// How a topic compares with a baseline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Standing {
    /// In how many records it occurred.
    documents: u64,
    /// Of how many.
    all: u64,
    /// In how many of the baseline.
    baseline_documents: u64,
    /// Of how many.
    baseline_all: u64,
    /// Dunning's log-likelihood ratio; above 15.13 chance is out of the question.
    g2: f64,
    /// The binary logarithm of how many times more frequent it is.
    log_ratio: f64,
    /// The lower bound of the 95% confidence interval of that, which it is ranked by.
    lower: f64,
}

impl Standing {
    fn of(compared: &KeynessCounts) -> Option<Self> {
        let KeynessCounts { documents, all, baseline_documents, baseline_all } = *compared;
        let Keyness { g2, log_ratio, lower } = compared.keyness()?;
        Some(Self { documents, all, baseline_documents, baseline_all, g2, log_ratio, lower })
    }
}

/// A topic, its place and its scores.
#[derive(Debug, Serialize, JsonSchema)]
struct ScoredRank<'a> {
    /// Its place, from 1.
    rank: u64,
    /// What sort of term.
    #[schemars(schema_with = "kinds")]
    kind: Kind,
    /// The term, as it is counted.
    term: &'a str,
    /// The way it is written most often; absent if that is the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'a str>,
    /// How often it occurred in the window.
    count: u64,
    /// In how many records of the window.
    documents: u64,
    /// By how many authors; absent where records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<u64>,
    /// The score it is ranked by.
    value: f64,
    /// What it is doing.
    #[schemars(schema_with = "statuses")]
    status: Status,
    /// It is in the window and was in none of the windows it is compared with.
    new: bool,
    /// How far it is above what its past lets expect, in standard deviations; null with too little history.
    burst: Option<f64>,
    /// By what factor.
    growth: f64,
    /// The highest burst of the last 48 hours, decayed.
    peak: f64,
    /// The level of late, decayed.
    popular: f64,
    /// How it compares with the baseline, where it is ranked by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    keyness: Option<Standing>,
    /// The phrase that stands for this word: most of the records with the word have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    phrase: Option<&'a str>,
}

impl<'a> ScoredRank<'a> {
    fn of((rank, (kind, topic)): (u64, &'a (Kind, ScoredTopic))) -> Self {
        let ScoredTopic { count, documents, authors, value, status, new, burst, .. } = *topic;
        let ScoredTopic { term, form, growth, peak, popular, compared, phrase, .. } = topic;
        Self {
            rank,
            kind: *kind,
            term,
            form: form.as_deref(),
            count,
            documents,
            authors,
            value,
            status,
            new,
            burst,
            growth: *growth,
            peak: *peak,
            popular: *popular,
            keyness: compared.as_ref().and_then(Standing::of),
            phrase: phrase.as_deref(),
        }
    }
}

fn score_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Score::ALL.map(Score::name) })
}

fn statuses(_: &mut SchemaGenerator) -> Schema {
    let names = ["insufficientHistory", "trending", "rising", "cooling", "steady"];
    json_schema!({ "type": "string", "enum": names })
}

/// What is asked for.
struct Asked {
    published: Arc<View>,
    kinds: BTreeSet<Kind>,
    score: Score,
    /// The window and its length, of scores over time.
    window: Option<(i64, u64)>,
    limit: u64,
}

async fn scores(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    let asked = Asked::of(&state, &question.parameters()?).await?;
    let results = [Arc::clone(&asked.published)];
    state.answers.answer(&question, &results, async || asked.answer().await).await
}

impl Asked {
    async fn of(state: &Shared, parameters: &Parameters<'_>) -> Result<Self, Problem> {
        parameters.only(&["source", "kind", "score", "window", "limit"])?;
        let limit = parameters.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
        let mut kinds = parameters.kinds()?;
        if kinds.is_empty() {
            kinds.insert(Kind::Word);
        }
        let score = parameters.first("score").unwrap_or(Score::Burst.name()).parse::<Score>();
        let score = score.map_err(|error| Problem::bad_request(error.to_string()))?;
        let published = state.source(parameters).await?;
        if !published.index().scores.contains(&score) {
            let source = &published.generation().source;
            return Err(Problem::not_found(format!(
                "{source} is not ranked by {score}: ask for it in spec.analysis.scores, or with --scores"
            )));
        }
        let window = if score.needs_window() {
            let length = windows::length(&published)?;
            let latest = windows::latest(&published);
            let bucket = match parameters.first("window") {
                Some(time) => windows::bucket(time, length)?,
                None => latest.unwrap_or_default(),
            };
            let is_another = |latest: &i64| *latest != bucket && !score.is_of_every_window();
            if let Some(latest) = latest.filter(is_another) {
                let latest = windows::begins(latest, length);
                return Err(Problem::bad_request(format!(
                    "score {score} is ranked in the last window only, which is from {latest}: leave window out"
                )));
            }
            Some((bucket, length))
        } else if parameters.first("window").is_some() {
            let told = format!("score {score} is of the whole run: leave window out");
            return Err(Problem::bad_request(told));
        } else {
            None
        };
        Ok(Self { published, kinds, score, window, limit })
    }

    async fn answer(&self) -> Result<Answer, Problem> {
        let Self { published, kinds, score, window, limit } = self;
        let bucket = window.map(|(bucket, _)| bucket);
        // At most 1,000.
        let topics = published.mixed_scored(kinds, *score, bucket, *limit as usize).await?;
        let generation = published.generation();
        let answer = Scored {
            source: generation.source.as_str(),
            generation: generation.generation,
            kind: kinds.first().copied().filter(|_| kinds.len() == 1),
            score: *score,
            start: window.map(|(bucket, length)| windows::begins(bucket, length)),
            window: window.map(|(_, length)| length),
            short: windows::is_short(published, *score, bucket).then_some(true),
            baseline: published.index().baseline.as_ref().map(|baseline| Against {
                source: &baseline.source,
                generation: baseline.generation,
            }),
            topics: (1..).zip(&topics).map(ScoredRank::of).collect(),
        };
        let question =
            ["scores", &names(kinds), score.name(), &format!("{bucket:?}"), &limit.to_string()];
        Answer::json(etag::of(published, &question), &answer)
    }
}

fn described(schemas: &mut Schemas) -> Value {
    let parameter =
        |name, description, schema, required| Parameter { name, description, schema, required };
    let text = || json!({ "type": "string" });
    let parameters = [
        parameter("source", "The name it is published under.", text(), true),
        parameter(
            "kind",
            "What sort of terms; word unless something else is asked for. Several are one list, in which a phrase with 7 in 10 of their value stands for its words.",
            several_kinds(schemas),
            false,
        ),
        parameter(
            "score",
            "What to rank by; burst unless something else is asked for.",
            score_names(schemas.generator()).to_value(),
            false,
        ),
        parameter(
            "window",
            "Any time in the window (RFC 3339); the last one if not given, and the only one for popular and chisquare.",
            text(),
            false,
        ),
        parameter(
            "limit",
            "How many topics at most.",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT }),
            false,
        ),
    ];
    let answer = schemas.of::<Scored<'_>>();
    operation(
        "scores",
        "Topics of a window by what they do",
        &parameters,
        &answer,
        &[400, 404, 500],
    )
}
