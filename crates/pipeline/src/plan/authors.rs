//! The authors that are excluded of a source when a run of it is planned. Owns that the plan names them, so
//! that every attempt leaves out the same; terms that are excluded are counted, and left out when a result
//! is read.

use std::sync::Arc;

use store::exclusions;
use trends::Profile;

use super::Plan;
use crate::{Context, Error};

/// Adds the authors that are excluded now to those that the plan leaves out.
pub(super) fn freeze(context: &Context, plan: &mut Plan) -> Result<(), Error> {
    let none = Arc::default();
    let excluded = context.wait(exclusions::current(&*context.store, &plan.source, &none))?;
    let authors: Vec<String> = excluded.authors().map(|(author, _)| author.to_owned()).collect();
    if authors.is_empty() {
        return Ok(());
    }
    if plan.analysis.profile == Profile::Seed {
        tracing::warn!(
            source = %plan.source,
            authors = authors.len(),
            "authors that are excluded are counted: the profile Seed reads no authors, Social does"
        );
        return Ok(());
    }
    let all = &mut plan.analysis.exclude_authors;
    all.extend(authors);
    all.sort_unstable();
    all.dedup();
    Ok(())
}
