//! Questions about one term. Owns the normal form of a term, and the errors for a missing one.

use store::View;
use trends::result::normalize;
use trends::{Kind, Topic};

use crate::QuestionError;

/// A question about one term.
#[derive(Debug, Clone)]
pub struct TermQuestion {
    /// The kind of the term.
    pub kind: Kind,
    /// The term, in any of its forms.
    pub term: String,
}

impl TermQuestion {
    /// Returns the term as the profile of the run writes it.
    pub(crate) fn normalized(&self, view: &View) -> String {
        normalize(view.contents().profile, self.kind, &self.term)
    }

    /// Returns the topic of a normalized term.
    pub(crate) async fn find(&self, view: &View, term: &str) -> Result<Topic, QuestionError> {
        let found = view.topic(self.kind, term).await?;
        found.ok_or_else(|| {
            let (published, kind) = (view.generation().source.clone(), self.kind);
            let term = term.to_owned();
            if view.excludes(kind, &term) {
                return QuestionError::ExcludedTerm { published, kind, term };
            }
            let counted: Vec<_> = view.kinds().map(Kind::name).collect();
            QuestionError::UnknownTerm { published, kind, term, counted: counted.join(", ") }
        })
    }
}

/// Returns the error for a topic whose series is not stored.
pub(crate) fn below_floor(view: &View, topic: Topic) -> QuestionError {
    let Topic { kind, term, count, .. } = topic;
    let floor = view.contents().series_floor.unwrap_or(0);
    QuestionError::BelowFloor { kind, term, count, floor }
}
