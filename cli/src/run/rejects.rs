//! `--rejects FILE`: writes every malformed line as a line of JSON. Refuses to overwrite an input.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use pipeline::etl::{Shard, for_each_reject};
use pipeline::input::ObjectLocation;
use pipeline::{Context, Error, Plan};

use crate::failure::Failure;

/// Checks that the file can be written, before a run that may take hours. The rejects of an earlier
/// run stay in the file until this run has counted.
pub(super) fn check(file: &Path) -> Result<(), Failure> {
    let existed = file.exists();
    let opened = File::options().create(true).append(true).open(file);
    if !existed && opened.is_ok() {
        // The file may be in an input folder, where it must not become an input.
        drop(fs::remove_file(file));
    }
    opened.map(drop).map_err(|error| {
        let message = format!("writing the rejects to {}: {error}", file.display());
        let permanent = matches!(
            error.kind(),
            io::ErrorKind::NotFound
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::ReadOnlyFilesystem
        );
        if permanent {
            Failure::permanent("RejectsFailed", message)
        } else {
            Failure::other("RejectsFailed", message)
        }
    })
}

/// Writes the file. Returns the number of malformed lines that are missing: shards that were
/// counted without `--rejects` kept none.
pub(super) fn write(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    file: &Path,
) -> Result<u64, Error> {
    let failed = |source| Error::Rejects { path: file.to_owned(), source };
    if is_input(plan, file) {
        return Err(Error::Input(format!(
            "{} is an input of this run: pass another file as --rejects",
            file.display()
        )));
    }
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    let mut written = 0;
    for_each_reject(context, plan, shards, |reject| {
        written += 1;
        serde_json::to_writer(&mut out, &reject).map_err(|error| failed(error.into()))?;
        out.write_all(b"\n").map_err(failed)
    })?;
    out.flush().map_err(failed)?;
    let malformed: u64 =
        shards.iter().map(|shard| shard.marker.report.records.malformed_total()).sum();
    Ok(malformed.saturating_sub(written))
}

/// Returns true if a file is an input of the plan.
fn is_input(plan: &Plan, file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    plan.objects.iter().any(|object| match object.location {
        ObjectLocation::File { path, .. } => path.canonicalize().is_ok_and(|path| path == file),
        ObjectLocation::Http { .. } => false,
    })
}
