//! Runs that are killed at any moment: the published result stays, and a repetition or a resumption
//! of the run publishes the same digest.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::sync::OnceLock;

use crate::command::{Workspace, until};
use crate::inputs::{awkward, statuses};
use crate::oracle::{Counts, Preset};
use crate::outcome::{Outcome, Published};

const SHAPE: [&str; 4] = ["--shards", "16", "--partitions", "8"];

/// The input of the run, and its result when it is not killed.
struct Calm {
    input: Vec<u8>,
    counts: Counts,
    digest: String,
    /// Number of files that it leaves in its store.
    files: usize,
}

fn calm() -> &'static Calm {
    static CALM: OnceLock<Calm> = OnceLock::new();
    CALM.get_or_init(|| {
        let input = awkward(12_000, 500);
        let workspace = Workspace::new();
        let file = workspace.write("in.ndjson", &input);
        let published = workspace.publish(&[&SHAPE[..], &[file.as_str()]].concat());
        let counts = Counts::of(Preset::Twitter, &[&input]);
        workspace.assert_counts(&published, &counts);
        Calm { input, counts, digest: published.digest, files: workspace.files() }
    })
}

/// A store with an earlier result, and the run that is killed.
struct Scene {
    workspace: Workspace,
    file: String,
    calm: &'static Calm,
}

impl Scene {
    fn new() -> Self {
        let workspace = Workspace::new();
        workspace.publish(&[&workspace.write("before.ndjson", statuses(["earlier result"]))]);
        let file = workspace.write("in.ndjson", &calm().input);
        Self { workspace, file, calm: calm() }
    }

    fn args(&self) -> Vec<&str> {
        [&SHAPE[..], &[self.file.as_str()]].concat()
    }

    /// Starts the run and kills it when it has stored a number of files. Returns true if it was
    /// still running.
    fn kill_after(&self, files: usize) -> bool {
        let before = self.workspace.files();
        let mut run = self.workspace.start_run(&self.args());
        until("the run has stored enough or ended", || {
            let stored = self.workspace.files();
            let ended = run.child.try_wait().unwrap().is_some();
            (ended || stored >= before + files).then_some(())
        });
        run.kill()
    }

    /// Asserts that the earlier result or the run's own is shown as a whole. Returns true if it is
    /// the earlier one.
    #[track_caller]
    fn shows_the_earlier(&self, earlier: &[(String, u64)]) -> bool {
        let rows: Vec<_> =
            self.workspace.rows().into_iter().map(|row| (row.term, row.count)).collect();
        let new: Vec<_> =
            self.calm.counts.ranking().into_iter().map(|(term, n, _)| (term, n)).collect();
        assert!(rows == earlier || rows == new, "a partial result is shown");
        rows == earlier
    }
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_earlier_result_and_can_be_repeated() {
    let moments = 12;
    let (mut killed, mut kept) = (0, 0);
    for moment in 0..moments {
        let scene = Scene::new();
        let earlier: Vec<_> =
            scene.workspace.rows().into_iter().map(|row| (row.term, row.count)).collect();
        killed += usize::from(scene.kill_after(scene.calm.files * moment / moments));
        kept += usize::from(scene.shows_the_earlier(&earlier));
        let again = scene.workspace.publish(&scene.args());
        assert_eq!(again.digest, scene.calm.digest, "after a kill at moment {moment}");
        scene.workspace.assert_counts(&again, &scene.calm.counts);
    }
    assert!(killed > 0 && kept > 0, "some kill must hit a run at work: {killed} did, {kept} kept");
}

#[test]
fn a_run_that_is_killed_repeatedly_finishes_at_last() {
    let scene = Scene::new();
    let earlier: Vec<_> =
        scene.workspace.rows().into_iter().map(|row| (row.term, row.count)).collect();
    for moment in [0, 1, 3, 9, 20, 40, 60] {
        scene.kill_after(moment.min(scene.calm.files));
        scene.shows_the_earlier(&earlier);
    }
    let again = scene.workspace.publish(&scene.args());
    assert_eq!(again.digest, scene.calm.digest);
    scene.workspace.assert_counts(&again, &scene.calm.counts);
    // The blocks of the killed runs are removed: only about two published runs are left. A run that
    // was killed before its first file leaves a folder without files.
    let folders = fs::read_dir(scene.workspace.path("store/runs")).unwrap();
    let runs =
        folders.filter(|folder| folder.as_ref().unwrap().path().join("run").exists()).count();
    assert!(runs as u64 <= again.generation, "{runs} runs are kept of {}", again.generation);
}

fn run_ids(workspace: &Workspace) -> BTreeSet<String> {
    let runs = fs::read_dir(workspace.path("store/runs")).into_iter().flatten().flatten();
    runs.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Resumes a run. The command line names no source and no input: the stored plan holds them.
fn resume(workspace: &Workspace, run: &str) -> Outcome {
    workspace.trendjob(&["run", "--resume", run, "--store", &workspace.store(), "--output", "json"])
}

#[test]
fn a_killed_run_is_resumed_by_its_markers() {
    let mut resumed = 0;
    for share in [2, 4, 6, 8] {
        let scene = Scene::new();
        let before = run_ids(&scene.workspace);
        if !scene.kill_after(scene.calm.files * share / 10) {
            continue;
        }
        let new: Vec<String> = run_ids(&scene.workspace).difference(&before).cloned().collect();
        let [run] = new.as_slice() else { panic!("one run was begun: {new:?}") };
        let again = Published::of(&resume(&scene.workspace, run));
        assert_eq!(again.digest, scene.calm.digest);
        assert_eq!(again.run, *run);
        scene.workspace.assert_counts(&again, &scene.calm.counts);
        resumed += 1;
    }
    assert!(resumed > 0, "no run was killed at work");
}

#[test]
fn a_missing_or_finished_run_is_not_resumed_into_another_result() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love"]));
    let first = workspace.publish(&[&file]);
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let before = workspace.stored();
    resume(&workspace, unknown).refused(42).mentions(&[unknown]);
    assert_eq!(workspace.stored(), before, "it leaves nothing behind");
    let again = resume(&workspace, &first.run);
    if again.code == Some(0) {
        let again = Published::of(&again);
        assert_eq!((again.generation, again.digest), (first.generation, first.digest));
    } else {
        again.refused(42).mentions(&[&first.run]);
    }
}

#[test]
fn a_resumed_run_keeps_its_input_and_its_cut() {
    // A run may be over before it can be killed.
    let mut scenes = [2, 1, 4, 3].map(|share| (Scene::new(), share)).into_iter();
    let killed = scenes.find_map(|(scene, share)| {
        let before = run_ids(&scene.workspace);
        scene.kill_after(scene.calm.files * share / 8).then_some((scene, before))
    });
    let (scene, before) = killed.expect("no run was killed at work");
    let run = run_ids(&scene.workspace).difference(&before).next().cloned().unwrap();
    let other = scene.workspace.write("other.ndjson", statuses(["another input"]));
    let outcome = scene.workspace.run(&["--resume", &run, "--shards", "3", &other]);
    if outcome.code == Some(0) {
        let published = Published::of(&outcome);
        assert_eq!(published.digest, scene.calm.digest, "the stored plan is what counts");
    } else {
        assert!(matches!(outcome.code, Some(2 | 42)), "{outcome:#?}");
        assert_eq!(scene.workspace.rows()[0].term, "earlier");
    }
}

#[test]
fn a_run_killed_while_it_reads_standard_input_leaves_nothing_behind() {
    let scene = Scene::new();
    let before = scene.workspace.stored();
    let mut run = scene.workspace.start_run(&["-"]);
    let mut stdin = run.stdin();
    stdin.write_all(&fs::read(&scene.file).unwrap()).unwrap();
    stdin.flush().unwrap();
    assert!(run.kill(), "it was waiting for more input");
    assert_eq!(scene.workspace.rows().len(), 2);
    let again = scene.workspace.publish(&scene.args());
    assert_eq!(again.digest, scene.calm.digest);
    let left = scene.workspace.stored().into_iter().filter(|(path, bytes)| {
        !before.contains_key(path)
            && bytes.len() as u64 > fs::metadata(&scene.file).unwrap().len() / 2
    });
    assert_eq!(left.count(), 0, "the spooled input was removed");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_waiting_run_with_130_and_changes_nothing() {
    let workspace = Workspace::new();
    workspace.publish(&[&workspace.write("before.ndjson", statuses(["earlier result"]))]);
    let mut run = workspace.start_run(&["-"]);
    let mut stdin = run.stdin();
    // More than a pipe holds: once this is written, the run is at work.
    let taken = stdin.write_all(&statuses(std::iter::repeat_n("half read", 50_000)));
    assert!(taken.is_ok(), "it must read on: {taken:?}");
    run.signal("INT");
    let outcome = run.outcome();
    drop(stdin);
    assert_eq!(outcome.code, Some(130), "{outcome:#?}");
    outcome.assert_no_panic();
    assert_eq!(workspace.rows()[0].term, "earlier");
    let next = workspace.publish(&[&workspace.write("after.ndjson", statuses(["later"]))]);
    assert_eq!(next.generation, 2, "the interrupted run published nothing");
}

#[cfg(unix)]
#[test]
fn an_interrupt_in_the_middle_of_counting_changes_nothing() {
    let mut interrupted = 0;
    for share in [1, 3, 5, 7] {
        // Every share has its own workspace: on a shared one the next run would remove the files of the
        // interrupted one, which would spoil the count of stored files.
        let scene = Scene::new();
        let before = scene.workspace.files();
        let earlier = scene.workspace.rows();
        let mut run = scene.workspace.start_run(&scene.args());
        until("the run has stored some files or ended", || {
            let enough = scene.workspace.files() >= before + scene.calm.files * share / 10;
            (enough || run.child.try_wait().unwrap().is_some()).then_some(())
        });
        run.signal("INT");
        let outcome = run.outcome();
        outcome.assert_no_panic();
        if outcome.code == Some(130) {
            interrupted += 1;
            assert_eq!(scene.workspace.rows(), earlier, "nothing changes");
            assert_eq!(scene.workspace.publish(&scene.args()).digest, scene.calm.digest);
        } else {
            assert_eq!(Published::of(&outcome).digest, scene.calm.digest);
        }
    }
    assert!(interrupted > 0, "no interrupt hit a run at work");
}

#[test]
fn a_resumed_run_refuses_flags_that_its_plan_contains() {
    let workspace = Workspace::new();
    let run = "01890a5d-ac96-774b-bcce-b302099a8057";
    for flag in [
        "--preset=mastodon",
        "--shards=3",
        "--chunk-size=1Ki",
        "--partitions=3",
        "--max-malformed-percent=50",
        "--max-record-size=1Mi",
        "--data=.",
        "--source=other",
    ] {
        let args =
            ["run", "--resume", run, flag, "--store", &workspace.store(), "--output", "json"];
        workspace
            .trendjob(&args)
            .refused(2)
            .mentions(&["--resume", flag.split('=').next().unwrap()]);
    }
}

#[test]
fn a_clean_up_by_hand_removes_a_killed_run_and_keeps_what_is_published() {
    let scene = Scene::new();
    let published = run_ids(&scene.workspace);
    assert!(scene.kill_after(scene.calm.files / 3), "the run is killed at work");
    let killed: Vec<_> = run_ids(&scene.workspace).difference(&published).cloned().collect();
    let [killed] = &*killed else { panic!("one run was killed: {killed:?}") };
    let gc = |args: &[&str]| {
        let store = scene.workspace.store();
        let all = [&["gc", "--store", &store, "--output", "json"], args].concat();
        scene.workspace.trendjob(&all).done().json()
    };
    assert_eq!(gc(&[])["runs"], serde_json::json!([]), "the run is young, and may be resumed");
    let dry = gc(&["--older-than", "0s", "--dry-run"]);
    let found = &dry["runs"][0];
    assert_eq!((&found["run"], &found["reason"]), (&killed.as_str().into(), &"interrupted".into()));
    assert!(run_ids(&scene.workspace).contains(killed), "a dry run changes nothing");
    let real = gc(&["--older-than", "0s"]);
    assert_eq!(real["runs"], dry["runs"]);
    assert_eq!(run_ids(&scene.workspace), published);
    assert_eq!(gc(&["--older-than", "0s"])["runs"], serde_json::json!([]));
}
