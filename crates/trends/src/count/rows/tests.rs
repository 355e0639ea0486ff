//! The counter against a plain map of details.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::detail::{Detail, Example};
use crate::merge::{Cursor, merge};
use crate::row::RowSum;
use crate::{Bucket, Row};

/// A record: its origin, and its terms with their forms.
#[derive(Debug, Clone)]
struct Record {
    bucket: i64,
    has_detail: bool,
    author: Option<String>,
    id: Option<String>,
    line: (u32, u64),
    terms: Vec<(Kind, String, Option<String>)>,
}

/// The merged rows of the records, with a drain whenever the counter is full.
fn count(records: &[Record], partitions: u32, budget: usize) -> Vec<Row> {
    let partitions = Partitions::new(partitions).unwrap();
    let mut counter = RowCounter::new(7, budget);
    let mut parts = Vec::new();
    for record in records {
        if counter.is_full(0) {
            parts.extend(counter.drain(partitions));
        }
        let Record { bucket, has_detail, author, id, line, terms } = record;
        let author = author.as_ref().map(String::as_bytes);
        counter.begin_record(&if *has_detail {
            RecordOrigin::new(Bucket(*bucket), author, id.as_deref(), *line)
        } else {
            RecordOrigin::of_bucket(Bucket(*bucket))
        });
        for (kind, term, form) in terms {
            match kind {
                // These tests count phrases without window and detail.
                Kind::Phrase => counter.add_plain(*kind, term.as_bytes()),
                _ => counter.add(*kind, term.as_bytes(), form.as_deref()),
            }
        }
    }
    parts.extend(counter.drain(partitions));
    let mut rows = Vec::new();
    merge(parts.into_iter().map(Ascending::new).collect(), |row| {
        rows.push(row.to_row());
        Ok(())
    })
    .unwrap();
    rows
}

/// Sorted rows that panic if they do not ascend.
struct Ascending {
    rows: SortedRows,
    last: Option<Row>,
}

impl Ascending {
    fn new(rows: SortedRows) -> Self {
        Self { rows, last: None }
    }
}

impl Cursor for Ascending {
    type Error = crate::detail::DetailError;

    fn row(&self) -> Option<crate::RowRef<'_>> {
        self.rows.row()
    }

    fn advance(&mut self) -> Result<(), Self::Error> {
        let row = self.rows.row().map(|row| row.to_row());
        if let (Some(last), Some(row)) = (&self.last, &row) {
            assert!(last.as_ref().cmp_key(&row.as_ref()).is_lt());
        }
        self.last = row;
        let Ok(()) = self.rows.advance();
        Ok(())
    }
}

fn expected(records: &[Record]) -> Vec<Row> {
    let mut rows = BTreeMap::new();
    for record in records {
        let mut keys = BTreeSet::new();
        for (kind, term, form) in &record.terms {
            let is_plain = *kind == Kind::Phrase;
            let bucket = if is_plain { Bucket::WHOLE } else { Bucket(record.bucket) };
            let key = (*kind, term.clone(), bucket);
            let (count, documents, detail) =
                rows.entry(key.clone()).or_insert_with(|| (0, 0, Detail::default()));
            *count += 1;
            if let Some(form) = form.as_ref().filter(|form| *form != term && !is_plain) {
                detail.forms.add(form, 1);
            }
            if !keys.insert(key) {
                continue;
            }
            *documents += 1;
            if record.has_detail && !is_plain {
                let id = record.id.as_deref().and_then(Example::of_id);
                let (object, offset) = record.line;
                let line = || Example::of_line(object.into(), offset);
                detail.examples.insert(&id.unwrap_or_else(line));
                if let Some(author) = &record.author {
                    detail.authors.insert(xxhash_rust::xxh3::xxh3_64(author.as_bytes()));
                }
            }
        }
    }
    let row = |((kind, term, bucket), (count, documents, detail)): (_, (u64, u64, Detail))| {
        let mut bytes = Vec::new();
        detail.encode(&mut bytes);
        let term: String = term;
        Row { kind, term: term.into_bytes(), bucket, count, documents, detail: bytes }
    };
    rows.into_iter().map(row).collect()
}

fn term() -> impl Strategy<Value = (Kind, String, Option<String>)> {
    let kind = prop::sample::select(vec![Kind::Word, Kind::Hashtag, Kind::Phrase]);
    let term = "[ab]{1,2}|[ab]{15,18}|é[ab]?|a\0?|";
    let form = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(1)),
        any::<u16>().prop_map(Some),
        Just(Some(u16::MAX)),
    ];
    (kind, term, form, "é?[aA]{0,2}").prop_map(|(kind, term, case, other)| {
        let form = case.map(|case| {
            if case == u16::MAX {
                return other;
            }
            let upper = |(at, letter): (usize, char)| {
                if case >> (at % 16) & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
            };
            term.chars().enumerate().map(upper).collect()
        });
        (kind, term, form)
    })
}

fn record() -> impl Strategy<Value = Record> {
    (
        0_i64..3,
        prop::bool::weighted(0.9),
        prop::option::of("[a-e]"),
        prop::option::of("[0-9]{1,2}|id[0-9]|0|00|"),
        (0_u32..2, 0_u64..9),
        prop::collection::vec(term(), 0..12),
    )
        .prop_map(|(bucket, has_detail, author, id, line, terms)| Record {
            bucket,
            has_detail,
            author,
            id,
            line,
            terms,
        })
}

proptest! {
    #[test]
    fn rows_equal_those_of_a_plain_map(
        records in prop::collection::vec(record(), 0..80),
        partitions in 1_u32..4,
    ) {
        prop_assert_eq!(count(&records, partitions, usize::MAX), expected(&records));
    }
}

#[test]
fn a_long_term_without_forms_has_one_row_in_each_window() {
    let term = "two quite long words together".to_owned();
    let record = |bucket| Record {
        bucket,
        has_detail: true,
        author: None,
        id: None,
        line: (0, 0),
        terms: vec![(Kind::Phrase, term.clone(), None), (Kind::Word, term.clone(), None)],
    };
    let records: Vec<_> = [3, 3, 4, 5].map(record).into();
    assert_eq!(count(&records, 1, usize::MAX), expected(&records));
}

/// A record with two terms and an author of its own for each number.
fn many(numbers: std::ops::Range<u32>, terms: u32) -> Vec<Record> {
    let record = |number: u32| Record {
        bucket: 0,
        has_detail: true,
        author: Some(format!("author {number}")),
        id: (!number.is_multiple_of(3))
            .then(|| format!("{}{number}", ["", "", "id "][number as usize % 3])),
        line: (1, number.into()),
        terms: vec![
            (Kind::Word, "all".to_owned(), None),
            (Kind::Word, format!("w{}", number % terms), Some(format!("W{}", number % terms))),
        ],
    };
    numbers.map(record).collect()
}

#[test]
fn sets_of_authors_of_any_size_equal_those_of_a_detail() {
    for size in [5, 6, 7, 12, 13, 32, 33, 48, 192, 193, 384, 385, 386, 1_500, 5_000] {
        assert_eq!(count(&many(0..size, 3), 1, usize::MAX), expected(&many(0..size, 3)), "{size}");
    }
}

#[test]
fn rows_survive_growth_and_drains() {
    let records = many(0..30_000, 9_001);
    assert_eq!(count(&records, 3, usize::MAX), expected(&records));
    assert_eq!(count(&records, 3, MIN_BUDGET), expected(&records), "with many drains");
}

#[test]
fn forms_beyond_the_limit_are_counted_like_in_a_detail() {
    let form = |case: u16| {
        let upper = |at: u16| if case >> at & 1 == 1 { 'A' } else { 'a' };
        (0..10).map(upper).collect::<String>()
    };
    for forms in [255, 256, 257, 1_024] {
        let terms = (0..forms).map(|case| (Kind::Word, form(0), Some(form(case)))).collect();
        let (author, id) = (None, None);
        let records = [Record { bucket: 0, has_detail: true, author, id, line: (0, 0), terms }];
        assert_eq!(count(&records, 1, usize::MAX), expected(&records), "{forms}");
    }
}

#[test]
fn packed_and_plain_terms_have_the_same_rows() {
    let partitions = Partitions::new(1).unwrap();
    let count = |packed: bool| {
        let mut counter = RowCounter::new(1, usize::MAX);
        for (term, form) in [("word", "Word"), ("word", "word"), ("w0rd", "W0RD")] {
            counter.begin_record(&RecordOrigin::new(Bucket::WHOLE, None, None, (0, 0)));
            if packed {
                let number = |text: &str| crate::packed::packed(text.as_bytes()).unwrap();
                counter.add_packed(Kind::Word, number(term), number(form), 4);
            } else {
                counter.add(Kind::Word, term.as_bytes(), Some(form));
            }
        }
        let mut rows = Vec::new();
        let mut sorted = counter.drain(partitions).remove(0);
        while let Some(row) = sorted.row() {
            rows.push(RowSum::of(&row).finish().to_row());
            sorted.advance().unwrap();
        }
        rows
    };
    assert_eq!(count(true), count(false));
}

#[test]
fn a_term_that_is_too_long_to_store_is_counted_as_long() {
    let mut counter = RowCounter::new(0, usize::MAX);
    counter.begin_record(&RecordOrigin::of_bucket(Bucket::WHOLE));
    counter.add(Kind::Hashtag, "x".repeat(1025).as_bytes(), None);
    counter.add(Kind::Hashtag, "x".repeat(1024).as_bytes(), None);
    assert_eq!(counter.long_terms(), 1);
    assert_eq!(counter.drain(Partitions::new(1).unwrap())[0].len(), 1);
}

#[test]
fn memory_stays_within_the_budget_and_uses_most_of_it() {
    let partitions = Partitions::new(4).unwrap();
    let budget = 4 << 20;
    let mut counter = RowCounter::new(0, budget);
    let mut most = 0;
    for record in many(0..100_000, 50_000) {
        if counter.is_full(0) {
            counter.drain(partitions);
        }
        counter.begin_record(&RecordOrigin::new(
            Bucket(record.line.1 as i64 % 7),
            record.author.as_ref().map(String::as_bytes),
            record.id.as_deref(),
            record.line,
        ));
        for (kind, term, form) in &record.terms {
            counter.add(*kind, term.as_bytes(), form.as_deref());
        }
        most = most.max(counter.bytes());
    }
    assert!(most <= budget + budget / 8, "{most} bytes of {budget}");
    assert!(most >= budget / 2, "a drain of {most} bytes where {budget} are allowed");
}
