//! What a TrendJob asks for, in the words of the pipeline: the one place that knows both. The spec is one
//! that was checked; where its files are on this machine is its caller's.

mod analysis;

use pipeline::input::{Compression, Identity};
use pipeline::plan::Spec;
use pipeline::{CustomFormat, RecordFormat};
use store::SourceName;
use store::retention::Retention;
use trendjob::TrendJobSpec;
use trends::Partitions;

pub use analysis::{DEFAULT_STOP_LANGUAGES, analysis};

/// A spec that was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// The name that results are published under.
    #[error(transparent)]
    Source(#[from] store::InvalidName),
    /// Into how many partitions terms are divided.
    #[error("spec.sharding.partitions is {0}: it must be from 1 to 1024")]
    Partitions(u32),
}

/// What is to be planned, read where the URIs say.
///
/// # Errors
/// A spec that was not checked.
pub fn spec(job: &TrendJobSpec) -> Result<Spec, InvalidRequest> {
    let TrendJobSpec { source, input, sharding, .. } = job;
    let partitions = Partitions::new(sharding.partitions);
    let config_map = input.volume.as_ref().is_some_and(|volume| volume.config_map.is_some());
    Ok(Spec {
        source: SourceName::new(source)?,
        uris: input.uris.clone(),
        data: None,
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
        partitions: partitions.ok_or(InvalidRequest::Partitions(sharding.partitions))?,
        analysis: analysis(&job.analysis),
    })
}

/// How much of the source's past stays.
pub fn retention(job: &TrendJobSpec) -> Retention {
    let retention = &job.sink.retention;
    Retention { runs: retention.runs as usize, grace: retention.grace.seconds() }
}
