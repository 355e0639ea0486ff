//! The records themselves, for those who asked to keep them: `<source>` with a document for each
//! record that was counted. Owns their collection; a record is what the line says, under an `_id` that
//! says where the line stood.

use std::fmt;

use mongodb::bson::{Bson, Document, doc};

use super::{MongoStore, fault, plain};
use crate::{RunId, SourceName, Store as _, StoreError};

/// The longest line that is kept, in bytes: as a document it must stay below the 16 MiB of a server.
pub const LONGEST: usize = 8 << 20;

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
            Err(error) if fault::is_only_duplicates(&error) => Ok(()),
            inserted => inserted.map(drop),
        }
    };
    store.retry("writing records to", &name, insert).await?;
    Ok(left_out)
}

/// Makes the records of a run those of its source, without those of shards it went on without.
pub async fn publish(
    store: &MongoStore,
    source: &SourceName,
    run: &RunId,
    without: &[u32],
) -> Result<(), StoreError> {
    let name = beside(source, run);
    for shard in without {
        let (from, to) = (format!("{shard:06}-"), format!("{shard:06}."));
        store.delete(&name, doc! { "_id": { "$gte": from, "$lt": to } }).await?;
    }
    plain::swap(store, &name, source.as_str()).await
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
    let mut document = doc! { "_id": id.to_string() };
    document.extend(json.into_iter().filter(|(key, _)| key != "_id").map(|(k, v)| (k, bson(v))));
    Some(document)
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
        for line in
            [r#"{"a":"\ud800"}"#.to_owned(), r#"{"a":1e400}"#.to_owned(), "x".repeat(LONGEST + 1)]
        {
            assert_eq!(document(ID, line.as_bytes()), None);
        }
    }
}
