//! The counter against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::merge::Cursor;
use crate::seed::tokens;

fn count(records: &[String], partitions: u32, budget: usize) -> BTreeMap<String, (u64, u64)> {
    let partitions = Partitions::new(partitions).unwrap();
    let mut counter = TermCounter::new(7, budget);
    let mut found = BTreeMap::new();
    let mut collect = |counter: &mut TermCounter| {
        for (partition, mut rows) in (0..).zip(counter.drain(partitions)) {
            let mut last = Vec::new();
            while let Some(row) = rows.row() {
                assert!(last.as_slice() < row.term, "rows ascend strictly");
                assert_eq!(partitions.of(slot(Kind::Word, row.term)), partition);
                last = row.term.to_vec();
                let term = String::from_utf8(row.term.to_vec()).unwrap();
                let entry = found.entry(term).or_insert((0, 0));
                *entry = (entry.0 + row.count, entry.1 + row.documents);
                rows.advance().unwrap();
            }
        }
    };
    for record in records {
        if counter.is_full() {
            collect(&mut counter);
        }
        counter.begin_record();
        tokens(record.as_bytes(), &mut counter);
    }
    collect(&mut counter);
    found
}

fn expected(records: &[String]) -> BTreeMap<String, (u64, u64)> {
    let mut counts = BTreeMap::new();
    for record in records {
        let words: Vec<String> = record
            .to_lowercase()
            .split(' ')
            .filter(|word| word.len() > 3 && !is_stop_word(word.as_bytes()))
            .map(str::to_owned)
            .collect();
        for word in &words {
            counts.entry(word.clone()).or_insert((0, 0)).0 += 1;
        }
        let distinct: std::collections::BTreeSet<_> = words.into_iter().collect();
        for word in distinct {
            counts.entry(word).or_insert((0, 0)).1 += 1;
        }
    }
    counts
}

proptest! {
    #[test]
    fn counts_equal_a_plain_map(
        records in prop::collection::vec("([a-cA-C]{1,6}|have|[xy]{15,18}| ){0,40}", 0..40),
        partitions in 1_u32..9,
    ) {
        prop_assert_eq!(count(&records, partitions, usize::MAX), expected(&records));
    }
}

#[test]
fn many_words_survive_growth_and_drains() {
    let words: Vec<String> = (0..60_000_u32)
        .map(|n| (0..4).map(|d| char::from(b'a' + (n / 26_u32.pow(d) % 26) as u8)).collect())
        .collect();
    let records: Vec<String> = words.chunks(7).map(|words| words.join(" ")).collect();
    assert_eq!(count(&records, 3, usize::MAX), expected(&records));
    assert_eq!(count(&records, 3, 1 << 18), expected(&records), "with many drains");
}

#[test]
fn a_term_that_is_too_long_to_store_is_counted_as_long() {
    let mut counter = TermCounter::new(0, usize::MAX);
    counter.begin_record();
    tokens("x".repeat(1025).as_bytes(), &mut counter);
    tokens("x".repeat(1024).as_bytes(), &mut counter);
    assert_eq!(counter.long_terms(), 1);
    assert_eq!(counter.drain(Partitions::new(1).unwrap())[0].len(), 1);
}
