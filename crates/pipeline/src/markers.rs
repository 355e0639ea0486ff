//! Reads the markers of a run. Owns the checks that each marker follows the plan and that none is
//! missing; the stages own the reports in the markers.

use futures::{StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;
use store::Stage;
use store::marker::{Marker, marker};

use crate::plan::Plan;
use crate::{Context, Error};

/// The most reads under way at once.
const UNDER_WAY: usize = 16;

/// Returns the marker of a stage and index, if an attempt finished it.
pub(crate) fn finished<R: DeserializeOwned>(
    context: &Context,
    plan: &Plan,
    stage: Stage,
    index: impl Into<u32>,
) -> Result<Option<Marker<R>>, Error> {
    let found = context.wait(marker(&*context.store, &context.run, stage, index.into()))?;
    found.map(|marker| check_plan(context, plan.hash(), marker)).transpose()
}

/// Returns the markers of these indexes of a stage, in their order. `what` is the word for one
/// index in messages.
///
/// # Errors
/// `NotReady` with the indexes that no attempt has finished.
pub(crate) fn all_finished<I: Copy + Into<u32>, R: DeserializeOwned + Send>(
    context: &Context,
    plan: &Plan,
    stage: Stage,
    what: &str,
    indexes: impl Iterator<Item = I>,
) -> Result<Vec<(I, Marker<R>)>, Error> {
    let read = async |index: I| {
        Ok((index, marker(&*context.store, &context.run, stage, index.into()).await?))
    };
    let found = futures::stream::iter(indexes.map(read)).buffered(UNDER_WAY);
    let found: Vec<(I, Option<Marker<R>>)> =
        context.wait(found.try_collect::<Vec<_>>()).map_err(Error::Store)?;
    let mut markers = Vec::with_capacity(found.len());
    let mut missing = Vec::new();
    for (index, marker) in found {
        match marker {
            Some(marker) => markers.push((index, check_plan(context, plan.hash(), marker)?)),
            None => missing.push(index.into()),
        }
    }
    if missing.is_empty() {
        Ok(markers)
    } else {
        Err(Error::not_ready(&context.run, what, &missing))
    }
}

/// Returns the marker if its attempt followed the plan with this hash.
fn check_plan<R>(context: &Context, hash: &str, marker: Marker<R>) -> Result<Marker<R>, Error> {
    if marker.plan_hash == hash {
        return Ok(marker);
    }
    let run = context.run.to_string();
    Err(Error::PlanMismatch { run, stored: marker.plan_hash, expected: hash.to_owned() })
}
