//! The blocks of a store and what is in them. The content is made up and sealed, so that the
//! decoders see it: a checksum does not protect against malice.

use trends::detail::Detail;
use trends::facts::TermFacts;
use trends::format::{
    BlockType, RankingReader, RowReader, RowWriter, ScoredReader, open, open_any, seal,
};
use trends::merge::Cursor as _;
use trends::row::Row;
use trends::term::MAX_TERM_BYTES;

/// A block of rows is refused, or its rows are within bounds and stay the same when they are written
/// again.
pub fn rows(raw: &[u8]) {
    let block = seal(BlockType::Rows, raw).expect("small");
    let Some(rows) = read_rows(&block) else { return };
    let mut writer = RowWriter::default();
    for row in &rows {
        assert!(row.term.len() <= MAX_TERM_BYTES && row.documents <= row.count, "{row:?}");
        if let Ok(detail) = Detail::decode(&row.detail) {
            drop(TermFacts::of("love", &row.as_ref(), &detail));
        }
        writer.push(&row.as_ref());
    }
    assert_eq!(writer.rows() as usize, rows.len());
    assert_eq!(read_rows(&writer.finish().expect("it fitted before")), Some(rows));
}

fn read_rows(block: &[u8]) -> Option<Vec<Row>> {
    let mut reader = RowReader::open(block).ok()?;
    let mut rows = Vec::new();
    while let Some(row) = reader.row() {
        rows.push(row.to_row());
        reader.advance().ok()?;
    }
    Some(rows)
}

/// A page of a ranking is refused, or its topics are within bounds.
pub fn ranking(raw: &[u8]) {
    let block = seal(BlockType::Ranking, raw).expect("small");
    let Ok(mut reader) = RankingReader::open(&block) else { return };
    let mut last = u64::MAX;
    while let Ok(Some(topic)) = reader.topic() {
        assert!(topic.count <= last && topic.documents <= topic.count, "{topic:?}");
        assert!(topic.term.len() <= MAX_TERM_BYTES, "{topic:?}");
        last = topic.count;
        drop(TermFacts::decode(topic.facts, topic.documents));
    }
}

/// A block of scored topics is refused, or its topics are within bounds.
pub fn scored(raw: &[u8]) {
    let block = seal(BlockType::Scored, raw).expect("small");
    let Ok(mut reader) = ScoredReader::open(&block) else { return };
    while let Ok(Some((_, topic))) = reader.topic() {
        assert!(topic.term.len() <= MAX_TERM_BYTES, "{topic:?}");
    }
}

/// Any bytes are refused as a block, and so is a block with any change.
pub fn block(data: &[u8]) {
    drop(open_any(data));
    let Some((&[kind, at, change], raw)) = data.split_first_chunk::<3>() else { return };
    let block_type = BlockType::ALL[usize::from(kind) % 4];
    let block = seal(block_type, raw).expect("small");
    assert_eq!(open(block_type, &block).as_deref(), Ok(raw));
    assert_eq!(open_any(&block), Ok((block_type, raw.to_vec())));
    let mut changed = block.clone();
    let at = (usize::from(at) << 4 | usize::from(change & 15)) % block.len();
    changed[at] ^= change | 1;
    assert!(open(block_type, &changed).is_err() && open_any(&changed).is_err(), "byte {at}");
    let cut = &block[..at];
    assert!(open(block_type, cut).is_err() && open_any(cut).is_err(), "cut at {at}");
}

/// A detail is refused, or stays the same when it is written again; so do the facts of a topic.
pub fn detail(raw: &[u8]) {
    if let Ok(detail) = Detail::decode(raw) {
        let mut again = Vec::new();
        detail.encode(&mut again);
        assert_eq!(Detail::decode(&again), Ok(detail.clone()));
        let mut merged = detail.clone();
        merged.merge(detail);
        merged.encode(&mut again);
    }
    if let Ok(facts) = TermFacts::decode(raw, u64::MAX) {
        let mut again = Vec::new();
        facts.encode(&mut again);
        assert_eq!(TermFacts::decode(&again, u64::MAX).as_ref(), Ok(&facts));
    }
}
