//! The publish stage: a run is published once, in the order of the runs, and only for its own
//! shards.

use store::PublishedResult;

use super::*;
use crate::Spec;
use crate::aggregate::aggregate;
use crate::etl::etl;
use crate::testing::{Fixture, counted, post};

struct MergedRun {
    context: Context,
    plan: Plan,
    shards: CountedShards,
    partitions: Vec<Marker<AggregateReport>>,
}

/// A run whose partitions are merged from its first `shards` shards only.
fn merged(fixture: &Fixture, run: &str, shards: usize) -> MergedRun {
    let plan = fixture.plan(run, &Spec { shards: Some(3), ..fixture.spec() });
    let context = fixture.context(run, "first");
    let indexes = plan.shard_indexes().take(shards);
    let shards: Vec<_> = indexes.map(|shard| etl(&context, &plan, shard).unwrap()).collect();
    let shards = counted(&plan, shards);
    let indexes = plan.partition_indexes().unwrap();
    let partitions =
        indexes.map(|index| aggregate(&context, &plan, &shards, index).unwrap()).collect();
    MergedRun { context, plan, shards, partitions }
}

impl MergedRun {
    fn publish(&self) -> Result<(Generation, ResultContents), Error> {
        publish(&self.context, &self.plan, &self.shards, &self.partitions, "now")
    }
}

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.file("in", [post("love"), post("peace love"), post("truth")].concat());
    fixture
}

#[test]
fn a_run_is_published_once_however_often_it_is_tried() {
    let fixture = fixture();
    let mut run = merged(&fixture, "run", 3);
    let (first, contents) = run.publish().unwrap();
    assert_eq!((first.generation, contents.incomplete), (1, false));
    run.context = fixture.context("run", "second");
    let (again, same) = run.publish().unwrap();
    assert_eq!((again.generation, &same), (1, &contents));
    let open = PublishedResult::open(fixture.store.clone(), again);
    let published = run.context.wait(open).unwrap();
    let topics = run.context.wait(published.ranked(Kind::Word, 0, 9)).unwrap();
    let topics: Vec<_> = topics.iter().map(|topic| (topic.term.as_str(), topic.count)).collect();
    assert_eq!(topics, [("love", 2), ("peace", 1), ("truth", 1)]);
}

#[test]
fn an_earlier_run_is_not_published_over_a_later_one() {
    let fixture = fixture();
    let earlier = merged(&fixture, "earlier", 3);
    let later = merged(&fixture, "later", 3);
    assert!(earlier.plan.start < later.plan.start);
    assert_eq!(later.publish().unwrap().0.generation, 1);
    let error = earlier.publish().unwrap_err();
    assert!(matches!(error, Error::Superseded { generation: 1, .. }), "{error}");
    let newest = generations::newest(&*fixture.store, &later.plan.source, 0);
    let newest = later.context.wait(newest).unwrap().unwrap();
    assert_eq!((newest.generation, newest.run.as_str()), (1, "later"));
}

#[test]
fn partitions_of_other_shards_are_not_published() {
    let fixture = fixture();
    let complete = merged(&fixture, "complete", 3);
    let mut run = merged(&fixture, "run", 2);
    let shards = std::mem::replace(&mut run.shards, complete.shards);
    let error = run.publish().unwrap_err();
    assert_eq!((error.reason(), error.is_permanent()), ("PlanMismatch", true));
    assert!(error.to_string().contains("without the shards [2]"), "{error}");
    assert!(error.to_string().ends_with("started without []"), "{error}");
    run.shards = shards;
    assert!(run.publish().unwrap().1.incomplete);
}

#[test]
fn missing_blocks_of_an_overtaken_run_mean_superseded() {
    let fixture = fixture();
    let earlier = merged(&fixture, "earlier", 3);
    merged(&fixture, "later", 3).publish().unwrap();
    let (store, run) = (&fixture.store, &earlier.context.run);
    earlier.context.wait(store.remove_blocks(run, Stage::Aggregate)).unwrap();
    let error = earlier.publish().unwrap_err();
    assert!(matches!(error, Error::Superseded { .. }), "{error}");
}
