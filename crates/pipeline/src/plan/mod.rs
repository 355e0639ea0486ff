//! The plan stage: which bytes are whose. Owns that a run has exactly one plan.

mod analysis;
mod authors;
mod baseline;
mod cut;
mod document;

use std::collections::BTreeSet;

use store::document::{insert_document, read_document};
use store::{Key, Stage, generations};

pub use analysis::{Analysis, PinnedBaseline, Profile};
pub(crate) use baseline::result_index;
pub use cut::Range;
use cut::{Cut, cut};
pub use document::{CustomFormat, Plan, RecordFormat, Spec};

use crate::input::{Found, Object, Places, Remote, discover, inspect, inspect_remote, is_remote};
use crate::{Cancel, Context, Error};

/// Makes the plan of a run and stores it, unless it has one already.
///
/// # Errors
/// If the input names nothing readable; `Removed` if the run was one and is no more.
pub fn plan(context: &Context, spec: &Spec) -> Result<Plan, Error> {
    let key = Key::plan(&context.run);
    if let Some(plan) = context.wait(read_document(&*context.store, &key))? {
        return Ok(plan);
    }
    // A late attempt must not begin the run anew, with a number above that of later runs.
    let retired = context.wait(context.store.get(&Key::retired(&context.run)))?;
    if retired.is_some() {
        return Err(Error::Removed { run: context.run.to_string() });
    }
    make(context, draft(spec, &context.remote, &context.cancel)?)
}

/// The stored plan of a run. `expected` is the hash an attempt was started for, if it was told one.
///
/// # Errors
/// `NotReady` if there is none, `PlanMismatch` if it is another than expected.
pub fn stored(context: &Context, expected: Option<&str>) -> Result<Plan, Error> {
    let found: Option<Plan> =
        context.wait(read_document(&*context.store, &Key::plan(&context.run)))?;
    let plan = found
        .ok_or_else(|| Error::NotReady { run: context.run.to_string(), what: "plan".to_owned() })?;
    let stored = plan.hash()?;
    match expected {
        Some(expected) if stored != expected => {
            let (run, expected) = (context.run.to_string(), expected.to_owned());
            Err(Error::PlanMismatch { run, stored, expected })
        }
        _ => Ok(plan),
    }
}

/// What the plan would be, with nothing stored and start number 0.
pub fn draft(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Plan, Error> {
    spec.record.fields()?;
    spec.analysis.check()?;
    let objects = objects(spec, remote, cancel)?;
    let sizes: Vec<_> =
        objects.iter().map(|object| (object.size, object.is_splittable())).collect();
    let Cut { shards, chunk_size, chunks } =
        cut(&sizes, spec.chunk_size, spec.max_shards, spec.shards);
    Ok(Plan {
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
        analysis: spec.analysis.clone(),
    })
}

fn make(context: &Context, mut plan: Plan) -> Result<Plan, Error> {
    baseline::pin(context, &mut plan.analysis)?;
    let (store, run) = (&*context.store, &context.run);
    let exists = serde_json::json!({ "source": plan.source }).to_string();
    context.wait(store.insert(&Key::run(run), exists.into()))?;
    plan.start = context.wait(generations::take_start(store, &plan.source, run))?;
    authors::freeze(context, &mut plan)?;
    let home = context.home(Stage::Plan, 0);
    let (plan, _) = context.wait(insert_document(store, &Key::plan(run), &home, plan))?;
    Ok(plan)
}

fn objects(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Vec<Object>, Error> {
    let (piped, named): (Vec<_>, Vec<_>) = spec.uris.iter().cloned().partition(|uri| uri == "-");
    let mut objects = Vec::new();
    if !piped.is_empty() {
        let spooled = spec.spooled.as_ref();
        let path = spooled.ok_or_else(|| Error::Input("standard input was not spooled".into()))?;
        let (path, name) = (path.clone(), "standard input".to_owned());
        let spooled = Found { canonical: path.clone(), path, name };
        objects.push(inspect(&spooled, spec.compression, spec.identity)?);
    }
    let (urls, named): (Vec<_>, Vec<_>) = named.into_iter().partition(|uri| is_remote(uri));
    let places = Places { data: spec.data.as_deref(), kept_out: spec.kept_out.as_deref() };
    for found in discover(&named, places)? {
        objects.push(inspect(&found, spec.compression, spec.identity)?);
    }
    // In the order of their names, each once.
    for url in urls.iter().collect::<BTreeSet<_>>() {
        objects.push(inspect_remote(remote, cancel, url, spec.compression)?);
    }
    Ok(objects)
}
