//! `trendjob rollback SOURCE --to GENERATION`: shows an earlier generation again.

use store::{SourceName, generations};

use crate::args::RollbackArgs;
use crate::clock::now;
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;

/// Shows an earlier generation again.
pub(crate) async fn rollback(args: &RollbackArgs, output: Output) -> Result<(), Failure> {
    let store = args.store.location.open(Folder::Existing).await?;
    let source =
        SourceName::new(&args.source).map_err(|error| Failure::usage(error.to_string()))?;
    let generation = generations::rollback(&*store, &source, args.to, &now()).await?;
    args.store.location.update_plain_documents(&source).await?;
    if output.is_json() {
        return Output::json(&generation);
    }
    Output::print(&format!(
        "generation {} of {source} shows the result of generation {} again\n",
        generation.generation, args.to
    ))
}
