//! The number of distinct authors in answers, and the mark of an estimate. Owns the names of both
//! keys; every answer with authors embeds them.

use schemars::JsonSchema;
use serde::Serialize;
use trends::detail::is_estimate;

/// The number of distinct authors of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthorsAnswer {
    /// Number of distinct authors, at most one a record; absent where records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<u64>,
    /// True if `authors` is an estimate (standard error about 1.6%), as above 32; absent if exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors_estimated: Option<bool>,
}

impl From<Option<u64>> for AuthorsAnswer {
    fn from(authors: Option<u64>) -> Self {
        Self { authors, authors_estimated: authors.is_some_and(is_estimate).then_some(true) }
    }
}
