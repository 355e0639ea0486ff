//! `--rejects FILE`: every malformed line as a line of JSON.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use pipeline::etl::{Shard, for_each_reject};
use pipeline::{Context, Error, Plan};

/// Writes the file. Returns how many lines were malformed that shards counted earlier did not keep.
pub(super) fn write(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    file: &Path,
) -> Result<u64, Error> {
    let failed = |error: std::io::Error| {
        Error::Input(format!("writing the rejects to {}: {error}", file.display()))
    };
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
