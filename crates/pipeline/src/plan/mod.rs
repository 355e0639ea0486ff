//! The plan stage: lists the objects, cuts them into shards and stores the plan. Ensures that a run
//! has exactly one plan.

mod analysis;
mod authors;
mod baseline;
mod cut;
mod document;
mod indexes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use store::document::{insert_document, read_document};
use store::runs::{self, Beginning};
use store::{Key, Stage};

use analysis::named_rules;
pub use analysis::{Analysis, PinnedBaseline, Profile};
pub(crate) use baseline::result_contents;
pub use cut::Range;
use cut::{Cut, cut};
pub use document::{CustomFormat, Plan, PlanDocument, RecordFormat, Spec};
pub use indexes::{PartitionIndex, ShardIndex};

use crate::cancel::Cancel;
use crate::input::{
    Folders, FoundFile, Object, Objects, Remote, discover, inspect, inspect_remote, is_remote,
    normal,
};
use crate::{Context, Error, Process};

/// The most bytes of an input: 1 EiB. Sums of sizes and offsets stay far from overflowing.
const MOST_BYTES: u64 = 1 << 60;

/// Makes the plan of a run and stores it, unless the run has one.
///
/// # Errors
/// If the input names nothing readable; `Removed` if the run was removed.
pub fn plan(context: &Context, spec: &Spec) -> Result<Plan, Error> {
    if let Some(plan) = read(context)? {
        return Ok(plan);
    }
    // A late attempt need not list its input: it must not begin the run again.
    if context.wait(runs::is_marked(&*context.store, &context.run))? {
        return Err(Error::Removed { run: context.run.to_string() });
    }
    store_plan(context, document(spec, &context.remote, &context.cancel)?)
}

/// Returns the stored plan of a run. `expected` is the plan hash that the attempt was started with,
/// if any.
///
/// # Errors
/// `NotReady` if no plan is stored, `PlanMismatch` if its hash is not the expected one.
pub fn stored(context: &Context, expected: Option<&str>) -> Result<Plan, Error> {
    let plan = read(context)?
        .ok_or_else(|| Error::NotReady { run: context.run.to_string(), what: "plan".to_owned() })?;
    match expected {
        Some(expected) if plan.hash() != expected => {
            let (run, stored) = (context.run.to_string(), plan.hash().to_owned());
            Err(Error::PlanMismatch { run, stored, expected: expected.to_owned() })
        }
        _ => Ok(plan),
    }
}

/// Reads the plan of a run, if one is stored, and checks that this program can follow it.
fn read(context: &Context) -> Result<Option<Plan>, Error> {
    let key = Key::plan(&context.run);
    let found: Option<PlanDocument> = context.wait(read_document(&*context.store, &key))?;
    let Some(document) = found else { return Ok(None) };
    document.check().map_err(|what| Error::damaged(&key, what))?;
    check_segmentation(context, &document)?;
    Plan::new(document).map(Some)
}

/// Fails with `SegmentationMismatch` if the plan was made by a build that finds other words.
fn check_segmentation(context: &Context, plan: &PlanDocument) -> Result<(), Error> {
    let ours = plan.analysis.segmentation();
    if plan.segmentation == ours {
        return Ok(());
    }
    let run = context.run.to_string();
    let (planned, ours) = (named_rules(plan.segmentation.clone()), named_rules(ours));
    Err(Error::SegmentationMismatch { run, planned, ours })
}

/// Makes a plan with start number 0 and stores nothing.
pub fn draft(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Plan, Error> {
    Plan::new(document(spec, remote, cancel)?)
}

/// Makes the document of a plan with start number 0.
fn document(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<PlanDocument, Error> {
    spec.record.fields()?;
    spec.analysis.check()?;
    let objects = objects(spec, remote, cancel)?;
    let sizes: Vec<_> =
        objects.iter().map(|object| (object.size, object.is_splittable())).collect();
    let Cut { shards, chunk_size, chunks } =
        cut(&sizes, spec.chunk_size, spec.max_shards, spec.shards);
    Ok(PlanDocument {
        source: spec.source.clone(),
        start: 0,
        objects,
        shards,
        chunk_size,
        chunks,
        partitions: u32::from(spec.partitions.count()),
        record: spec.record.clone(),
        max_malformed_percent: spec.max_malformed_percent,
        max_record_size: spec.max_record_size,
        segmentation: spec.analysis.segmentation(),
        analysis: spec.analysis.planned(),
    })
}

/// Begins the run and stores its plan, with the baseline and the authors that are excluded now.
fn store_plan(context: &Context, mut plan: PlanDocument) -> Result<Plan, Error> {
    let removed = || Error::Removed { run: context.run.to_string() };
    baseline::pin(context, &mut plan.analysis)?;
    let (store, run) = (&*context.store, &context.run);
    let Process { started: now, is_worker: workers } = context.process;
    let beginning = Beginning { run, source: &plan.source, now, workers };
    plan.start = context.wait(runs::begin(store, &beginning))?.ok_or_else(removed)?;
    authors::freeze(context, &mut plan)?;
    let attempt = context.attempt_key(Stage::Plan, 0);
    let inserted = context.wait(insert_document(store, &Key::plan(run), &attempt, plan))?;
    let (plan, is_mine) = inserted;
    // The run may be published by now, and visible: only the plan of this attempt is in its way.
    if is_mine && context.wait(runs::remove_if_marked(store, run))? {
        return Err(removed());
    }
    Plan::new(plan)
}

fn objects(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Objects, Error> {
    let (piped, named): (Vec<_>, Vec<_>) = spec.uris.iter().cloned().partition(|uri| uri == "-");
    let mut objects = Objects::default();
    if !piped.is_empty() {
        let spooled = spec.spooled.as_ref();
        let path = spooled.ok_or(Error::Defect("standard input was not spooled"))?;
        let spooled = FoundFile { path: path.clone(), name: Some("standard input".to_owned()) };
        add(&mut objects, inspect(&spooled, spec.compression, spec.identity)?)?;
    }
    let (urls, named): (Vec<_>, Vec<_>) = named.into_iter().partition(|uri| is_remote(uri));
    let folders =
        Folders { data: spec.data.as_deref(), store_folder: spec.store_folder.as_deref() };
    for found in discover(&named, folders)? {
        add(&mut objects, inspect(&found, spec.compression, spec.identity)?)?;
    }
    // In the order of their names, each once, however it is spelled. A redirect is to a URL what a
    // link is to a file: objects behind it are read once, too.
    let (mut requested, mut read) = (HashSet::new(), HashSet::new());
    for url in urls.iter().collect::<BTreeSet<_>>() {
        if !requested.insert(normal(url)) {
            continue;
        }
        let (object, address) = inspect_remote(remote, cancel, url, spec.compression)?;
        if read.insert(normal(&address)) {
            add(&mut objects, object)?;
        } else {
            tracing::warn!(url = object.name, "leads to an object that is read already");
        }
    }
    Ok(objects)
}

/// Adds an object to the input. Refuses sizes that no object has: a server may tell any.
fn add(objects: &mut Objects, object: Object) -> Result<(), Error> {
    let Object { name, size, .. } = &object;
    let total = objects.bytes().saturating_add(*size);
    if total > MOST_BYTES {
        return Err(Error::Input(format!(
            "the input is too large: {name} makes it {total} bytes, and a run reads at most 2^60; check the size that its server tells ({size})"
        )));
    }
    objects.push(object)
}
