//! Blocks are read as they were written, and damage is noticed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::merge::Cursor;
use crate::{Bucket, Kind, Row};

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let bucket = prop_oneof![Just(i64::MIN), any::<i64>(), -5_i64..5];
    let detail = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(any::<u8>(), 1..40)];
    let row = ((1_u8..8, "[a-c]{1,9}|\\PC{1,5}", bucket), (1_u64.., any::<u64>(), detail));
    prop::collection::vec(row, 0..60).prop_map(|rows| {
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        let row = |((kind, term, bucket), (count, part, detail)): (_, (u64, _, _))| Row {
            kind: Kind::from_byte(kind).unwrap(),
            term: String::into_bytes(term),
            bucket: Bucket(bucket),
            count,
            documents: part % count + 1,
            detail,
        };
        rows.into_iter().map(row).collect()
    })
}

fn written(rows: &[Row]) -> Vec<u8> {
    let mut writer = RowWriter::default();
    for row in rows {
        writer.push(&row.as_ref());
    }
    writer.finish().unwrap()
}

proptest! {
    #[test]
    fn written_rows_are_read_back(rows in rows()) {
        let mut reader = RowReader::open(&written(&rows)).unwrap();
        let mut read = Vec::new();
        while let Some(row) = reader.row() {
            read.push(row.to_row());
            reader.advance().unwrap();
        }
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn any_flipped_bit_is_refused(rows in rows(), place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut block = written(&rows);
        let place = place.index(block.len());
        block[place] ^= 1_u8 << bit;
        prop_assert!(RowReader::open(&block).is_err());
    }

    #[test]
    fn content_with_a_valid_checksum_never_panics(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(mut reader) = RowReader::open(&seal(BlockType::Rows, &raw).unwrap()) {
            while reader.row().is_some() && reader.advance().is_ok() {}
        }
        if let Ok(mut reader) = RankingReader::open(&seal(BlockType::Ranking, &raw).unwrap()) {
            while matches!(reader.topic(), Ok(Some(_))) {}
        }
    }

    #[test]
    fn written_pages_are_read_back(
        mut topics in prop::collection::vec((1_u64.., any::<u64>(), "\\PC{1,9}"), 0..60)
    ) {
        topics.sort_by_key(|topic| std::cmp::Reverse(topic.0));
        let topics: Vec<_> =
            topics.into_iter().map(|(count, part, term)| (term, count, part % count + 1)).collect();
        let mut writer = RankingWriter::new(Kind::Hashtag);
        for (term, count, documents) in &topics {
            let (count, documents) = (*count, *documents);
            let facts = &term.as_bytes()[..term.len() / 2];
            writer.push(RankedTopic { term: term.as_bytes(), count, documents, facts });
        }
        let mut reader = RankingReader::open(&writer.finish().unwrap()).unwrap();
        prop_assert_eq!(reader.kind(), Kind::Hashtag);
        let mut read = Vec::new();
        while let Some(RankedTopic { term, count, documents, facts }) = reader.topic().unwrap() {
            prop_assert_eq!(facts, &term[..term.len() / 2]);
            read.push((String::from_utf8(term.to_vec()).unwrap(), count, documents));
        }
        prop_assert_eq!(read, topics);
    }
}

#[test]
fn a_newer_block_and_a_damaged_one_have_different_errors() {
    let newest = [
        (BlockType::Rows, 1),
        (BlockType::Ranking, 1),
        (BlockType::Bytes, 1),
        (BlockType::Scored, 2),
    ];
    for (block_type, known) in newest {
        for found in [known + 1, 3] {
            let mut block = seal(block_type, b"x").unwrap();
            block[2] = found;
            assert_eq!(open(block_type, &block), Err(FormatError::Newer { found, known }));
        }
    }
    assert_eq!(open(BlockType::Bytes, b"{}"), Err(FormatError::NotABlock));
    let block = seal(BlockType::Bytes, b"x").unwrap();
    assert_eq!(open(BlockType::Rows, &block), Err(FormatError::Type));
}
