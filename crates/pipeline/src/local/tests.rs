//! Whole runs over a store in memory: the result is the same however the work is divided.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use store::{AttemptId, PublishedResult, SourceName, exclusions};
use trends::exclusions::{Action, Change, Subject};
use trends::{Kind, Partitions, Profile};

use super::*;
use crate::Analysis;
use crate::testing::Fixture;

fn publish(context: &Context, spec: Option<&Spec>) -> Result<PublishedRun, Error> {
    run(context, spec, |_, _| Ok(()), || "2026-01-01T00:00:00Z".into())
}

/// Lines of many lengths, so that chunk borders fall everywhere.
fn lines(count: u32) -> String {
    let mut text = String::new();
    for n in 0..count {
        let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
        let word: String = (0..4).map(|d| letter(n / 26_u32.pow(d))).collect();
        let pad = " ".repeat((n * 7 % 90) as usize);
        writeln!(text, r#"{{"text":"love {word} {word}s{pad}peace"}}"#).unwrap();
    }
    text
}

/// A fixture with one input file.
fn fixture(text: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.file("posts.ndjson", text);
    fixture
}

#[test]
fn any_division_of_the_work_publishes_the_same_digest() {
    let mut digests = BTreeSet::new();
    for (shards, threads, partitions, chunk_size, memory) in [
        (None, 1, 8, 64 << 20, 1 << 30),
        (Some(7), 2, 3, 64 << 20, 1 << 30),
        (Some(64), 2, 1, 64 << 20, 1 << 30),
        (None, 3, 8, 1 << 10, 1 << 30),
        (None, 2, 5, 64 << 20, 1 << 16),
    ] {
        let fixture = fixture(lines(30_000).trim_end());
        let context = fixture.limited("run", threads, memory);
        let partitions = Partitions::new(partitions).unwrap();
        let spec = Spec { chunk_size, shards, partitions, ..fixture.spec() };
        let run = publish(&context, Some(&spec)).unwrap();
        assert!(shards.is_none_or(|shards| run.plan.shards.len() == shards as usize));
        assert_eq!(run.contents.records.counted, 30_000);
        if memory == 1 << 16 {
            assert!(context.progress.spilled.load(Ordering::Relaxed) > 0, "it spilled");
        }
        digests.insert(run.contents.digest);
    }
    assert_eq!(digests.len(), 1);
}

#[test]
fn a_published_result_can_be_read_by_rank_and_by_term() {
    let fixture = fixture(&lines(20_000));
    let context = fixture.limited("run", 2, 1 << 30);
    let run = publish(&context, Some(&fixture.spec())).unwrap();
    let open = PublishedResult::open(context.store.clone(), run.generation);
    let published = context.wait(open).unwrap();
    let all = context.wait(published.ranked(Kind::Word, 0, usize::MAX)).unwrap();
    assert_eq!(all.len() as u64, published.topics(Kind::Word));
    assert!(all.is_sorted_by(|a, b| {
        trends::cmp_rank((a.count, a.term.as_bytes()), (b.count, b.term.as_bytes())).is_lt()
    }));
    assert_eq!((all[0].term.as_str(), all[0].count, all[0].documents), ("love", 20_000, 20_000));
    assert_eq!(all[7..19], context.wait(published.ranked(Kind::Word, 7, 12)).unwrap());
    for topic in all.iter().step_by(97) {
        let found = context.wait(published.topic(Kind::Word, &topic.term)).unwrap();
        assert_eq!(found.as_ref(), Some(topic));
    }
    assert_eq!(context.wait(published.topic(Kind::Word, "nowhere")).unwrap(), None);
}

#[test]
fn a_resumed_run_skips_finished_shards_and_publishes_an_equal_result() {
    let fixture = fixture(&lines(5000));
    let spec = Spec { shards: Some(4), ..fixture.spec() };
    let whole = publish(&fixture.context("whole", "attempt"), Some(&spec)).unwrap();

    let context = fixture.context("stopped", "attempt");
    let plan = plan(&context, &spec).unwrap();
    let early = etl(&context, &plan, plan.shard(2).unwrap()).unwrap();
    let again = Context { attempt: AttemptId::new("second").unwrap(), ..context };
    let mut attempts = Vec::new();
    let counted = |_: &Plan, shards: &[Shard]| {
        attempts.extend(shards.iter().map(|shard| shard.marker.attempt.to_string()));
        Ok(())
    };
    let resumed = run(&again, None, counted, String::new).unwrap();
    assert_eq!(resumed.contents.digest, whole.contents.digest);
    assert_eq!(attempts, ["second", "second", early.marker.attempt.as_str(), "second"]);
}

#[test]
fn too_many_malformed_lines_publish_nothing_and_are_named() {
    let fixture = fixture("[\n {\"text\":\"love\"}\n]\n");
    let context = fixture.context("run", "attempt");
    let spec = Spec { max_malformed_percent: 5.0, ..fixture.spec() };
    let error = publish(&context, Some(&spec)).unwrap_err();
    let message = error.to_string();
    assert!(error.is_permanent());
    assert!(message.contains("2 of 3 lines") && message.contains("at byte 0: syntax"), "{message}");
    assert!(message.contains("jq -c '.[]'"), "{message}");
    assert_eq!(context.wait(context.store.sources()).unwrap(), []);
}

#[test]
fn a_stored_plan_has_the_hash_it_was_made_with() {
    let fixture = fixture(&lines(3));
    // An inexact parser reads the first number as its neighbour.
    for (run, percent) in [("a", 31.245_270_191_439_438), ("b", 100.0 / 30.0)] {
        let spec = Spec { max_malformed_percent: percent, ..fixture.spec() };
        let context = fixture.context(run, "attempt");
        let made = plan(&context, &spec).unwrap().hash().to_owned();
        assert_eq!(stored(&context, None).unwrap().hash(), made, "{percent}");
        assert_eq!(stored(&context, Some(&made)).unwrap().hash(), made);
        let other = stored(&context, Some("other")).unwrap_err();
        assert!(matches!(other, Error::PlanMismatch { .. }), "{other}");
    }
}

#[test]
fn excluded_authors_are_frozen_in_the_plan_and_only_there() {
    let post =
        |author: &str| format!("{{\"text\":\"love\",\"user\":{{\"id_str\":\"{author}\"}}}}\n");
    let fixture = fixture(&["a", "b", "c"].map(post).concat());
    let context = |run: &str| fixture.context(run, "attempt");
    let source = SourceName::new("sample").unwrap();
    let exclude = |author: &str| {
        let subjects = vec![Subject::Author { author: author.to_owned() }];
        let change = Change { action: Action::Exclude, subjects, reason: None };
        let append = exclusions::append(&*fixture.store, &source, &change, "now");
        context("any").wait(append).unwrap();
    };
    exclude("b");
    exclude("a");
    let analysis = Analysis {
        profile: Profile::Social,
        exclude_authors: vec!["b".into(), "x".into()],
        ..Analysis::default()
    };
    let social = Spec { analysis, ..fixture.spec() };
    let first = fixture.plan("one", &social);
    assert_eq!(first.analysis.exclude_authors, ["a", "b", "x"]);
    // Every later attempt follows that plan, whatever is excluded meanwhile.
    exclude("c");
    assert_eq!(fixture.plan("one", &social), first);
    let one = publish(&context("one"), Some(&social)).unwrap();
    assert_eq!((one.plan.hash(), one.contents.excluded), (first.hash(), 2));
    let two = publish(&context("two"), Some(&social)).unwrap();
    assert_eq!(two.contents.excluded, 3);
    let seed = publish(&context("three"), Some(&fixture.spec())).unwrap();
    assert_eq!((seed.plan.analysis.is_default(), seed.contents.excluded), (true, 0));
}
