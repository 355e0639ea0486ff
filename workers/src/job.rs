//! The run's configuration as the pipeline's words. Owns the reading of the file and that what this
//! worker can't do is refused, never ignored.

use std::fs;
use std::path::Path;

use pipeline::input::{Compression, Identity};
use pipeline::plan::Spec;
use pipeline::{CustomFormat, RecordFormat};
use store::SourceName;
use store::retention::Retention;
use trendjob::{RunConfig, TrendJobSpec};
use trends::Partitions;

use crate::analysis::analysis;
use crate::ending::Ending;

/// What the reason is called when a configuration can't be followed.
const INVALID: &str = "InvalidRunConfig";

/// Reads the configuration.
pub(crate) fn read(file: &Path) -> Result<RunConfig, Ending> {
    let unusable = |what: String| Ending::unusable(INVALID, format!("{}: {what}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    RunConfig::from_json(&text).map_err(|error| unusable(error.to_string()))
}

/// What is to be planned. `data` is where the input volume is mounted.
pub(crate) fn spec(job: &TrendJobSpec, data: &Path) -> Result<Spec, Ending> {
    let TrendJobSpec { source, input, sharding, .. } = job;
    let unusable = |error: String| Ending::unusable(INVALID, error);
    let partitions = Partitions::new(sharding.partitions);
    let config_map = input.volume.as_ref().is_some_and(|volume| volume.config_map.is_some());
    Ok(Spec {
        source: SourceName::new(source).map_err(|error| unusable(error.to_string()))?,
        uris: input.uris.clone(),
        data: Some(data.to_owned()),
        kept_out: None,
        spooled: None,
        // Every pod has its own copy of a ConfigMap, with its own times.
        identity: if config_map { Identity::Content } else { Identity::Modified },
        compression: match input.compression {
            trendjob::Compression::Auto => None,
            trendjob::Compression::None => Some(Compression::None),
            trendjob::Compression::Gzip => Some(Compression::Gzip),
            trendjob::Compression::Zstd => Some(Compression::Zstd),
            trendjob::Compression::Bzip2 => Some(Compression::Bzip2),
        },
        record: match input.record.preset {
            trendjob::Preset::Twitter => RecordFormat::Twitter,
            trendjob::Preset::DataSift => RecordFormat::DataSift,
            trendjob::Preset::Mastodon => RecordFormat::Mastodon,
            trendjob::Preset::Custom => RecordFormat::Custom(CustomFormat {
                text: input.record.text.clone(),
                time: input.record.time.clone(),
                author: input.record.author.clone(),
                id: input.record.id.clone(),
                language: input.record.language.clone(),
            }),
        },
        max_malformed_percent: f64::from(input.max_malformed_percent),
        max_record_size: input.max_record_size.bytes(),
        chunk_size: sharding.chunk_size.bytes(),
        max_shards: sharding.max_shards,
        shards: None,
        partitions: partitions
            .ok_or_else(|| unusable(format!("{} partitions", sharding.partitions)))?,
        analysis: analysis(&job.analysis),
    })
}

/// How much of the source's past stays.
pub(crate) fn retention(job: &TrendJobSpec) -> Retention {
    let retention = &job.sink.retention;
    Retention { runs: retention.runs as usize, grace: retention.grace.seconds() }
}
