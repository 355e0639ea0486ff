//! `trendjob runs`: what was published, and runs that can be resumed.

use std::collections::HashSet;

use serde::Serialize;
use store::{Generation, RunId, RunLock, generations};

use crate::args::StoreArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::place::Folder;
use crate::tables;

/// How many generations of a source are listed.
const LISTED: u64 = 100;

#[derive(Debug, Serialize)]
struct Runs {
    generations: Vec<Generation>,
    /// Runs that were not published, whose data is still there, and which nobody works on.
    resumable: Vec<RunId>,
}

/// Lists generations and runs.
pub(crate) async fn runs(args: &StoreArgs, output: Output) -> Result<(), Failure> {
    let store = args.place.open(Folder::Existing).await?;
    let mut listed = Vec::new();
    for source in store.sources().await? {
        listed.extend(generations::history(&*store, &source, LISTED).await?);
    }
    let published: HashSet<&RunId> = listed.iter().map(|entry| &entry.run).collect();
    let mut resumable = store.runs().await?;
    resumable.retain(|run| !published.contains(run));
    if let Some(folder) = args.place.folder() {
        // Where it can't be told, as on a read-only disk, a run is listed.
        resumable.retain(|run| RunLock::is_free(folder, run).unwrap_or(true));
    }
    let runs = Runs { generations: listed, resumable };
    if output.is_json() {
        return Output::json(&runs);
    }
    let rows = runs.generations.iter().map(|entry| {
        let back = match entry.rollback_to {
            _ if entry.withdrawn => "withdrawn".to_owned(),
            Some(to) => format!("rollback to {to}"),
            None => String::new(),
        };
        let source = entry.source.to_string();
        let (run, at) = (entry.run.to_string(), entry.published_at.clone());
        vec![source, entry.generation.to_string(), at, run, back]
    });
    let header = ["source", "generation", "published", "run", ""];
    Output::print(&tables::columns(&header, &[1], rows))?;
    for run in &runs.resumable {
        let how = args.place.folder().map_or_else(String::new, |folder| {
            format!(" (trendjob run --resume {run} --store {})", folder.display())
        });
        Output::print(&format!("not published: {run}{how}\n"))?;
    }
    Ok(())
}
