//! Reads the markers of a run. Owns the checks that each marker follows the plan and that none is
//! missing; the stages own the reports in the markers.

use std::pin::pin;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;
use store::Stage;
use store::marker::{Marker, StoredMarker, marker};

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

/// Returns the markers of these indexes of a stage, in their order. `keep` changes each
/// report before the next marker is decoded: it drops what is not needed, so that the markers of
/// thousands of indexes fit into memory.
///
/// # Errors
/// `NotReady` with the indexes that no attempt has finished.
pub(crate) fn all_finished<I: Copy + Into<u32>, R: DeserializeOwned + Send>(
    context: &Context,
    plan: &Plan,
    stage: Stage,
    indexes: impl Iterator<Item = I>,
    mut keep: impl FnMut(&mut R) -> Result<(), Error>,
) -> Result<Vec<(I, Marker<R>)>, Error> {
    let Context { store, run, .. } = context;
    let read = async |index: I| {
        Ok::<_, Error>((index, StoredMarker::read(&**store, run, stage, index.into()).await?))
    };
    let mut found = pin!(futures::stream::iter(indexes.map(read)).buffered(UNDER_WAY));
    let hash = plan.hash();
    let (mut markers, mut missing) = (Vec::new(), Vec::new());
    context.wait(async {
        while let Some((index, stored)) = found.try_next().await? {
            let Some(stored) = stored else {
                missing.push(index.into());
                continue;
            };
            let mut marker = check_plan(context, hash, stored.decode(&**store).await?)?;
            keep(&mut marker.report)?;
            markers.push((index, marker));
        }
        Ok::<_, Error>(())
    })?;
    if missing.is_empty() {
        Ok(markers)
    } else {
        let what = if stage == Stage::Etl { "shard" } else { "partition" };
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
