//! The table of states in the README equals the one of the code.

use std::fmt::Write as _;
use std::fs;

use operator::diagnosis::Finding;
use operator::names::Stage;
use operator::plan::conditions::{Progress, conditions};
use operator::plan::state::{Failure, Holder, State};
use trendjob::{ConditionStatus, ResultSummary};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const BEGIN: &str = "<!-- states -->\n";
const END: &str = "<!-- /states -->";

fn states() -> Vec<(&'static str, State)> {
    let stage = Stage::Etl;
    let finding = |reason: &str, needs_help| Finding {
        stage,
        index: Some(3),
        reason: reason.to_owned(),
        message: String::new(),
        exit_code: None,
        needs_help,
    };
    let failure = || Failure::of(stage, "SourceChanged", String::new());
    vec![
        ("suspended before it began", State::Pending),
        ("pods run", State::Running { stage, finding: None }),
        (
            "pods run, some fail or wait for room",
            State::Running { stage, finding: Some(finding("OOMKilled", false)) },
        ),
        (
            "a user has to fix a cause",
            State::Running { stage, finding: Some(finding("ImagePullBackOff", true)) },
        ),
        ("suspended", State::Held { stage, by: Holder::User }),
        ("waits in its queue", State::Held { stage, by: Holder::Queue }),
        ("failed, another run begins soon", State::Restarting(failure())),
        (
            "published",
            State::Complete {
                result: ResultSummary::default(),
                records: None,
                warning: String::new(),
            },
        ),
        ("a later run was published first", State::Superseded),
        ("failed", State::Failed(failure())),
    ]
}

/// The result of kstatus, whose rules read Ready, Reconciling and Stalled.
fn kstatus(holds: impl Fn(&str) -> bool) -> &'static str {
    if holds("Reconciling") {
        "InProgress"
    } else if holds("Stalled") {
        "Failed"
    } else if holds("Ready") {
        "Current"
    } else {
        "InProgress"
    }
}

fn table() -> String {
    let kinds = ["Ready", "Reconciling", "Stalled", "Suspended", "Complete", "Failed"];
    let mut text = String::from("| state | stage |");
    for kind in kinds {
        write!(text, " {kind} |").unwrap();
    }
    text.push_str(" kstatus |\n|---|---|---|---|---|---|---|---|---|\n");
    for (what, state) in states() {
        let all = conditions(&[], None, &state, &Progress::default(), "");
        let find = |kind: &str| all.iter().find(|one| one.kind == kind).unwrap();
        let holds = |kind: &str| find(kind).status == ConditionStatus::True;
        write!(text, "| {what} | {} |", state.column()).unwrap();
        for kind in kinds {
            let sign = if holds(kind) { "**True**" } else { "False" };
            let reason =
                if kind == "Ready" { format!(" {}", find(kind).reason) } else { String::new() };
            write!(text, " {sign}{reason} |").unwrap();
        }
        writeln!(text, " {} |", kstatus(holds)).unwrap();
    }
    text
}

#[test]
fn the_table_of_states_in_the_readme_equals_the_one_of_the_code() {
    let found = fs::read_to_string(FILE).unwrap();
    let begin = found.find(BEGIN).unwrap() + BEGIN.len();
    let end = found.find(END).unwrap();
    let expected = format!("{}{}{}", &found[..begin], table(), &found[end..]);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, &expected).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap();
    assert!(found == expected, "operator/README.md is not fresh: UPDATE=1 cargo test writes it");
}

#[test]
fn a_time_moves_only_with_its_condition() {
    for (_, before) in states() {
        for (what, after) in states() {
            let first = conditions(&[], Some(1), &before, &Progress::default(), "then");
            let second = conditions(&first, Some(2), &after, &Progress::default(), "now");
            for (old, new) in first.iter().zip(&second) {
                assert_eq!(old.kind, new.kind);
                let moved = new.last_transition_time == "now";
                assert_eq!(moved, old.status != new.status, "{what}: {}", new.kind);
            }
        }
    }
}

#[test]
fn conditions_stay_small_with_a_message_of_any_length() {
    let failure = Failure::of(Stage::Etl, "Error", "é".repeat(100_000));
    let state = State::Failed(failure);
    let all = conditions(&[], Some(1), &state, &Progress::default(), "2026-01-01T00:00:00Z");
    assert!(all.iter().all(|one| one.message.chars().count() <= 2_048));
    assert!(serde_json::to_string(&all).unwrap().len() < 16 << 10);
}
