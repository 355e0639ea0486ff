//! A local run as the user typed it: a manifest, flags, or both. Owns the defaults of one machine;
//! all other settings get their defaults and checks as in a TrendJob.

use std::path::{Path, PathBuf};

use pipeline::input::Identity;
use pipeline::plan::Spec;
use service::machine;
use store::RunId;
use store::retention::Retention;
use trendjob::{Size, TrendJobSpec};

use super::{flags, manifest};
use crate::args::RunArgs;
use crate::failure::Failure;

/// The size of a chunk. A killed run loses the shard that each thread was counting, which is one
/// chunk of most inputs. Small chunks only help a cluster, where pods share the work.
const CHUNK: Size = Size::mebibytes(1_024);

/// The most partitions: one per slot.
const MOST_PARTITIONS: usize = 1_024;

/// A run on this machine.
#[derive(Debug)]
pub(crate) struct LocalRun {
    /// The spec; `None` to resume a run, which has its plan.
    pub(crate) spec: Option<Spec>,
    /// The run to resume.
    pub(crate) resume: Option<RunId>,
    pub(crate) retention: Retention,
    pub(crate) threads: usize,
    /// Bytes for counting and sorting.
    pub(crate) memory: usize,
    /// The folder of the store.
    pub(crate) store: PathBuf,
    /// The file for malformed lines.
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) dry_run: bool,
}

impl LocalRun {
    /// Creates a run over one file, with all defaults.
    pub(crate) fn of_file(source: &str, file: &Path, store: PathBuf) -> Result<Self, Failure> {
        let mut run = Self::without_spec(store);
        let trendjob = defaults(source, vec![file.display().to_string()], run.threads);
        run.spec = Some(spec(&trendjob)?);
        Ok(run)
    }

    /// Creates the run that the arguments describe.
    pub(crate) fn of_args(args: &RunArgs) -> Result<Self, Failure> {
        let mut run = Self::without_spec(args.store.clone());
        run.rejects.clone_from(&args.rejects);
        run.dry_run = args.dry_run;
        if let Some(threads) = args.threads {
            run.threads = threads as usize;
        }
        if let Some(memory) = args.memory {
            run.memory = usize::try_from(memory.bytes()).unwrap_or(usize::MAX);
        }
        if let Some(id) = &args.resume {
            let id = RunId::new(id).map_err(|error| Failure::usage(error.to_string()))?;
            run.resume = Some(id);
            return Ok(run);
        }
        let trendjob = trendjob(args, run.threads)?;
        run.retention = request::retention(&trendjob.sink.retention);
        let mut spec = spec(&trendjob)?;
        // Flags without a field: a manifest has whole percentages and no folders of this machine.
        if let Some(percent) = args.max_malformed_percent {
            spec.max_malformed_percent = percent;
        }
        spec.shards = args.shards;
        spec.data.clone_from(&args.data);
        spec.store_folder = Some(args.store.clone());
        run.spec = Some(spec);
        Ok(run)
    }

    fn without_spec(store: PathBuf) -> Self {
        Self {
            spec: None,
            resume: None,
            retention: request::retention(&trendjob::Retention::default()),
            threads: machine::default_threads(),
            memory: machine::default_memory(),
            store,
            rejects: None,
            dry_run: false,
        }
    }
}

/// Returns the checked spec of the TrendJob that the arguments describe.
fn trendjob(args: &RunArgs, threads: usize) -> Result<TrendJobSpec, Failure> {
    let mut trendjob = match args.inputs.as_slice() {
        [file] if is_manifest(file) => {
            let trendjob = manifest::spec(Path::new(file))?;
            check_data(&trendjob, args)?;
            trendjob
        }
        inputs => {
            let source = args.source.as_deref().ok_or_else(|| {
                Failure::usage(
                    "--source NAME is missing: it is the name under which the result is published",
                )
            })?;
            if let Some(file) = inputs.iter().find(|input| is_manifest(input)) {
                return Err(Failure::usage(format!(
                    "{file} is a manifest and must be the only argument"
                )));
            }
            defaults(source, inputs.to_vec(), threads)
        }
    };
    flags::apply(args, &mut trendjob);
    flags::check(args, &trendjob)?;
    Ok(trendjob)
}

/// Returns the spec of a TrendJob without a manifest: with a manifest's defaults, but cut for the
/// threads of one machine.
fn defaults(source: &str, uris: Vec<String>, threads: usize) -> TrendJobSpec {
    let mut trendjob = TrendJobSpec::new(source.to_owned(), uris);
    trendjob.sharding.chunk_size = CHUNK;
    // Two partitions per thread: one is merged while the blocks of the other are synced to disk.
    trendjob.sharding.partitions = (2 * threads).min(MOST_PARTITIONS) as u32;
    trendjob
}

/// Returns a checked spec in the pipeline's words.
fn spec(trendjob: &TrendJobSpec) -> Result<Spec, Failure> {
    let mut spec = request::spec(trendjob).map_err(|error| Failure::usage(error.to_string()))?;
    // A file of a ConfigMap is a separate copy in every pod. Here all threads read one file, which
    // its modification time identifies.
    spec.identity = Identity::Modified;
    spec.analysis.check().map_err(|error| Failure::usage(error.to_string()))?;
    Ok(spec)
}

/// Fails if the manifest reads /data, but the user didn't name a folder for it.
fn check_data(trendjob: &TrendJobSpec, args: &RunArgs) -> Result<(), Failure> {
    let is_mounted = |uri: &&String| {
        uri.strip_prefix("file://").is_some_and(|path| Path::new(path).starts_with("/data"))
    };
    match trendjob.input.uris.iter().find(is_mounted) {
        Some(uri) if args.data.is_none() && !Path::new("/data").exists() => {
            Err(Failure::usage(format!(
                "--data DIR is missing: the manifest reads {uri}, and there is no /data on this machine"
            )))
        }
        _ => Ok(()),
    }
}

fn is_manifest(input: &str) -> bool {
    let extension = Path::new(input).extension();
    extension.is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
}
