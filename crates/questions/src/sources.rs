//! The sources: the newest result of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use store::View;
use trends::Kind;

use crate::QuestionError;

/// The sources and their newest results.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sources")]
pub struct SourcesAnswer {
    /// The sources, by name.
    pub sources: Vec<SourceAnswer>,
}

/// The newest result of a source.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Source")]
pub struct SourceAnswer {
    /// The name of the source.
    #[serde(rename = "source")]
    pub name: String,
    /// Its generation; it only grows.
    pub generation: u64,
    /// The run that made the result.
    pub run: String,
    /// The time of publication (RFC 3339).
    pub published_at: String,
    /// True if shards are missing in it.
    pub incomplete: bool,
    /// The digest of its rows and counters, in hexadecimal; scores are not part of it.
    pub digest: String,
    /// Number of words it ranks, without excluded ones.
    pub topics: u64,
    /// The numbers of its records by outcome.
    pub records: RecordsAnswer,
    /// The number of counted records of which only a part was read, because the rest was too long;
    /// absent if it is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut_records: u64,
}

/// Records by outcome: read = counted + empty + malformed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Records")]
pub struct RecordsAnswer {
    /// Number of lines.
    pub read: u64,
    /// Number of records with a text.
    pub counted: u64,
    /// Numbers of records without a text, by reason; reasons that did not occur are absent.
    pub empty: BTreeMap<String, u64>,
    /// Numbers of malformed lines, by reason; reasons that did not occur are absent.
    pub malformed: BTreeMap<String, u64>,
}

/// Answers with the newest results of all sources, which the caller looked up.
pub async fn sources(views: &[Arc<View>]) -> Result<SourcesAnswer, QuestionError> {
    let mut sources = Vec::new();
    for view in views {
        let (generation, contents) = (view.generation(), view.contents());
        let records = &contents.records;
        sources.push(SourceAnswer {
            name: generation.source.to_string(),
            generation: generation.generation,
            run: generation.run.to_string(),
            published_at: generation.published_at.clone(),
            incomplete: generation.incomplete,
            digest: contents.digest.clone(),
            topics: view.topics(Kind::Word).await?,
            records: RecordsAnswer {
                read: records.read,
                counted: records.counted,
                empty: records.empty.clone(),
                malformed: records.malformed.clone(),
            },
            cut_records: contents.cut_records,
        });
    }
    Ok(SourcesAnswer { sources })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}
