//! Writing and reading the markers of a run. Owns the checks that each follows the plan and that none
//! is missing, and the count of what a second attempt stored for nothing; what they report is their stages' own.

use std::sync::atomic::Ordering;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::document::AttemptKey;
use store::marker::{Marker, mark, marker};
use store::{Key, Stage};

use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Context, Error, check_not_superseded};

/// Reads under way at once.
const AT_ONCE: usize = 16;

/// Inserts the marker of this attempt, unless another was first. Returns the one that counts.
///
/// # Errors
/// `Superseded` or `Removed` if the run was removed meanwhile; what this attempt stored is, too.
pub(crate) fn marked<R: Serialize + DeserializeOwned>(
    context: &Context,
    plan: &Plan,
    home: &AttemptKey,
    report: R,
) -> Result<Marker<R>, Error> {
    let marker = context.wait(mark(&*context.store, home, &plan.hash()?, report))?;
    unless_removed(context, plan)?;
    // Only a worker can be second, and that does one stage and index at a time.
    let stored = context.progress.unmarked.swap(0, Ordering::Relaxed);
    if marker.attempt != home.attempt {
        Progress::add(&context.progress.garbage, stored);
    }
    Ok(marker)
}

/// That the run is still there. What a slow attempt stores of one that was removed has no reader, and
/// nobody would find it any more. The plan goes first: if it is there after the marker was inserted,
/// whoever removes the run finds the marker and the blocks, too.
fn unless_removed(context: &Context, plan: &Plan) -> Result<(), Error> {
    if context.wait(context.store.get(&Key::plan(&context.run)))?.is_some() {
        return Ok(());
    }
    context.wait(context.store.remove_run(&context.run))?;
    check_not_superseded(context, plan)?;
    Err(Error::Removed { run: context.run.to_string() })
}

/// The marker of a stage and index, if an attempt finished it.
pub(crate) fn finished<R: DeserializeOwned>(
    context: &Context,
    plan: &Plan,
    stage: Stage,
    index: u32,
) -> Result<Option<Marker<R>>, Error> {
    let found = context.wait(marker(&*context.store, &context.run, stage, index))?;
    found.map(|marker| followed(context, &plan.hash()?, marker)).transpose()
}

/// The markers of these indexes of a stage, in their order. `what` is how messages call an index.
///
/// # Errors
/// `NotReady` with the indexes that nobody finished.
pub(crate) fn all_finished<R: DeserializeOwned + Send>(
    context: &Context,
    plan: &Plan,
    stage: Stage,
    what: &str,
    indexes: impl Iterator<Item = u32>,
) -> Result<Vec<(u32, Marker<R>)>, Error> {
    let read =
        async |index| Ok((index, marker(&*context.store, &context.run, stage, index).await?));
    let found = futures::stream::iter(indexes.map(read)).buffered(AT_ONCE);
    let found: Vec<(u32, Option<Marker<R>>)> =
        context.wait(found.try_collect::<Vec<_>>()).map_err(Error::Store)?;
    let hash = plan.hash()?;
    let mut markers = Vec::with_capacity(found.len());
    let mut missing = Vec::new();
    for (index, marker) in found {
        match marker {
            Some(marker) => markers.push((index, followed(context, &hash, marker)?)),
            None => missing.push(index),
        }
    }
    if missing.is_empty() {
        Ok(markers)
    } else {
        Err(Error::not_ready(&context.run, what, &missing))
    }
}

/// A marker, if its attempt followed the plan with this hash.
fn followed<R>(context: &Context, plan: &str, marker: Marker<R>) -> Result<Marker<R>, Error> {
    if marker.plan_hash == plan {
        return Ok(marker);
    }
    let run = context.run.to_string();
    Err(Error::PlanMismatch { run, stored: marker.plan_hash, expected: plan.to_owned() })
}
