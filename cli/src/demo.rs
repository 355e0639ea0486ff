//! `trendjob demo`: a run over synthetic statuses, which are generated once.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tokio::runtime::Runtime;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::{self, LocalRun};
use crate::serve::Listeners;
use crate::synthetic::Synthetic;
use crate::tables;

/// Number of statuses, about 200 MB.
const RECORDS: u64 = 500_000;
const SEED: u64 = 1;
/// The share of malformed lines: real data has some, too.
const MALFORMED: f64 = 0.001;

pub(crate) fn command(runtime: &Runtime, args: DemoArgs, output: Output) -> Result<(), Failure> {
    // The store is opened first, so a folder that is not a store is refused before anything is
    // written to it.
    let store = runtime.block_on(run::open(&args.store))?;
    let listeners =
        (!args.no_serve).then(|| runtime.block_on(Listeners::on(&args.listen))).transpose()?;
    let statuses = statuses(&args.store, output)?;
    let local = LocalRun::of_file("demo", &statuses, args.store)?;
    run::run_and_serve(runtime, store, &local, listeners, output)
}

/// Returns the file of statuses, which is generated if it is missing.
fn statuses(store: &Path, output: Output) -> Result<PathBuf, Failure> {
    let folder = store.join("demo");
    let path = folder.join(format!("statuses-{RECORDS}-{SEED}.ndjson"));
    let failed = |error: std::io::Error| {
        Failure::other("Demo", format!("writing the sample data {}: {error}", path.display()))
    };
    if path.exists() {
        output.note(&format!("using the sample data in {}", path.display()));
        return Ok(path);
    }
    output.note(&format!(
        "generating {} synthetic statuses in {}",
        tables::grouped(RECORDS),
        path.display()
    ));
    fs::create_dir_all(&folder).map_err(failed)?;
    // The file gets its final name once it is complete, so the demo after an interrupted one writes
    // it anew. Until then it is named like a staged file of the store, so clean-up removes the file
    // of a killed demo.
    let partial = folder.join(format!("statuses#{}", std::process::id()));
    let make = || {
        let mut file = BufWriter::new(File::create(&partial)?);
        write(RECORDS, SEED, MALFORMED, &mut file)?;
        file.flush()?;
        fs::rename(&partial, &path)
    };
    make().map_err(|error| {
        // Incomplete data must not take up space on a full disk.
        drop(fs::remove_file(&partial));
        failed(error)
    })?;
    Ok(path)
}

/// Writes synthetic statuses.
pub(crate) fn write(
    records: u64,
    seed: u64,
    malformed: f64,
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let mut statuses = Synthetic::new(records, seed, malformed);
    let mut buffer = Vec::with_capacity(1 << 17);
    while statuses.append(&mut buffer) {
        if buffer.len() >= 1 << 16 {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)
}
