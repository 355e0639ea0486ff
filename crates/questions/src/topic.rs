//! One term of the whole run: its counts, forms and examples.

use schemars::JsonSchema;
use serde::Serialize;
use store::View;
use trends::detail::ExampleSource;
use trends::facts::{Form, TermFacts};
use trends::{Kind, Topic};

use crate::schema::kinds;
use crate::{AuthorsAnswer, QuestionError, TermQuestion};

/// A term with its totals, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TopicAnswer {
    /// The name of the source.
    pub source: String,
    /// The generation that the whole answer is from.
    pub generation: u64,
    /// The kind of the term.
    #[schemars(schema_with = "kinds")]
    pub kind: Kind,
    /// The term, as it is counted.
    pub term: String,
    /// Number of occurrences.
    pub count: u64,
    /// Number of records it occurs in.
    pub documents: u64,
    /// Its distinct authors.
    #[serde(flatten)]
    pub authors: AuthorsAnswer,
    /// Its forms, the most frequent first, at most five; absent where they are not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<FormAnswer>,
    /// Records it occurs in, drawn uniformly from all, at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<ExampleAnswer>,
}

/// One way a term is written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FormCount")]
pub struct FormAnswer {
    /// The form, as it is written.
    pub form: String,
    /// Number of occurrences.
    pub count: u64,
}

/// A record: its id, or the place of its line if it has none.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Example")]
pub struct ExampleAnswer {
    /// The id, as the record has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number of its object in the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<u64>,
    /// The offset of its line in the (decompressed) object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl ExampleAnswer {
    fn of(example: ExampleSource) -> Self {
        match example {
            ExampleSource::Id { id } => Self { id: Some(id.into()), ..Self::default() },
            ExampleSource::Line { object, offset } => {
                Self { object: Some(object), offset: Some(offset), ..Self::default() }
            }
        }
    }
}

impl TermQuestion {
    /// Answers with the totals in a result.
    pub async fn topic(&self, view: &View) -> Result<TopicAnswer, QuestionError> {
        let term = self.normalized(view);
        let Topic { kind, term, count, documents, facts } = self.find(view, &term).await?;
        let TermFacts { authors, forms, examples, .. } = facts;
        let generation = view.generation();
        let form = |Form { form, count }| FormAnswer { form, count };
        Ok(TopicAnswer {
            source: generation.source.to_string(),
            generation: generation.generation,
            kind,
            term,
            count,
            documents,
            authors: authors.into(),
            forms: forms.into_iter().map(form).collect(),
            examples: examples.into_iter().map(ExampleAnswer::of).collect(),
        })
    }
}
