//! The published result that keyness compares with. Owns which one a plan names.

use store::marker::{Marker, marker};
use store::{RunId, SourceName, Stage, generations};
use trends::Kind;
use trends::result::ResultIndex;

use super::analysis::Analysis;
use crate::{Context, Error};

/// Fixes the baseline of a run: names its generation and its run in the analysis.
///
/// # Errors
/// `Input` if the source has no such generation, or its result can't be compared with.
pub(super) fn pin(context: &Context, analysis: &mut Analysis) -> Result<(), Error> {
    let Some(baseline) = &analysis.baseline else { return Ok(()) };
    let named = match baseline.generation {
        Some(generation) => format!("generation {generation} of {}", baseline.source),
        None => baseline.source.clone(),
    };
    let wrong = |why: &str| Error::Input(format!("the baseline {named} {why}"));
    let source =
        SourceName::new(&baseline.source).map_err(|error| Error::Input(error.to_string()))?;
    let store = &*context.store;
    let found = match baseline.generation {
        Some(generation) => context.wait(generations::at(store, &source, generation))?,
        None => context.wait(generations::newest(store, &source, 0))?,
    };
    let found = found.filter(|found| !found.withdrawn).ok_or_else(|| {
        wrong("has no published result to compare with: run it first, or name another source")
    })?;
    let index = result_index(context, &found.run)?
        .ok_or_else(|| wrong("was removed; name a generation that is still kept"))?;
    if index.profile != analysis.profile {
        let (other, own) = (index.profile, analysis.profile);
        return Err(wrong(&format!(
            "was made with profile {other:?}, this run with {own:?}: their terms are not the same"
        )));
    }
    let counted = |kind: &&Kind| index.kinds.contains(kind) || index.rankings.contains_key(kind);
    if let Some(kind) = analysis.kinds.iter().find(|kind| !counted(kind)) {
        return Err(wrong(&format!(
            "did not count kind {kind}: count fewer kinds, or run the baseline again with this one"
        )));
    }
    if let Some(baseline) = &mut analysis.baseline {
        baseline.generation = Some(found.generation);
        baseline.run = Some(found.run.to_string());
    }
    Ok(())
}

/// Returns the index of a run's result, if the run was published and not removed.
pub(crate) fn result_index(context: &Context, run: &RunId) -> Result<Option<ResultIndex>, Error> {
    let found: Option<Marker<ResultIndex>> =
        context.wait(marker(&*context.store, run, Stage::Publish, 0))?;
    Ok(found.map(|found| found.report))
}
