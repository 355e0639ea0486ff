//! What a run is asked to do, from flags, a manifest, or both. Owns the defaults of one machine.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use pipeline::input::Identity;
use pipeline::plan::Spec;
use pipeline::{Analysis, PinnedBaseline, Profile, RecordFormat};
use request::DEFAULT_STOP_LANGUAGES;
use store::retention::Retention;
use store::{RunId, SourceName};
use trends::Partitions;

use super::manifest;
use crate::args::{AnalysisArgs, BaselineArg, PresetName, ProfileName, RunArgs};
use crate::failure::Failure;

/// The most memory that is used without being told, and what is assumed where the machine does not
/// tell how much it has.
const MOST_MEMORY: u64 = 4 << 30;
const ASSUMED_MEMORY: u64 = 1 << 30;

/// Shards of at most this size are enough for one machine: what a killed run loses at most.
const SHARD: u64 = 1 << 30;

/// A run to do.
#[derive(Debug)]
pub(crate) struct Job {
    /// What to count, `None` to go on with a run that has its plan.
    pub(crate) spec: Option<Spec>,
    /// The run to go on with.
    pub(crate) resume: Option<RunId>,
    pub(crate) retention: Retention,
    pub(crate) threads: usize,
    pub(crate) memory: usize,
    pub(crate) store: PathBuf,
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) dry_run: bool,
}

impl Job {
    /// A job with the defaults over one file.
    pub(crate) fn of_file(source: &str, file: &Path, store: PathBuf) -> Result<Self, Failure> {
        let mut job = Self::idle(store);
        let uris = vec![file.display().to_string()];
        job.spec = Some(spec(source, uris, job.threads)?);
        Ok(job)
    }

    /// The job that was typed.
    pub(crate) fn of_args(args: &RunArgs) -> Result<Self, Failure> {
        let mut job = Self::idle(args.store.clone());
        job.rejects.clone_from(&args.rejects);
        job.dry_run = args.dry_run;
        if let Some(threads) = args.threads {
            job.threads = threads as usize;
        }
        if let Some(memory) = args.memory {
            job.memory = usize::try_from(memory.bytes()).unwrap_or(usize::MAX);
        }
        if let Some(run) = &args.resume {
            let run = RunId::new(run).map_err(|error| Failure::usage(error.to_string()))?;
            job.resume = Some(run);
            return Ok(job);
        }
        let mut spec = match args.inputs.as_slice() {
            [file] if is_manifest(file) => {
                let (spec, retention) = manifest::job(Path::new(file))?;
                check_data(&spec, args)?;
                job.retention = retention;
                spec
            }
            inputs => {
                let source = args.source.as_deref().ok_or_else(|| {
                    Failure::usage(
                        "--source NAME is missing: it is the name the result is published under",
                    )
                })?;
                if let Some(file) = inputs.iter().find(|input| is_manifest(input)) {
                    return Err(Failure::usage(format!(
                        "{file} is a manifest and must be the only argument"
                    )));
                }
                spec(source, inputs.to_vec(), job.threads)?
            }
        };
        override_by_flags(&mut spec, args)?;
        job.spec = Some(spec);
        Ok(job)
    }

    fn idle(store: PathBuf) -> Self {
        let available = service::machine::memory_limit().unwrap_or(ASSUMED_MEMORY);
        let memory = (available / 10 * 6).min(MOST_MEMORY);
        Self {
            spec: None,
            resume: None,
            retention: Retention { runs: 5, grace: 600 },
            threads: available_parallelism().map_or(1, usize::from),
            memory: usize::try_from(memory).unwrap_or(usize::MAX),
            store,
            rejects: None,
            dry_run: false,
        }
    }
}

/// That somebody says what the manifest's /data is here.
fn check_data(spec: &Spec, args: &RunArgs) -> Result<(), Failure> {
    let mounted = |uri: &&String| {
        uri.strip_prefix("file://").is_some_and(|p| Path::new(p).starts_with("/data"))
    };
    match spec.uris.iter().find(mounted) {
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

/// What flags alone ask for: the manifest's defaults, but cut for the threads of one machine.
fn spec(source: &str, uris: Vec<String>, threads: usize) -> Result<Spec, Failure> {
    // Two for each: one is merged while the blocks of the other are synced.
    let partition_count = u32::try_from(2 * threads).map_or(1024, |count| count.min(1024));
    Ok(Spec {
        source: self::source(source)?,
        uris,
        data: None,
        kept_out: None,
        spooled: None,
        identity: Identity::Modified,
        compression: None,
        record: RecordFormat::Twitter,
        max_malformed_percent: 5.0,
        max_record_size: 16 << 20,
        chunk_size: SHARD,
        max_shards: 500,
        shards: None,
        partitions: partitions(partition_count)?,
        analysis: Analysis::default(),
    })
}

/// A name that the API server would accept as a source.
fn source(name: &str) -> Result<SourceName, Failure> {
    let manifest = serde_json::json!({
        "apiVersion": format!("{}/{}", trendjob::GROUP, trendjob::VERSION),
        "kind": trendjob::KIND,
        "metadata": { "name": "run" },
        "spec": { "source": name, "input": { "uris": ["file:///data"] } },
    });
    // JSON is YAML, and the rules for sources stand in one place.
    if let Err(errors) = trendjob::parse_manifest(&manifest.to_string()) {
        let errors: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        return Err(Failure::usage(format!("--source {name}: {}", errors.join("; "))));
    }
    SourceName::new(name).map_err(|error| Failure::usage(error.to_string()))
}

fn partitions(count: u32) -> Result<Partitions, Failure> {
    Partitions::new(count).ok_or_else(|| Failure::usage("partitions must be from 1 to 1024"))
}

fn override_by_flags(spec: &mut Spec, args: &RunArgs) -> Result<(), Failure> {
    if let Some(name) = &args.source {
        spec.source = source(name)?;
    }
    if let Some(preset) = args.preset {
        spec.record = match preset {
            PresetName::Twitter => RecordFormat::Twitter,
            PresetName::DataSift => RecordFormat::DataSift,
            PresetName::Mastodon => RecordFormat::Mastodon,
        };
    }
    if let Some(size) = args.chunk_size {
        if size.bytes() == 0 {
            return Err(Failure::usage("--chunk-size must be at least 1"));
        }
        spec.chunk_size = size.bytes();
    }
    if let Some(size) = args.max_record_size {
        if !((1 << 20)..=(64 << 20)).contains(&size.bytes()) {
            return Err(Failure::usage("--max-record-size must be from 1Mi to 64Mi"));
        }
        spec.max_record_size = size.bytes();
    }
    if let Some(percent) = args.max_malformed_percent {
        spec.max_malformed_percent = percent;
    }
    if let Some(count) = args.partitions {
        spec.partitions = partitions(count)?;
    }
    spec.shards = args.shards;
    analyse_by_flags(&mut spec.analysis, &args.analysis)?;
    spec.data.clone_from(&args.data);
    spec.kept_out = Some(args.store.clone());
    Ok(())
}

fn analyse_by_flags(analysis: &mut Analysis, args: &AnalysisArgs) -> Result<(), Failure> {
    let AnalysisArgs { profile, kinds, window, stop_words, scores, .. } = args;
    if let Some(profile) = profile {
        analysis.profile = match profile {
            ProfileName::Seed => Profile::Seed,
            ProfileName::Social => Profile::Social,
        };
        if analysis.profile == Profile::Social {
            analysis.stop_languages = DEFAULT_STOP_LANGUAGES.map(str::to_owned).into();
        }
    }
    if !kinds.is_empty() {
        analysis.kinds.clone_from(kinds);
        analysis.kinds.sort_unstable();
        analysis.kinds.dedup();
    }
    if let Some(window) = window {
        if !(300..=604_800).contains(&window.seconds()) {
            return Err(Failure::usage("--window must be from 5m to 7d"));
        }
        analysis.window = Some(window.seconds());
    }
    match stop_words.as_slice() {
        [] => {}
        [none] if none == "none" => analysis.stop_languages.clear(),
        languages => languages.clone_into(&mut analysis.stop_languages),
    }
    if !scores.is_empty() {
        analysis.scores.clone_from(scores);
        analysis.scores.sort_unstable();
        analysis.scores.dedup();
    }
    if let Some(BaselineArg { source, generation }) = &args.baseline {
        let (source, generation) = (source.clone(), *generation);
        analysis.baseline = Some(PinnedBaseline { source, generation, run: None });
    }
    analysis.detect_language |= args.detect_language;
    analysis.series_floor = args.series_floor.or(analysis.series_floor);
    analysis.min_count = args.min_count.or(analysis.min_count);
    analysis.min_authors = args.min_authors.or(analysis.min_authors);
    if analysis.detect_language && analysis.profile == Profile::Seed {
        return Err(Failure::usage(
            "--detect-language is only for --profile social: profile seed knows no languages",
        ));
    }
    if !stop_words.is_empty() && analysis.profile == Profile::Seed {
        return Err(Failure::usage(
            "--stop-words is only for --profile social: profile seed has the original's fixed list",
        ));
    }
    analysis.check().map_err(|error| Failure::usage(error.to_string()))
}
