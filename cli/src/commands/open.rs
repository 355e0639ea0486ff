//! The newest result of a source, as a command opens it. Owns the message for a source without one.

use std::sync::Arc;

use questions::TermQuestion;
use store::{SourceName, View};

use crate::args::TermArgs;
use crate::failure::Failure;
use crate::store_location::{Folder, StoreLocation};

/// Opens the newest result of a source, without excluded terms.
pub(super) async fn newest(location: &StoreLocation, source: &str) -> Result<Arc<View>, Failure> {
    let store = location.open(Folder::Existing).await?;
    let source = SourceName::new(source).map_err(|error| Failure::usage(error.to_string()))?;
    if let Some(newest) = View::newest(&store, &source, None).await? {
        return Ok(newest);
    }
    let published = store.sources().await?;
    let published: Vec<_> = published.iter().map(SourceName::as_str).collect();
    let known = if published.is_empty() {
        "nothing is published in this store yet".to_owned()
    } else {
        format!("the published sources are {}", published.join(", "))
    };
    let message = format!("nothing is published under {source}; {known}");
    Err(Failure::permanent("UnknownSource", message))
}

/// The question about the term that was typed.
pub(super) fn term(args: &TermArgs) -> TermQuestion {
    TermQuestion { kind: args.kind, term: args.term.clone() }
}
