//! A published result without a pipeline: topics of one count ranking per kind in small pages,
//! their terms in small blocks, and one section of scores.

use trends::format::{RankedTopic, RankingWriter, RowWriter, ScoredTopic, ScoredWriter};
use trends::result::{BlockRef, PartitionContents, RankingPage, ScoredBlock, TermBlock};
use trends::scores::Status;
use trends::{Bucket, Partitions, RowRef, slot};

use super::*;
use crate::document::AttemptKey;
use crate::generations::Publication;
use crate::marker::mark;
use crate::{AttemptId, ObjectStore, RunId, Stage};

/// A term and its count.
pub(crate) type TopicCount = (Kind, String, u64);

const PARTITIONS: u16 = 3;
/// The rows of a block of terms.
const ROWS: usize = 4;
/// The window of the section of scores.
pub(crate) const WINDOW: i64 = 7;

pub(crate) fn source() -> SourceName {
    SourceName::new("s").unwrap()
}

pub(crate) async fn memory() -> Arc<dyn Store> {
    Arc::new(ObjectStore::in_memory().await.unwrap())
}

/// The order of a ranking.
pub(crate) fn ranked(topics: &[TopicCount], kind: Kind) -> Vec<(String, u64)> {
    let of_kind = topics.iter().filter(|topic| topic.0 == kind);
    let mut ranked: Vec<_> = of_kind.map(|(_, term, count)| (term.clone(), *count)).collect();
    ranked.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    ranked
}

/// Publishes topics, `page` of them on a page, as the run with this start number.
pub(crate) async fn publish(store: &dyn Store, start: u64, topics: &[TopicCount], page: usize) {
    let run = RunId::new(&format!("run-{start}")).unwrap();
    store.insert(&crate::Key::run(&run), "{}".into()).await.unwrap();
    let attempt = AttemptId::new("attempt").unwrap();
    let key =
        |stage, index| AttemptKey { run: run.clone(), stage, index, attempt: attempt.clone() };
    let put = async |attempt: AttemptKey, name: String, block: Vec<u8>| {
        let reference = BlockRef::to(name.clone(), &block);
        store.put_block(&attempt.block(&name), block.into()).await.unwrap();
        reference
    };
    let partitions = Partitions::new(PARTITIONS.into()).unwrap();
    let mut contents = ResultContents { digest: "0".repeat(64), ..ResultContents::default() };
    for partition in 0..PARTITIONS {
        let is_here =
            |topic: &&TopicCount| partitions.of(slot(topic.0, topic.1.as_bytes())) == partition;
        let mut rows: Vec<_> = topics.iter().filter(is_here).cloned().collect();
        rows.sort();
        let mut terms = Vec::new();
        for (number, rows) in rows.chunks(ROWS).enumerate() {
            let mut writer = RowWriter::default();
            for (kind, term, count) in rows {
                let (kind, term, count) = (*kind, term.as_bytes(), *count);
                let bucket = Bucket::WHOLE;
                writer.push(&RowRef { kind, term, bucket, count, documents: 1, detail: &[] });
            }
            let attempt_key = key(Stage::Aggregate, partition.into());
            let block = put(attempt_key, format!("terms-{number}"), writer.finish().unwrap()).await;
            let (kind, first, _) = rows[0].clone();
            terms.push(TermBlock { kind, first, rows: rows.len() as u32, block });
        }
        let attempt = attempt.to_string();
        contents.partitions.push(PartitionContents {
            attempt,
            terms,
            series: vec![],
            phrases: None,
        });
    }
    for kind in [Kind::Word, Kind::Hashtag] {
        let mut pages = Vec::new();
        for (number, topics) in ranked(topics, kind).chunks(page).enumerate() {
            let mut writer = RankingWriter::new(kind);
            for (term, count) in topics {
                let (term, count) = (term.as_bytes(), *count);
                writer.push(RankedTopic { term, count, documents: 1, facts: &[] });
            }
            let name = format!("{kind}-{number}");
            let block = put(key(Stage::Publish, 0), name, writer.finish().unwrap()).await;
            let (first, count) = topics[0].clone();
            pages.push(RankingPage { first, count, topics: topics.len() as u32, block });
        }
        contents.rankings.insert(kind, pages);
    }
    let section = (Kind::Word, Score::Burst, Bucket(WINDOW));
    let mut writer = ScoredWriter::default();
    for (term, count) in ranked(topics, Kind::Word) {
        writer.push(section, &scored(term, count));
    }
    if let Some((_, block)) = writer.finish().unwrap() {
        let block = put(key(Stage::Publish, 0), "scored".to_owned(), block).await;
        let (kind, ranked_by) = (Kind::Word, Score::Burst);
        contents.scored.push(ScoredBlock { kind, score: ranked_by, bucket: WINDOW, block });
    }
    mark(store, &key(Stage::Publish, 0), "hash", contents).await.unwrap();
    let publication =
        Publication { source: &source(), run: &run, start, published_at: "now", incomplete: false };
    generations::publish(store, &publication).await.unwrap();
}

fn scored(term: String, count: u64) -> ScoredTopic {
    ScoredTopic {
        term,
        form: None,
        count,
        documents: 1,
        authors: None,
        value: count as f64,
        status: Status::Steady,
        new: false,
        burst: Some(0.0),
        significance: Some(0.0),
        growth: 1.0,
        peak: 0.0,
        popular: 0.0,
        compared: None,
        phrase: None,
    }
}
