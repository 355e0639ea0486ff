//! The etl stage over a store in memory: every line is read once, whatever the cuts, threads and
//! memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use trends::merge::merge;
use trends::record::Malformed;
use trends::window::{WindowTotal, WindowTotals};
use trends::{Kind, Partitions, Profile};

use super::report::EtlReport;
use super::shards::WindowSum;
use super::window_totals::{SharedWindows, ThreadWindows};
use super::*;
use crate::parallel::lock;
use crate::plan::Range;
use crate::records::{Record, RecordSink};
use crate::sorted::{Blocks, RowCursor};
use crate::testing::{Fixture, counts, post};
use crate::{Analysis, Spec};

/// Keeps the records in memory.
#[derive(Debug, Default)]
struct KeptRecords(Mutex<Vec<(u64, String)>>);

impl RecordSink for KeptRecords {
    fn store(&self, _: u32, records: &[Record]) -> Result<u64, Error> {
        let lines = records
            .iter()
            .map(|record| (record.offset, String::from_utf8(record.line.clone()).unwrap()));
        lock(&self.0).extend(lines);
        Ok(0)
    }
}

/// The term, count and documents of each row of a partition of a shard.
fn partial(context: &Context, shard: &Shard, partition: usize) -> Vec<(String, u64, u64)> {
    let attempt = shard.marker.attempt_key(&context.run, Stage::Etl, shard.index.into());
    let blocks = &shard.marker.report.partials[partition];
    counts(RowCursor::new(Blocks::stored(context, attempt, blocks)).unwrap())
}

#[test]
fn every_line_belongs_to_exactly_one_side_of_any_cut() {
    let fixture = Fixture::new();
    let text = "{\"text\":\"a\"}\n\n{\"text\":\"bc\"}\r\n{\"text\":\"d\"}";
    fixture.file("in.ndjson", text);
    let mut document = (*fixture.plan("run", &fixture.spec())).clone();
    let expected = [(0, "{\"text\":\"a\"}"), (14, "{\"text\":\"bc\"}\r"), (29, "{\"text\":\"d\"}")];
    let size = text.len() as u64;
    for cut in 1..size {
        let kept = Arc::new(KeptRecords::default());
        let mut read = 0;
        document.shards = vec![
            vec![Range { object: 0, start: 0, end: cut }],
            vec![Range { object: 0, start: cut, end: size }],
        ];
        let plan = Plan::new(document.clone()).unwrap();
        for shard in plan.shard_indexes() {
            let mut context = fixture.context(&format!("run-{cut}"), "attempt");
            context.records = Some(Arc::clone(&kept) as Arc<dyn RecordSink>);
            let attempt = Attempt::new(&context, &plan, Stage::Etl, shard);
            read +=
                scan::scan(&attempt, &plan.shards[shard.position()]).unwrap().report.records.read;
        }
        let mut lines = kept.0.lock().unwrap().clone();
        lines.sort();
        let lines: Vec<_> = lines.iter().map(|(offset, line)| (*offset, line.as_str())).collect();
        assert_eq!(lines, expected, "cut at {cut}");
        assert_eq!(read, 4, "cut at {cut}: the empty line is read once, too");
    }
}

#[test]
fn a_table_that_spills_gives_the_rows_of_one_that_does_not() {
    let fixture = Fixture::new();
    let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
    let word = |n: u32| (0..4).map(|d| letter(n / 26_u32.pow(d))).collect::<String>();
    let lines = (0..40_000).map(|n| post(&format!("{}zq frequent", word(n % 15_000))));
    fixture.file("in.ndjson", lines.collect::<String>());
    let spec = Spec { partitions: Partitions::new(3).unwrap(), ..fixture.spec() };
    let rows = |run: &str, threads, memory| {
        let plan = fixture.plan(run, &spec);
        let context = fixture.limited(run, threads, memory);
        let shard = etl(&context, &plan, plan.shard(0).unwrap()).unwrap();
        let rows: Vec<_> = (0..3).map(|partition| partial(&context, &shard, partition)).collect();
        (rows, context.progress.spilled.load(Ordering::Relaxed))
    };
    let (expected, spilled) = rows("memory", 1, 1 << 30);
    assert_eq!(spilled, 0);
    let whole = expected.concat();
    assert_eq!(whole.len(), 15_001);
    assert!(whole.contains(&("frequent".to_owned(), 40_000, 40_000)));
    for threads in [1, 3] {
        let (found, spilled) = rows(&format!("disk-{threads}"), threads, 1 << 16);
        assert!(spilled > 0, "{threads} threads spilled");
        assert_eq!(found, expected, "{threads} threads");
    }
}

#[test]
fn any_number_of_spills_is_kept_in_few_files_with_all_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let partitions = Partitions::new(2).unwrap();
    let (mut spills, mut expected) = (Vec::new(), BTreeMap::new());
    for number in 0..40_u64 {
        let mut counter = trends::count::TermCounter::new(1, 1 << 20);
        counter.begin_record();
        let text = format!("always {}", ["apple", "berry", "cherry"][number as usize % 3]);
        trends::seed::tokens(text.as_bytes(), &mut counter);
        text.split(' ').for_each(|word| *expected.entry(word.to_owned()).or_insert(0) += 1);
        spills::add(&mut spills, folder.path(), counter.drain(partitions)).unwrap();
        assert!(spills.len() <= 16, "an open file for each");
    }
    let mut found = BTreeMap::new();
    for partition in 0..2 {
        let runs = spills.iter().map(|spill| RowCursor::new(Blocks::Spilled(spill.run(partition))));
        merge(runs.collect::<Result<_, _>>().unwrap(), |row| {
            found.insert(String::from_utf8(row.term.to_vec()).unwrap(), row.count);
            Ok::<_, Error>(())
        })
        .unwrap();
    }
    assert_eq!(found, expected);
}

#[test]
fn rejects_come_in_the_order_of_objects_and_lines() {
    let fixture = Fixture::new();
    // Compressed objects are read after plain ones, so the order of reading differs.
    let bad = |name: &str| format!("{name}\n{}", post("fine")).repeat(50);
    let texts: [String; 3] = ["a", "b", "c"].map(bad);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(texts[0].as_bytes()).unwrap();
    fixture.file("a.gz", gzip.finish().unwrap());
    fixture.file("b", &texts[1]);
    fixture.file("c", &texts[2]);
    let plan = fixture.plan("run", &Spec { shards: Some(4), ..fixture.spec() });
    let mut context = fixture.limited("run", 2, 1 << 30);
    context.limits.keep_rejects = true;
    let shards: Vec<_> =
        plan.shard_indexes().map(|shard| etl(&context, &plan, shard).unwrap()).collect();
    assert!(shards.len() > 2, "{}", shards.len());
    let mut found = Vec::new();
    for_each_reject(&context, &plan, &shards, |reject| {
        found.push((
            reject.object.rsplit('/').next().unwrap().to_owned(),
            reject.offset,
            reject.line,
        ));
        Ok(())
    })
    .unwrap();
    let mut expected = Vec::new();
    for (object, text) in ["a.gz", "b", "c"].into_iter().zip(&texts) {
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            if !line.starts_with('{') {
                expected.push((object.to_owned(), offset, line.trim_end().to_owned()));
            }
            offset += line.len() as u64;
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn a_damaged_block_of_rejects_is_named() {
    let fixture = Fixture::new();
    fixture.file("in", "bad\n");
    let plan = fixture.plan("run", &fixture.spec());
    let context = fixture.context("run", "attempt");
    let attempt = Attempt::new(&context, &plan, Stage::Etl, 0_u32);
    let mut sink = crate::blocks::BlockSink::new(&attempt);
    let block = trends::format::seal(trends::format::BlockType::Bytes, b"{\"object\":").unwrap();
    let block = sink.put("rejects-000-00000".to_owned(), block).unwrap();
    sink.finish().unwrap();
    let report = EtlReport { rejects: vec![vec![block]], ..EtlReport::default() };
    let marker = attempt.mark(report).unwrap();
    let shards = [Shard { index: plan.shard(0).unwrap(), marker }];
    let error = for_each_reject(&context, &plan, &shards, |_| Ok(())).unwrap_err();
    assert_eq!(error.reason(), "StoreDamaged");
    assert!(error.to_string().contains("attempt/rejects-000-00000"), "{error}");
}

#[test]
fn lines_are_counted_by_outcome_and_a_byte_order_mark_is_part_of_no_line() {
    let fixture = Fixture::new();
    let long = "x".repeat(100);
    let text = format!("\u{feff}nonsense\n\n{}{{\"delete\":{{}}}}\n{long}\n", post("love"));
    fixture.file("in", &text);
    let plan = fixture.plan("run", &Spec { max_record_size: 50, ..fixture.spec() });
    let context = fixture.context("run", "attempt");
    let shard = etl(&context, &plan, plan.shard(0).unwrap()).unwrap();
    let EtlReport { records, samples, bytes, .. } = shard.marker.report;
    assert_eq!((records.read, records.counted, bytes), (5, 1, text.len() as u64));
    assert_eq!(records.empty.values().sum::<u64>(), 2, "{records:?}");
    let samples: Vec<_> =
        samples.iter().map(|s| (s.offset, s.reason.as_str(), s.line.len())).collect();
    let end = text.len() as u64 - 101;
    assert_eq!(samples, [(3, Malformed::Syntax.name(), 8), (end, Malformed::TooLong.name(), 100)]);
}

#[test]
fn the_samples_of_a_shard_are_its_first_malformed_lines_whichever_thread_found_them() {
    let report = |offsets: &[u64]| {
        let sample = |offset: &u64| Sample::new(0, *offset, Malformed::Syntax, 0, b"x");
        EtlReport { samples: offsets.iter().map(sample).collect(), ..EtlReport::default() }
    };
    let mut whole = EtlReport::default();
    for thread in [report(&[40, 50, 60, 70, 80]), report(&[10, 45, 90]), report(&[5, 100])] {
        whole.add(thread);
    }
    let offsets: Vec<_> = whole.samples.iter().map(|sample| sample.offset).collect();
    assert_eq!(offsets, [5, 10, 40, 45, 50]);
}

#[test]
fn an_excluded_author_counts_for_no_term_and_an_excluded_word_for_no_pair() {
    let fixture = Fixture::new();
    let by = |author: &str, text: &str| {
        format!("{{\"text\":\"{text}\",\"user\":{{\"id_str\":\"{author}\"}}}}\n")
    };
    fixture.file("in", [by("a", "Big apple pie"), by("b", "big apple")].concat());
    let analysis = Analysis {
        profile: Profile::Social,
        kinds: vec![Kind::Word, Kind::Phrase],
        exclude_authors: vec!["b".to_owned()],
        exclude_terms: vec!["pie".to_owned()],
        ..Analysis::default()
    };
    let plan = fixture.plan("run", &Spec { analysis, ..fixture.spec() });
    let context = fixture.context("run", "attempt");
    let shard = etl(&context, &plan, plan.shard(0).unwrap()).unwrap();
    let report = &shard.marker.report;
    assert_eq!((report.records.counted, report.excluded, report.pairs), (2, 1, 2));
    let terms: Vec<_> = partial(&context, &shard, 0).into_iter().map(|row| row.0).collect();
    assert_eq!(terms, ["apple", "big", " apple", "apple ", "big ", "big apple"]);
}

#[test]
fn a_plan_that_guesses_languages_by_another_method_stops_a_shard_for_good() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let found = |method: Option<&str>, run: &str| {
        let analysis = Analysis {
            profile: Profile::Social,
            detect_language: true,
            language_method: method.map(str::to_owned),
            ..Analysis::default()
        };
        let plan = fixture.plan(run, &Spec { analysis, ..fixture.spec() });
        etl(&fixture.context(run, "attempt"), &plan, plan.shard(0).unwrap())
    };
    assert!(found(Some(trends::social::LANGUAGE_METHOD), "same").is_ok());
    for (method, run, named) in [
        (None, "unnamed", "the method of an earlier release"),
        (Some("lid.176/0"), "other", "lid.176/0"),
    ] {
        let error = found(method, run).unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("InvalidInput", true));
        let expected = format!("guesses languages by {named}, this program by lid.176/1: run all");
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

#[test]
fn a_finished_shard_is_read_no_more() {
    let fixture = Fixture::new();
    let path = fixture.file("in", post("love"));
    let plan = fixture.plan("run", &fixture.spec());
    let shard = plan.shard(0).unwrap();
    let first = etl(&fixture.context("run", "first"), &plan, shard).unwrap();
    std::fs::remove_file(path).unwrap();
    let again = etl(&fixture.context("run", "second"), &plan, shard).unwrap();
    assert_eq!(again, first);
    assert_eq!(again.marker.attempt.as_str(), "first");
}

#[test]
fn a_run_without_some_shards_needs_only_the_others() {
    let fixture = Fixture::new();
    fixture.file("in", post("love").repeat(9));
    let plan = fixture.plan("run", &Spec { shards: Some(3), ..fixture.spec() });
    let context = fixture.context("run", "attempt");
    let first = etl(&context, &plan, plan.shard(0).unwrap()).unwrap();
    let error = all_finished(&context, &plan, &BTreeSet::new(), None).unwrap_err();
    assert!(error.to_string().contains("shards 1, 2"), "{error}");
    let found = all_finished(&context, &plan, &BTreeSet::from([1, 2]), None).unwrap();
    assert_eq!((found.len(), found[0].index), (1, first.index));
    assert_eq!(missing(&plan, &found), [1, 2]);
}

/// Fails as a defect would.
#[derive(Debug)]
struct PanickingRecords;

impl RecordSink for PanickingRecords {
    fn store(&self, _: u32, _: &[Record]) -> Result<u64, Error> {
        panic!("a defect of the sink")
    }
}

#[test]
fn a_panic_of_the_only_parsing_thread_ends_the_thread_that_decompresses() {
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let fixture = Fixture::new();
        // More blocks than the queue takes.
        let text = post(&"love ".repeat(100_000)).repeat(20);
        fixture.file("in.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
        let plan = fixture.plan("run", &fixture.spec());
        let mut context = fixture.context("run", "attempt");
        context.records = Some(Arc::new(PanickingRecords));
        let result = etl(&context, &plan, plan.shard(0).unwrap());
        sender.send(result.map(drop).unwrap_err().reason()).unwrap();
    });
    let reason = ended.recv_timeout(std::time::Duration::from_mins(1));
    assert_eq!(reason.expect("the stage ends"), "Panicked");
}

/// A text of about so many bytes, whose words are all different, and their number.
fn distinct_words(bytes: usize) -> (String, u64) {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    let word =
        |n: usize| (0..5).map(|d| letter(n / 26_usize.pow(d) + 5 * d as usize)).collect::<String>();
    let words = bytes / 6;
    ((0..words).map(|n| word(n) + " ").collect(), words as u64)
}

#[test]
fn a_record_above_the_longest_text_counts_in_part_whatever_the_threads_memory_and_cuts() {
    let fixture = Fixture::new();
    let (long, _) = distinct_words(3 * trends::record::MAX_TEXT_BYTES);
    let kept = (trends::record::MAX_TEXT_BYTES + 1) / 6;
    let text = [post(&long), post("afkpu love"), post(&long)].concat();
    fixture.file("a.ndjson", &text);
    fixture.file("b.ndjson.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let mut expected = None;
    for profile in [Profile::Seed, Profile::Social] {
        let kinds = match profile {
            Profile::Seed => vec![Kind::Word],
            Profile::Social => vec![Kind::Word, Kind::Phrase],
        };
        let analysis = Analysis { profile, kinds: kinds.clone(), ..Analysis::default() };
        let spec = Spec { analysis, ..fixture.spec() };
        for (threads, memory) in [(1, 1 << 30), (1, 1), (3, 1 << 20)] {
            let run = format!("run-{profile:?}-{threads}-{memory}");
            let plan = fixture.plan(&run, &spec);
            let context = fixture.limited(&run, threads, memory);
            let mut rows = BTreeMap::new();
            let mut cut = 0;
            for shard in plan.shard_indexes() {
                let shard = etl(&context, &plan, shard).unwrap();
                cut += shard.marker.report.cut_records;
                for (term, count, documents) in partial(&context, &shard, 0) {
                    let row = rows.entry(term).or_insert((0, 0));
                    *row = (row.0 + count, row.1 + documents);
                }
            }
            assert_eq!(cut, 4);
            assert_eq!((rows["afkpu"], rows["love"]), ((6, 6), (2, 2)), "{run}");
            let whole = expected.get_or_insert_with(BTreeMap::new);
            let before = whole.entry(kinds.clone()).or_insert_with(|| rows.clone());
            assert_eq!(*before, rows, "{run}");
            if profile == Profile::Seed {
                // "love" is a word besides those of the long records; a few of those are stop words.
                assert!((kept - 9..=kept + 1).contains(&rows.len()), "{}", rows.len());
            }
        }
    }
}

#[test]
fn the_windows_of_a_run_are_added_up_one_shard_after_the_other_up_to_their_limit() {
    let fixture = Fixture::new();
    // 4,097 windows in each of three shards, some of them the same.
    let record = |hour: usize| {
        format!("{{\"text\":\"love\",\"created_at\":{}}}\n", 1_700_000_000 + hour * 3_600)
    };
    let text: String =
        (0..3).flat_map(|n| (0..5_000).map(move |h| h + n * 2_000)).map(record).collect();
    fixture.file("in.ndjson", text);
    let analysis = Analysis { window: Some(3_600), ..Analysis::default() };
    let spec = Spec { analysis, shards: Some(3), ..fixture.spec() };
    let plan = fixture.plan("run", &spec);
    let context = fixture.limited("run", 2, 1 << 20);
    for shard in plan.shard_indexes() {
        etl(&context, &plan, shard).unwrap();
    }
    let partition = plan.partition(0).unwrap();
    let shards = all_finished(&context, &plan, &BTreeSet::new(), Some(partition)).unwrap();
    assert_eq!(shards.totals().len(), 9_000);
    assert_eq!(shards.totals().iter().map(|(_, total)| total.documents).sum::<u64>(), 15_000);
    assert!(shards.iter().all(|shard| shard.marker.report.totals.is_empty()));
    assert_eq!(shards.partials(partition).filter(|(_, blocks)| !blocks.is_empty()).count(), 3);
}

#[test]
fn more_windows_than_a_run_may_have_are_refused_as_soon_as_they_are_known() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let plan = fixture.plan("run", &fixture.spec());
    let is_refused = |result: Result<(), Error>| match result {
        Ok(()) => false,
        Err(error) => error.to_string().contains("more than 1000000 windows"),
    };
    // Within a shard: no thread adds up many more.
    let shared = SharedWindows::default();
    let mut thread = ThreadWindows::new(&shared);
    let refused = (0..1_100_000).find(|hour| is_refused(thread.add(&plan.analysis, *hour, true)));
    assert!(refused.is_some_and(|hour| (1_000_000..1_010_000).contains(&hour)), "{refused:?}");
    // Over several shards: the second is refused when it is added up.
    let report = |hours: std::ops::Range<i64>| {
        let total = WindowTotal { documents: 1, with_author: 0 };
        let totals = hours.map(|hour| (hour, total)).collect::<WindowTotals>();
        EtlReport { totals, ..EtlReport::default() }
    };
    let mut sum = WindowSum::default();
    let mut reports = [report(0..600_000), report(400_001..1_000_002)];
    let refused = reports.each_mut().map(|report| is_refused(sum.take(&plan, report)));
    assert_eq!(refused, [false, true]);
    assert!(reports.iter().all(|report| report.totals.is_empty()), "the sum has them");
}

#[test]
fn what_threads_hold_beside_the_memory_has_taken_its_room() {
    let fixture = Fixture::new();
    let (text, words) = distinct_words(200 << 10);
    let long = post(&"love ".repeat(500_000));
    fixture.file("long.ndjson", &long);
    let lines = post(&text).repeat(20);
    fixture.file("stream.zst", zstd::encode_all(lines.as_bytes(), 1).unwrap());
    let windows = 3_000;
    let record = |hour: usize| {
        format!("{{\"text\":\"love\",\"created_at\":{}}}\n", 1_700_000_000 + hour * 3_600)
    };
    fixture.file("times.ndjson", (0..windows).map(record).collect::<String>());
    let analysis = Analysis { window: Some(3_600), ..Analysis::default() };
    let spec = Spec { analysis, max_record_size: 16 << 20, ..fixture.spec() };
    let plan = fixture.plan("run", &spec);
    let context = fixture.limited("run", 1, 1);
    for shard in plan.shard_indexes() {
        etl(&context, &plan, shard).unwrap();
    }
    let rooms = &context.rooms;
    assert!(rooms.streams.taken() >= lines.len(), "{}", rooms.streams.taken());
    assert!(rooms.lines.taken() >= long.len(), "{}", rooms.lines.taken());
    // A word of the record is a row of its table: its bytes, a count and a number of documents.
    let rows = words as usize * (5 + 8 + 8);
    assert!(rooms.records.taken() >= 20 * rows, "{}", rooms.records.taken());
    // A window has a time and two counts in the JSON of a marker.
    assert!(rooms.markers.taken() >= windows * 30, "{}", rooms.markers.taken());
    let blocks = context.progress.blocks.load(Ordering::Relaxed) as usize;
    assert!(blocks > 0 && rooms.writes.taken() >= blocks * (512 << 10));
}
