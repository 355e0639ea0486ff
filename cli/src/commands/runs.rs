//! `trendjob runs`: the published generations, and the runs that can be resumed.

use crate::args::StoreArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;
use crate::tables;

/// Prints the generations and the runs.
pub(crate) async fn runs(args: &StoreArgs, output: Output) -> Result<(), Failure> {
    let store = args.location.open(Folder::Existing).await?;
    let folder = args.location.folder();
    let runs = questions::runs(&*store, folder).await?;
    let unreadable: Vec<_> = runs
        .unreadable
        .iter()
        .map(|found| format!("{} can't be listed: {}", found.source, found.error))
        .collect();
    let complete = match unreadable.as_slice() {
        [] => Ok(()),
        unreadable => Err(Failure::permanent("StoreDamaged", unreadable.join("; "))),
    };
    if output.is_json() {
        Output::json(&runs)?;
        return complete;
    }
    let rows = runs.generations.iter().map(|entry| {
        let origin = match entry.rollback_to {
            _ if entry.withdrawn => "withdrawn".to_owned(),
            Some(to) => format!("rollback to {to}"),
            None => String::new(),
        };
        let source = entry.source.to_string();
        let (run, at) = (entry.run.to_string(), entry.published_at.clone());
        vec![source, entry.generation.to_string(), at, run, origin]
    });
    let header = ["source", "generation", "published", "run", ""];
    Output::print(&tables::columns(&header, &[1], rows))?;
    for run in &runs.resumable {
        let resume = folder.map_or_else(String::new, |folder| {
            format!(" (trendjob run --resume {run} --store {})", folder.display())
        });
        Output::print(&format!("not published: {run}{resume}\n"))?;
    }
    complete
}
