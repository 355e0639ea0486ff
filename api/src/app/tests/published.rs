//! Publishes results without the pipeline. The tests of the process include this file, too.

use std::sync::Arc;

use store::document::AttemptKey;
use store::generations::{self, Publication};
use store::marker::mark;
use store::{AttemptId, RunId, SourceName, Stage, Store};
use trends::format::{RankedTopic, RankingWriter, RowWriter};
use trends::result::{BlockRef, PartitionContents, RankingPage, ResultContents, TermBlock};
use trends::{Bucket, Kind, RowRef};

/// Publishes words with their counts, in one partition and one page.
pub(super) async fn publish(
    store: &Arc<dyn Store>,
    source: &str,
    start: u64,
    words: &[(&str, u64)],
) {
    let run = RunId::new(&format!("{source}-{start}")).unwrap();
    publish_run(store, source, &run, start, words).await;
}

/// Publishes a run of any name.
pub(super) async fn publish_run(
    store: &Arc<dyn Store>,
    source: &str,
    run: &RunId,
    start: u64,
    words: &[(&str, u64)],
) {
    let attempt = AttemptId::new("attempt").unwrap();
    let key = |stage| AttemptKey { run: run.clone(), stage, index: 0, attempt: attempt.clone() };
    let mut sorted: Vec<_> = words.to_vec();
    sorted.sort_unstable();
    let mut rows = RowWriter::default();
    for (word, count) in &sorted {
        let (term, bucket) = (word.as_bytes(), Bucket::WHOLE);
        let (kind, count, detail) = (Kind::Word, *count, &[][..]);
        rows.push(&RowRef { kind, term, bucket, count, documents: 1, detail });
    }
    let mut ranks = RankingWriter::new(Kind::Word);
    sorted.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    for (word, count) in &sorted {
        let (term, count, facts) = (word.as_bytes(), *count, &[][..]);
        ranks.push(RankedTopic { term, count, documents: 1, facts });
    }
    let put = async |stage, name: &str, block: Vec<u8>| {
        let reference = BlockRef::to(name.to_owned(), &block);
        store.put_block(&key(stage).block(name), block.into()).await.unwrap();
        reference
    };
    let first = words.iter().map(|(word, _)| (*word).to_owned()).min().unwrap_or_default();
    let terms = put(Stage::Aggregate, "terms", rows.finish().unwrap()).await;
    let terms = vec![TermBlock { kind: Kind::Word, first, rows: words.len() as u32, block: terms }];
    let (hot, count) = sorted.first().map_or(("", 0), |(word, count)| (*word, *count));
    let block = put(Stage::Publish, "word", ranks.finish().unwrap()).await;
    let page = RankingPage { first: hot.to_owned(), count, topics: words.len() as u32, block };
    let pages = if words.is_empty() { vec![] } else { vec![page] };
    let contents = ResultContents {
        digest: "0".repeat(64),
        partitions: vec![PartitionContents {
            attempt: attempt.to_string(),
            terms,
            series: vec![],
            phrases: None,
        }],
        rankings: [(Kind::Word, pages)].into(),
        ..ResultContents::default()
    };
    mark(&**store, &key(Stage::Publish), "hash", contents).await.unwrap();
    let source = SourceName::new(source).unwrap();
    let publication =
        Publication { source: &source, run, start, published_at: "now", incomplete: false };
    generations::publish(&**store, &publication).await.unwrap();
}
