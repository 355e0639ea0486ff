//! Excluded authors in a plan: it names every author that is excluded when the run is planned, so
//! all attempts exclude the same authors. Excluded terms don't concern a plan: they are counted,
//! and hidden when a result is read.

use std::sync::Arc;

use store::exclusions;
use trends::Profile;

use super::document::PlanDocument;
use crate::{Context, Error};

/// Adds the authors that are excluded now to those of the plan.
pub(super) fn freeze(context: &Context, plan: &mut PlanDocument) -> Result<(), Error> {
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
            "excluded authors are counted: the profile Seed reads no authors, Social does"
        );
        return Ok(());
    }
    let all = &mut plan.analysis.exclude_authors;
    all.extend(authors);
    all.sort_unstable();
    all.dedup();
    Ok(())
}
