//! The records themselves, for those who asked to keep them: `<source>` with a document for each
//! record that was counted. Owns their collection; a record is what the line says, under an `_id` that
//! says where the line stood.

use std::fmt;

use mongodb::bson::{Bson, Document, doc};

use super::{MongoStore, fault, plain};
use crate::generations::newest;
use crate::{RunId, SourceName, Store as _, StoreError};

/// The longest line that is kept, in bytes: as a document it must stay below the 16 MiB of a server.
pub const LONGEST: usize = 8 << 20;

/// The largest document of a server, in bytes. Arrays of small numbers take eight times the bytes of
/// their JSON, so lines above the second may become larger.
const LARGEST: usize = 16 << 20;
const MAY_BE_LARGER: usize = 1 << 20;

/// The deepest nesting that a server promises to hold.
const DEEPEST: usize = 100;

/// Where a record stood: what makes its document the same in every attempt.
#[derive(Debug, Clone, Copy)]
pub struct RecordId {
    /// Its shard.
    pub shard: u32,
    /// The object of the plan.
    pub object: u32,
    /// The offset of its line in the (decompressed) object.
    pub offset: u64,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As wide as needed for bytewise order to be that of the input.
        write!(f, "{:06}-{:06}-{:015}", self.shard, self.object, self.offset)
    }
}

/// Stores records of a run, and says how many were left out: those above [`LONGEST`], and those with
/// what no document can hold, as a lone surrogate or a number beyond a double. Each attempt stores the
/// same documents, so doubles change nothing.
pub async fn insert(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
    records: &[(RecordId, &[u8])],
) -> Result<u64, StoreError> {
    let name = beside(source, run);
    let documents: Vec<Document> =
        records.iter().filter_map(|(id, line)| document(*id, line)).collect();
    let left_out = (records.len() - documents.len()) as u64;
    if documents.is_empty() {
        return Ok(left_out);
    }
    let collection = store.database.collection::<Document>(&name);
    let insert = || async {
        match collection.insert_many(&documents).ordered(false).await {
            Ok(_) => Ok(0),
            // What an earlier try or attempt stored, and what this server has rules against.
            Err(error) => fault::unholdable(&error).ok_or(error),
        }
    };
    Ok(left_out + store.retry("writing records to", &name, insert).await?)
}

/// Makes the records of a run those of its source, without those of shards it went on without.
/// `stored` is how many the other shards say that they stored.
///
/// A publisher that stands still between its look at what is visible and the swap can put its records
/// over those of a later run; so they are looked at right before.
pub async fn publish(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
    without: &[u32],
    stored: u64,
) -> Result<(), StoreError> {
    let visible = newest(store, source, 0).await?;
    if visible.is_none_or(|visible| visible.withdrawn || visible.run != *run) {
        // Another result is shown by now: its records are there, or were given up with it.
        return Ok(());
    }
    if stored == 0 {
        return plain::drop_collection(store, source.as_str()).await;
    }
    let name = beside(source, run);
    for shard in without {
        let (from, to) = (format!("{shard:06}-"), format!("{shard:06}."));
        store.delete(&name, doc! { "_id": { "$gte": from, "$lt": to } }).await?;
    }
    // All of them were stored before the markers. If some are missing, an earlier attempt put them in
    // their place, and this is what a slow pod stored once more.
    if plain::count(store, &name).await? < stored {
        return plain::drop_collection(store, &name).await;
    }
    plain::swap(store, &name, source.as_str()).await.map(drop)
}

/// Drops the records of a source if they are of runs that are about to go.
pub async fn withdraw(
    store: &MongoStore,
    source: &SourceName,
    goes: impl Fn(&RunId) -> bool,
) -> Result<(), StoreError> {
    match newest(store, source, 0).await? {
        Some(newest) if newest.withdrawn || goes(&newest.run) => {
            plain::drop_collection(store, source.as_str()).await
        }
        _ => Ok(()),
    }
}

/// Drops what runs that are no more have stored and not published.
pub async fn sweep(store: &MongoStore, source: &SourceName) -> Result<(), StoreError> {
    let runs = store.runs().await?;
    let beside = format!("{source}{}", plain::BESIDE);
    for name in store.collections().await? {
        let run = name.strip_prefix(&beside);
        if run.is_some_and(|run| !runs.iter().any(|known| known.as_str() == run)) {
            plain::drop_collection(store, &name).await?;
        }
    }
    Ok(())
}

fn beside(source: &SourceName, run: &RunId) -> String {
    format!("{source}{}{run}", plain::BESIDE)
}

fn document(id: RecordId, line: &[u8]) -> Option<Document> {
    if line.len() > LONGEST {
        return None;
    }
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    if !json.iter().all(|(key, value)| fits(key, value, 2)) {
        return None;
    }
    let mut document = doc! { "_id": id.to_string() };
    document.extend(json.into_iter().filter(|(key, _)| key != "_id").map(|(k, v)| (k, bson(v))));
    let may_be_larger = line.len() > MAY_BE_LARGER;
    if may_be_larger && mongodb::bson::serialize_to_vec(&document).ok()?.len() > LARGEST {
        return None;
    }
    Some(document)
}

/// Whether a document can hold a member: no name in it holds a zero byte, and nothing is too deep.
/// `depth` is that of the members of `value`.
fn fits(key: &str, value: &serde_json::Value, depth: usize) -> bool {
    use serde_json::Value;
    let is_named = !key.contains('\0');
    let holds = match value {
        Value::Array(values) => {
            depth <= DEEPEST && values.iter().all(|value| fits("", value, depth + 1))
        }
        Value::Object(members) => {
            depth <= DEEPEST && members.iter().all(|(key, value)| fits(key, value, depth + 1))
        }
        _ => true,
    };
    is_named && holds
}

/// A value as a shell shows it. Numbers that fit nothing else are kept as doubles.
fn bson(value: serde_json::Value) -> Bson {
    use serde_json::Value;
    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Bson::Int64(whole),
            (None, Some(double)) => Bson::Double(double),
            (None, None) => Bson::String(number.to_string()),
        },
        Value::String(text) => Bson::String(text),
        Value::Array(values) => Bson::Array(values.into_iter().map(bson).collect()),
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| (key, bson(value)));
            Bson::Document(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: RecordId = RecordId { shard: 3, object: 12, offset: 4096 };

    #[test]
    fn a_record_is_kept_as_it_is_but_for_its_id() {
        let line =
            br#"{"_id":9,"text":"a\u0041","n":9223372036854775807,"x":1.5,"l":[null,{"k":true}]}"#;
        let expected = doc! {
            "_id": "000003-000012-000000000004096",
            "l": [Bson::Null, { "k": true }],
            "n": i64::MAX,
            "text": "aA",
            "x": 1.5,
        };
        assert_eq!(document(ID, line), Some(expected));
    }

    #[test]
    fn what_no_document_can_hold_is_left_out() {
        let spaces = " ".repeat(LONGEST);
        for line in [
            r#"{"a":"\ud800"}"#.to_owned(),
            r#"{"a":1e400}"#.to_owned(),
            r#"{"a":[{"b\u0000c":1}]}"#.to_owned(),
            format!("{{{spaces}}}"),
            nested(DEEPEST),
            ones(4 << 20),
        ] {
            assert_eq!(document(ID, line.as_bytes()), None, "{}", &line[..line.len().min(40)]);
        }
        for line in [nested(DEEPEST - 1), ones(1 << 20), format!("{{{}}}", &spaces[2..])] {
            assert!(document(ID, line.as_bytes()).is_some(), "{}", &line[..line.len().min(40)]);
        }
    }

    /// An object with so many levels of arrays in it.
    fn nested(levels: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
    }

    /// A line of about so many bytes whose document is eight times as large.
    fn ones(length: usize) -> String {
        format!("{{\"a\":[{}1]}}", "1,".repeat(length / 2))
    }
}
