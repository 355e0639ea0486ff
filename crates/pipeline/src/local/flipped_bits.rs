//! Every stored value with one flipped bit, in the middle of a run and after it: the run or the
//! reader fails and names the value, or the result is the right one.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use store::{ObjectStore, SourceName, View, exclusions, generations};
use trends::exclusions::{Action, Change, Subject};
use trends::{Kind, Partitions, Topic};

use super::*;
use crate::plan::Spec;
use crate::testing::{Fixture, post};

/// The most flipped bits of a value, evenly spread: all bits take too long.
const SAMPLES: usize = 64;

/// A fixture over a store whose bytes can be changed.
fn fixture(objects: &Arc<InMemory>) -> Fixture {
    let mut fixture = Fixture::new();
    let store = ObjectStore::over(Arc::clone(objects) as Arc<_>, "memory");
    fixture.store = Arc::new(fixture.runtime.block_on(store).unwrap());
    fixture
}

/// All values but the format of the store, by their path.
fn values(fixture: &Fixture, objects: &InMemory) -> Vec<(ObjectPath, Vec<u8>)> {
    use futures::TryStreamExt as _;
    fixture.runtime.block_on(async {
        let found: Vec<_> = objects.list(None).try_collect().await.unwrap();
        let mut values = Vec::new();
        for found in found.into_iter().filter(|found| found.location.as_ref() != "format") {
            let bytes = objects.get(&found.location).await.unwrap().bytes().await.unwrap();
            values.push((found.location, bytes.to_vec()));
        }
        values
    })
}

/// Flips bits of each value in turn in a copy of `objects`, and runs `act` over the copy: it
/// returns what it returns without a flipped bit, or an error that names the value. Returns the
/// paths of the values whose damage was noticed.
fn flip_each<T: PartialEq + std::fmt::Debug>(
    objects: &InMemory,
    act: impl Fn(&Fixture) -> Result<T, Error>,
) -> BTreeSet<String> {
    let right = act(&fixture(&Arc::new(objects.fork()))).unwrap();
    let mut noticed = BTreeSet::new();
    for (path, bytes) in values(&fixture(&Arc::new(objects.fork())), objects) {
        // An odd step, so that each bit of a byte has its turn.
        let step = (bytes.len() * 8 / SAMPLES) | 1;
        for bit in (0..bytes.len() * 8).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let copy = Arc::new(objects.fork());
            let fixture = fixture(&copy);
            fixture.runtime.block_on(copy.put(&path, flipped.into())).unwrap();
            match act(&fixture) {
                Ok(result) => assert_eq!(result, right, "{path}, bit {bit}: another result"),
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.contains(path.as_ref()), "{path}, bit {bit}: {message}");
                    noticed.insert(path.to_string());
                }
            }
        }
    }
    noticed
}

/// Input of some terms and an empty record, in two shards and two partitions.
fn planned(fixture: &Fixture) -> (Context, Spec) {
    let posts = ["love and peace", "love", "", "nothing but love", "peace at last"].map(post);
    fixture.file("posts.ndjson", posts.concat());
    let partitions = Partitions::new(2).unwrap();
    let spec = Spec { shards: Some(2), partitions, chunk_size: 40, ..fixture.spec() };
    (fixture.context("run", "early"), spec)
}

fn publish(context: &Context, spec: Option<&Spec>) -> Result<ResultContents, Error> {
    run(context, spec, |_, _| Ok(()), || "now".into()).map(|run| run.contents)
}

/// The visible topics, and the history of the source.
fn shown(fixture: &Fixture) -> Result<(Vec<Topic>, Vec<Generation>), Error> {
    let source = SourceName::new("sample").map_err(store::StoreError::from)?;
    fixture.runtime.block_on(async {
        let view = View::newest(&fixture.store, &source, None).await?;
        let topics = match view {
            Some(view) => view.ranked(Kind::Word, 0, usize::MAX).await?,
            None => Vec::new(),
        };
        Ok((topics, generations::history(&*fixture.store, &source, 9).await?))
    })
}

#[test]
fn a_bit_that_flips_in_the_middle_of_a_run_never_changes_its_result() {
    let objects = Arc::new(InMemory::new());
    let fixture = fixture(&objects);
    let (context, spec) = planned(&fixture);
    let plan = plan(&context, &spec).unwrap();
    for shard in plan.shard_indexes() {
        etl(&context, &plan, shard).unwrap();
    }
    let noticed = flip_each(&objects, |fixture| {
        let contents = publish(&fixture.context("run", "late"), None)?;
        Ok((contents, shown(fixture)?.0))
    });
    let of = |part: &str| noticed.iter().filter(|path| path.contains(part)).count();
    assert_eq!([of("/plan"), of("/markers/"), of("/blocks/")], [1, 2, 4], "{noticed:?}");
}

#[test]
fn a_bit_that_flips_in_a_published_result_never_changes_an_answer() {
    let objects = Arc::new(InMemory::new());
    let fixture = fixture(&objects);
    let (context, spec) = planned(&fixture);
    let first = publish(&context, Some(&spec)).unwrap();
    let second = publish(&fixture.context("again", "early"), Some(&spec)).unwrap();
    assert_eq!(first.digest, second.digest);
    let source = SourceName::new("sample").unwrap();
    let excluded = Subject::Term { term: "peace".to_owned(), kind: None };
    let change = Change { action: Action::Exclude, subjects: vec![excluded], reason: None };
    let exclude = exclusions::append(&*fixture.store, &source, &change, "now");
    fixture.runtime.block_on(exclude).unwrap();
    assert_eq!(shown(&fixture).unwrap().1.len(), 2);
    let noticed = flip_each(&objects, shown);
    let of = |part: &str| noticed.iter().filter(|path| path.contains(part)).count();
    let parts = ["generations/", "exclusions/", "/markers/publish/"];
    assert_eq!(parts.map(of), [2, 1, 1], "{noticed:?}");
}
