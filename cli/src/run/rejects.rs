//! `--rejects FILE`: every malformed line as a line of JSON. Owns that no input is overwritten by it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use pipeline::etl::{Shard, for_each_reject};
use pipeline::input::Place;
use pipeline::{Context, Error, Plan};

use crate::failure::Failure;

/// Checks that the file can be written, before hours are spent on what goes into it. What an earlier
/// run wrote there stays until this one has counted.
pub(super) fn check(file: &Path) -> Result<(), Failure> {
    let was_there = file.exists();
    let opened = File::options().create(true).append(true).open(file);
    if !was_there && opened.is_ok() {
        // Should it lie in a folder that is read, it must not become an input.
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

/// Writes the file. Returns how many lines were malformed that shards counted earlier did not keep.
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

/// Whether a file is one of those that were read.
fn is_input(plan: &Plan, file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    plan.objects.iter().any(|object| match &object.place {
        Place::File { path, .. } => path.canonicalize().is_ok_and(|path| path == file),
        Place::Http { .. } => false,
    })
}
