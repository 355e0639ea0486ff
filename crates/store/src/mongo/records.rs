//! The counted records of a source, if the TrendJob stores them: the collection `<source>` with a
//! document for each. Owns that collection; a document has the fields of the line, and the position
//! of the line as its `_id`.

use std::fmt;

use mongodb::bson::{Bson, Document, doc};

use super::{MongoStore, fault, plain};
use crate::generations::newest;
use crate::{RunId, SourceName, Store as _, StoreError};

/// The most bytes of a line that is stored: its document must stay below 16 MiB, the server's
/// limit.
pub const MAX_LINE: usize = 8 << 20;

/// The most bytes of a document that a server accepts.
const MAX_DOCUMENT: usize = 16 << 20;

/// The bytes of a line above which its document is measured: arrays of small numbers take eight
/// times the bytes of their JSON.
const MEASURED_LINE: usize = 1 << 20;

/// The documents that are counted by one query, which the server answers within seconds.
const STEP: u64 = 100_000;

/// The deepest nesting that every server accepts.
const MAX_DEPTH: usize = 100;

/// The position of a record in the input. It gives the document of a record the same `_id` in every
/// attempt.
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
        // Zero-padded, so that bytewise order is the order of the input.
        write!(f, "{:06}-{:06}-{:015}", self.shard, self.object, self.offset)
    }
}

/// Stores records of a run, and returns the number of omitted ones: those above [`MAX_LINE`], and
/// those that no document can hold, because of a lone surrogate or a number beyond a double, for
/// example. All attempts store the same documents, so a repetition changes nothing.
pub async fn insert(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
    records: &[(RecordId, &[u8])],
) -> Result<u64, StoreError> {
    let name = temporary_name(source, run);
    let documents: Vec<Document> =
        records.iter().filter_map(|(id, line)| document(*id, line)).collect();
    let omitted = (records.len() - documents.len()) as u64;
    if documents.is_empty() {
        return Ok(omitted);
    }
    let collection = store.database.collection::<Document>(&name);
    let insert = || async {
        match collection.insert_many(&documents).ordered(false).await {
            Ok(_) => Ok(0),
            // Documents that an earlier try or attempt stored, or that this server can't hold.
            Err(error) => fault::unholdable(&error).ok_or(error),
        }
    };
    Ok(omitted + store.retry("writing records to", &name, insert).await?)
}

/// Shows the records of a run as those of its source, except records of the shards in `without`,
/// which the run is published without. `stored` is the number of records that the other shards
/// report.
///
/// A publisher that stalls between its last check of the visible run and the swap can replace the
/// records of a later run. So nothing comes between the two.
pub async fn publish(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
    without: &[u32],
    stored: u64,
) -> Result<(), StoreError> {
    if !is_visible(store, source, run).await? {
        return Ok(());
    }
    if stored == 0 {
        return plain::drop_collection(store, source.as_str()).await;
    }
    let name = temporary_name(source, run);
    for shard in without {
        let (from, to) = (format!("{shard:06}-"), format!("{shard:06}."));
        store.delete(&name, doc! { "_id": { "$gte": from, "$lt": to } }).await?;
    }
    // All records are stored before the markers. If some are missing, an earlier attempt has
    // swapped the collection in, and a slow pod has stored some of its records again.
    if !has_at_least(store, &name, stored, STEP).await? {
        return plain::drop_collection(store, &name).await;
    }
    if !is_visible(store, source, run).await? {
        return Ok(());
    }
    plain::swap(store, &name, source.as_str()).await.map(drop)
}

/// Returns true if the result of a run is visible. If another one is, its own publisher handles its
/// records.
async fn is_visible(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
) -> Result<bool, StoreError> {
    let visible = newest(store, source, 0).await?;
    Ok(visible.is_some_and(|visible| !visible.withdrawn && visible.run == *run))
}

/// Returns true if a collection has at least so many documents. Counts `step` of them by one query,
/// by their `_id`s alone: a count of a large collection as a whole would not end in the time of one
/// try. The numbers in a server's metadata are wrong after it was killed.
async fn has_at_least(
    store: &MongoStore,
    name: &str,
    wanted: u64,
    step: u64,
) -> Result<bool, StoreError> {
    let documents = store.database.collection::<Document>(name);
    let (mut counted, mut beyond) = (0, doc! {});
    while counted < wanted {
        let next = step.min(wanted - counted);
        // The last of the next documents, if there are so many.
        let last = || async {
            let found = documents.find_one(beyond.clone()).projection(doc! { "_id": 1 });
            found.sort(doc! { "_id": 1 }).skip(next - 1).await
        };
        let last = store.retry("counting", name, last).await?;
        let Some(last) = last.and_then(|mut last| last.remove("_id")) else { return Ok(false) };
        counted += next;
        beyond = doc! { "_id": { "$gt": last } };
    }
    Ok(true)
}

/// Drops the records of a source if its visible run is about to be removed, or if no result is
/// visible any more.
pub async fn withdraw(
    store: &MongoStore,
    source: &SourceName,
    is_removed: impl Fn(&RunId) -> bool,
) -> Result<(), StoreError> {
    match newest(store, source, 0).await? {
        Some(newest) if newest.withdrawn || is_removed(&newest.run) => {
            plain::drop_collection(store, source.as_str()).await
        }
        _ => Ok(()),
    }
}

/// Drops the unpublished records of removed runs.
pub async fn sweep(store: &MongoStore, source: &SourceName) -> Result<(), StoreError> {
    let runs = store.runs().await?;
    let prefix = format!("{source}{}", plain::SEPARATOR);
    for name in store.collections().await? {
        let run = name.strip_prefix(&prefix);
        if run.is_some_and(|run| !runs.iter().any(|known| known.as_str() == run)) {
            plain::drop_collection(store, &name).await?;
        }
    }
    Ok(())
}

fn temporary_name(source: &SourceName, run: &RunId) -> String {
    format!("{source}{}{run}", plain::SEPARATOR)
}

fn document(id: RecordId, line: &[u8]) -> Option<Document> {
    if line.len() > MAX_LINE {
        return None;
    }
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    if !json.iter().all(|(key, value)| fits(key, value, 2)) {
        return None;
    }
    let mut document = doc! { "_id": id.to_string() };
    document.extend(json.into_iter().filter(|(key, _)| key != "_id").map(|(k, v)| (k, bson(v))));
    let is_measured = line.len() > MEASURED_LINE;
    if is_measured && mongodb::bson::serialize_to_vec(&document).ok()?.len() > MAX_DOCUMENT {
        return None;
    }
    Some(document)
}

/// Returns true if a document can hold a member: no name in it has a NUL byte, and nothing is too
/// deep. `depth` is the depth of the members of `value`.
fn fits(key: &str, value: &serde_json::Value, depth: usize) -> bool {
    use serde_json::Value;
    let is_named = !key.contains('\0');
    let holds = match value {
        Value::Array(values) => {
            depth <= MAX_DEPTH && values.iter().all(|value| fits("", value, depth + 1))
        }
        Value::Object(members) => {
            depth <= MAX_DEPTH && members.iter().all(|(key, value)| fits(key, value, depth + 1))
        }
        _ => true,
    };
    is_named && holds
}

/// Converts a value to BSON. Numbers that are not signed 64-bit integers become doubles.
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
    use super::super::tests::options;
    use super::*;

    #[testing::needs(mongodb)]
    #[tokio::test(flavor = "multi_thread")]
    async fn documents_are_counted_in_steps_up_to_the_wanted_number() {
        let store = MongoStore::open(&options("steps")).await.unwrap();
        let documents = store.database.collection::<Document>("records");
        documents.insert_many((0..95).map(|id| doc! { "_id": format!("{id:02}") })).await.unwrap();
        for step in [1, 10, 19, 95, 96, STEP] {
            for (wanted, expected) in [
                (0, true),
                (1, true),
                (90, true),
                (94, true),
                (95, true),
                (96, false),
                (300, false),
            ] {
                let found = has_at_least(&store, "records", wanted, step).await.unwrap();
                assert_eq!(found, expected, "{wanted} in steps of {step}");
            }
        }
        assert!(!has_at_least(&store, "none", 1, STEP).await.unwrap());
        store.database.drop().await.unwrap();
    }

    const ID: RecordId = RecordId { shard: 3, object: 12, offset: 4096 };

    #[test]
    fn a_record_is_kept_with_an_id_of_its_own() {
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
    fn records_that_no_document_can_hold_are_omitted() {
        let spaces = " ".repeat(MAX_LINE);
        for line in [
            r#"{"a":"\ud800"}"#.to_owned(),
            r#"{"a":1e400}"#.to_owned(),
            r#"{"a":[{"b\u0000c":1}]}"#.to_owned(),
            format!("{{{spaces}}}"),
            nested(MAX_DEPTH),
            ones(4 << 20),
        ] {
            assert_eq!(document(ID, line.as_bytes()), None, "{}", &line[..line.len().min(40)]);
        }
        for line in [nested(MAX_DEPTH - 1), ones(1 << 20), format!("{{{}}}", &spaces[2..])] {
            assert!(document(ID, line.as_bytes()).is_some(), "{}", &line[..line.len().min(40)]);
        }
    }

    /// An object with this many levels of arrays in it.
    fn nested(levels: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
    }

    /// A line of about this many bytes whose document is eight times as large.
    fn ones(length: usize) -> String {
        format!("{{\"a\":[{}1]}}", "1,".repeat(length / 2))
    }
}
