//! A checked store: whole, damaged at each value in turn, and with data that nothing refers to.

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use store::document::AttemptKey;
use store::{AttemptId, Insertion, ObjectStore, exclusions};
use trends::exclusions::{Action, Change, Subject};

use super::*;
use crate::testing::{Fixture, post};

#[derive(Debug, Default)]
struct Found(Vec<Finding>, CheckCounts);

impl CheckWatcher for Found {
    fn found(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn read(&mut self, counts: &CheckCounts) {
        self.1 = *counts;
    }
}

/// A store with a published run, and an exclusion.
struct Scene {
    fixture: Fixture,
    objects: Arc<InMemory>,
}

impl Scene {
    fn new() -> Self {
        let objects = Arc::new(InMemory::new());
        let mut fixture = Fixture::new();
        let store = ObjectStore::over(Arc::clone(&objects) as Arc<_>, "memory");
        fixture.store = Arc::new(fixture.runtime.block_on(store).unwrap());
        fixture.file("posts.ndjson", ["love and peace", "love"].map(post).concat());
        let context = fixture.context("run", "attempt");
        crate::local::run(&context, Some(&fixture.spec()), |_, _| Ok(()), || "now".into()).unwrap();
        let source = SourceName::new("sample").unwrap();
        let excluded = Subject::Term { term: "peace".to_owned(), kind: None };
        let change = Change { action: Action::Exclude, subjects: vec![excluded], reason: None };
        let append = exclusions::append(&*fixture.store, &source, &change, "now");
        fixture.runtime.block_on(append).unwrap();
        Self { fixture, objects }
    }

    fn check(&self) -> (Vec<Finding>, CheckCounts) {
        let mut found = Found::default();
        let check = check_store(&*self.fixture.store, &mut found);
        let counts = self.fixture.runtime.block_on(check).unwrap();
        (found.0, counts)
    }

    fn paths(&self) -> Vec<ObjectPath> {
        let listed = self.objects.list(None).map_ok(|found| found.location).try_collect::<Vec<_>>();
        let mut paths = self.fixture.runtime.block_on(listed).unwrap();
        paths.retain(|path| path.as_ref() != "format");
        paths
    }

    fn read(&self, path: &ObjectPath) -> Vec<u8> {
        let read = async { self.objects.get(path).await.unwrap().bytes().await.unwrap() };
        self.fixture.runtime.block_on(read).to_vec()
    }

    fn write(&self, path: &ObjectPath, bytes: Vec<u8>) {
        self.fixture.runtime.block_on(self.objects.put(path, bytes.into())).unwrap();
    }

    fn remove(&self, path: &ObjectPath) {
        self.fixture.runtime.block_on(self.objects.delete(path)).unwrap();
    }
}

#[test]
fn a_whole_store_has_no_findings() {
    let scene = Scene::new();
    let (findings, counts) = scene.check();
    assert_eq!(findings, []);
    let blocks = scene.paths().iter().filter(|path| path.as_ref().contains("/blocks/")).count();
    let partials =
        scene.paths().iter().filter(|path| path.as_ref().contains("/blocks/etl/")).count();
    assert_eq!((counts.runs, counts.documents, counts.entries), (1, 4, 3));
    assert_eq!(counts.blocks as usize, blocks - partials);
}

#[test]
fn a_flipped_bit_of_any_value_is_found_and_named() {
    let scene = Scene::new();
    // Nothing needs the partials of a published run.
    for path in scene.paths().iter().filter(|path| !path.as_ref().contains("/blocks/etl/")) {
        let right = scene.read(path);
        for bit in (0..right.len() * 8).step_by((right.len() * 8 / 24) | 1) {
            let mut flipped = right.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            scene.write(path, flipped);
            let (findings, _) = scene.check();
            let is_named = |finding: &Finding| {
                finding.fault == Fault::Damaged && finding.message.contains(path.as_ref())
            };
            assert!(findings.iter().any(is_named), "{path}, bit {bit}: {findings:?}");
        }
        scene.write(path, right);
    }
    assert_eq!(scene.check().0, []);
}

#[test]
fn a_missing_block_entry_or_result_is_found_and_named() {
    let scene = Scene::new();
    let source = SourceName::new("sample").unwrap();
    let start = Key::start(&source, 2);
    let inserted = scene.fixture.store.insert(&start, "{\"run\":\"x\"}".into());
    assert_eq!(scene.fixture.runtime.block_on(inserted).unwrap(), Insertion::Inserted);
    for (part, named) in [
        ("/blocks/aggregate/", "runs/run/blocks/aggregate"),
        ("/blocks/publish/", "runs/run/blocks/publish"),
        ("starts/sample/00000000000000000001", "starts/sample/00000000000000000001"),
        ("/markers/publish/", "names run run"),
    ] {
        let paths = scene.paths();
        let path = paths.iter().find(|path| path.as_ref().contains(part)).unwrap();
        let bytes = scene.read(path);
        scene.remove(path);
        let (findings, _) = scene.check();
        let is_named =
            |finding: &Finding| finding.fault == Fault::Missing && finding.message.contains(named);
        assert!(findings.iter().any(is_named), "{path}: {findings:?}");
        scene.write(path, bytes);
    }
    assert_eq!(scene.check().0, []);
}

#[test]
fn a_finished_run_that_no_entry_names_is_found() {
    let scene = Scene::new();
    let paths = scene.paths();
    let entry = paths.iter().find(|path| path.as_ref().starts_with("generations/")).unwrap();
    scene.remove(entry);
    let (findings, _) = scene.check();
    let [Finding { fault: Fault::Unreferenced, message }] = findings.as_slice() else {
        panic!("{findings:?}");
    };
    assert!(message.contains("run run is finished, but no entry of the log of sample"));
}

#[test]
fn what_nothing_refers_to_is_told_apart_from_damage() {
    let scene = Scene::new();
    let attempt = |run: &str, attempt: &str| AttemptKey {
        run: RunId::new(run).unwrap(),
        stage: Stage::Aggregate,
        index: 0,
        attempt: AttemptId::new(attempt).unwrap(),
    };
    let slower = attempt("run", "slower");
    let late = attempt("removed", "late");
    for block in [slower.block("a"), slower.block("b"), late.block("a")] {
        let put = scene.fixture.store.put_block(&block, "x".into());
        scene.fixture.runtime.block_on(put).unwrap();
    }
    scene.write(&ObjectPath::from("runs/notes.txt"), b"by hand".to_vec());
    let record = Key::run(&RunId::new("begun").unwrap());
    let begun = scene.fixture.store.insert(&record, r#"{"source":"sample"}"#.into());
    scene.fixture.runtime.block_on(begun).unwrap();
    let (findings, _) = scene.check();
    assert!(findings.iter().all(|finding| finding.fault == Fault::Unreferenced), "{findings:?}");
    for named in
        ["2 blocks of attempt slower", "run removed has data", "notes.txt", "run begun has"]
    {
        let found = findings.iter().filter(|finding| finding.message.contains(named)).count();
        assert_eq!(found, 1, "{named}: {findings:?}");
    }
}

#[test]
fn a_store_that_can_not_be_read_ends_the_check() {
    let mut found = Found::default();
    let fixture = Fixture::new();
    let mut check = Check::new(&*fixture.store, &mut found);
    let failed = || {
        let source = std::io::Error::other("no such host").into();
        Err::<(), _>(StoreError::Unavailable { doing: "reading", key: "k".to_owned(), source })
    };
    for _ in 0..MAX_FAILED {
        assert!(check.judged(failed()).unwrap().is_none());
    }
    assert!(check.judged(failed()).is_err());
    assert!(check.judged(Ok(())).unwrap().is_some());
    assert!(check.judged(failed()).unwrap().is_none(), "one value may be out of reach");
    assert!(found.0[0].message.ends_with("no such host"), "{found:?}");
}
