//! A TrendJob manifest as a job of one machine. Owns what of it means nothing here and is left out,
//! and that what can't be done here is refused, never ignored.

use std::fs;
use std::path::Path;

use pipeline::input::{Compression, Identity};
use pipeline::plan::Spec;
use pipeline::{CustomFormat, RecordFormat};
use store::retention::Retention;
use trendjob::FieldError;

use super::analysis::analysis;
use super::job::{partitions, source};
use crate::failure::Failure;

/// Reads a manifest's text.
pub(crate) fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::permanent("InvalidManifest", format!("reading {}: {error}", file.display()))
    })
}

/// Says what is wrong with a manifest.
pub(crate) fn invalid(file: &Path, errors: &[FieldError]) -> Failure {
    let errors: Vec<String> = errors.iter().map(|error| format!("\n  {error}")).collect();
    Failure::permanent(
        "InvalidManifest",
        format!("{} is no valid TrendJob:{}", file.display(), errors.concat()),
    )
}

/// What a manifest asks for.
pub(super) fn job(file: &Path) -> Result<(Spec, Retention), Failure> {
    let job = trendjob::parse_manifest(&read(file)?).map_err(|errors| invalid(file, &errors))?;
    let unsupported = trendjob::unsupported_locally(&job.spec);
    if !unsupported.is_empty() {
        return Err(invalid(file, &unsupported));
    }
    let trendjob::TrendJobSpec { source: name, input, sharding, sink, .. } = &job.spec;
    let record = match input.record.preset {
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
    };
    let compression = match input.compression {
        trendjob::Compression::Auto => None,
        trendjob::Compression::None => Some(Compression::None),
        trendjob::Compression::Gzip => Some(Compression::Gzip),
        trendjob::Compression::Zstd => Some(Compression::Zstd),
        trendjob::Compression::Bzip2 => Some(Compression::Bzip2),
    };
    let spec = Spec {
        source: source(name)?,
        uris: input.uris.clone(),
        data: None,
        kept_out: None,
        spooled: None,
        identity: Identity::Modified,
        compression,
        record,
        max_malformed_percent: f64::from(input.max_malformed_percent),
        max_record_size: input.max_record_size.bytes(),
        chunk_size: sharding.chunk_size.bytes(),
        max_shards: sharding.max_shards,
        shards: None,
        partitions: partitions(sharding.partitions)?,
        analysis: analysis(&job.spec.analysis),
    };
    let retention = &sink.retention;
    let retention = Retention { runs: retention.runs as usize, grace: retention.grace.seconds() };
    Ok((spec, retention))
}
