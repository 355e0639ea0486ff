//! The conditions of a TrendJob by its state: the table in `operator/README.md`. Ready, Reconciling and
//! Stalled are those of kstatus, so that generic tools understand a TrendJob.

use trendjob::{Condition, ConditionStatus, Shards};

use super::state::{Holder, State};

/// The longest message, in bytes; the definition allows 2,048 characters.
const MESSAGE: usize = 2_000;

/// Why a TrendJob is not worked on whose spec can't be followed.
const INVALID: &str = "InvalidSpec";

/// What a run has reached, whatever its state is now.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Whether it has a plan.
    pub is_planned: bool,
    /// Its shards.
    pub shards: Option<Shards>,
    /// Whether no shard is left to be counted.
    pub shards_complete: bool,
    /// Whether some shards failed for good.
    pub has_gaps: bool,
}

/// One condition before it is compared with what was said before.
struct Said {
    kind: &'static str,
    holds: bool,
    reason: String,
    message: String,
}

fn said(kind: &'static str, holds: bool, reason: &str, message: impl Into<String>) -> Said {
    Said { kind, holds, reason: reason.to_owned(), message: message.into() }
}

/// The conditions of a TrendJob in this state.
pub fn conditions(
    before: &[Condition],
    generation: Option<i64>,
    state: &State,
    facts: &Facts,
    now: &str,
) -> Vec<Condition> {
    let mut all = kstatus(state);
    all.push(suspended(state));
    all.push(if facts.is_planned {
        said("Planned", true, "Planned", "the input is listed and cut")
    } else {
        said("Planned", false, "Pending", "the input is not listed yet")
    });
    all.push(shards(facts));
    all.extend(ends(state));
    all.into_iter().map(|said| settled(before, generation, said, now)).collect()
}

/// The conditions of a TrendJob whose spec can't be followed; what was reached before stays.
pub fn invalid(
    before: &[Condition],
    generation: Option<i64>,
    why: &str,
    now: &str,
) -> Vec<Condition> {
    let all = vec![
        said("Ready", false, INVALID, why),
        said("Reconciling", false, INVALID, why),
        said("Stalled", true, INVALID, why),
    ];
    with_kstatus(before, generation, all, now)
}

/// Whether they say that the spec can't be followed.
pub(super) fn are_invalid(conditions: &[Condition]) -> bool {
    conditions.iter().any(|one| one.reason == INVALID)
}

/// The conditions of a TrendJob whose run has ended so, as they were but for kstatus.
pub(super) fn of_end(
    before: &[Condition],
    generation: Option<i64>,
    state: &State,
    now: &str,
) -> Vec<Condition> {
    with_kstatus(before, generation, kstatus(state), now)
}

/// Those of kstatus said anew, and the others as they were.
fn with_kstatus(
    before: &[Condition],
    generation: Option<i64>,
    kstatus: Vec<Said>,
    now: &str,
) -> Vec<Condition> {
    let others = before.iter().filter(|one| !kstatus.iter().any(|said| said.kind == one.kind));
    let others: Vec<_> = others.cloned().collect();
    let said = kstatus.into_iter().map(|said| settled(before, generation, said, now));
    said.chain(others).collect()
}

/// A condition as it is written: its time moves only when its status does.
fn settled(before: &[Condition], generation: Option<i64>, said: Said, now: &str) -> Condition {
    let status = if said.holds { ConditionStatus::True } else { ConditionStatus::False };
    let same = before.iter().find(|one| one.kind == said.kind && one.status == status);
    Condition {
        kind: said.kind.to_owned(),
        status,
        observed_generation: generation,
        last_transition_time: same
            .map_or_else(|| now.to_owned(), |one| one.last_transition_time.clone()),
        reason: said.reason,
        message: shortened(said.message),
    }
}

/// A message within what the definition allows.
pub(super) fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE {
        let mut end = MESSAGE;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push('…');
    }
    message
}

fn kstatus(state: &State) -> Vec<Said> {
    let three = |ready: (bool, &str), reconciling: bool, stalled: bool, message: &str| {
        let (is_ready, reason) = ready;
        vec![
            said("Ready", is_ready, reason, message),
            said("Reconciling", reconciling, reason, message),
            said("Stalled", stalled, reason, message),
        ]
    };
    match state {
        State::Pending => {
            three((false, "Suspended"), false, false, "spec.suspend is true: it has not begun")
        }
        State::Running { stage, finding: None } => {
            three((false, "Running"), true, false, &format!("the {stage} stage is running"))
        }
        State::Running { finding: Some(finding), .. } => {
            let what =
                format!("{}: {}", place(finding.stage.name(), finding.index), finding.message);
            three((false, &finding.reason), !finding.needs_help, finding.needs_help, &what)
        }
        State::Held { stage, by: Holder::User } => {
            let what = format!("spec.suspend is true: it is held at the {stage} stage");
            three((false, "Suspended"), false, false, &what)
        }
        State::Held { stage, by: Holder::Queue } => {
            let what = format!("the Job of the {stage} stage waits in its queue");
            three((false, "Queued"), true, false, &what)
        }
        State::Restarting(failure) => {
            let what = format!("another run begins soon; the last one failed: {}", failure.message);
            three((false, "Restarting"), true, false, &what)
        }
        State::Complete { result, .. } => {
            let what = format!("generation {} is published", result.generation);
            three((true, "Complete"), false, false, &what)
        }
        State::Superseded => three((true, "Superseded"), false, false, SUPERSEDED),
        State::Failed(failure) => {
            let what =
                format!("{}: {}", place(failure.stage.name(), failure.index), failure.message);
            three((false, &failure.reason), false, true, &what)
        }
    }
}

const SUPERSEDED: &str =
    "a later run of the same source was published first: this one's result is not needed";

/// Where something happened, for people.
pub(super) fn place(stage: &str, index: Option<u32>) -> String {
    index.map_or_else(|| stage.to_owned(), |index| format!("{stage} index {index}"))
}

fn suspended(state: &State) -> Said {
    match state {
        State::Pending | State::Held { by: Holder::User, .. } => {
            said("Suspended", true, "SuspendedByUser", "spec.suspend is true")
        }
        State::Held { by: Holder::Queue, .. } => {
            said("Suspended", true, "Queued", "the queue has not admitted the Job yet")
        }
        _ => said("Suspended", false, "NotSuspended", "spec.suspend is false"),
    }
}

fn shards(facts: &Facts) -> Said {
    let summary = facts.shards.as_ref().map(|shards| shards.summary.as_str()).unwrap_or_default();
    if !facts.shards_complete {
        return said("ShardsComplete", false, "Pending", "not all shards are counted yet");
    }
    if facts.has_gaps {
        let failed = facts.shards.as_ref().and_then(|shards| shards.failed_indexes.as_deref());
        let what = format!("{summary} shards are counted; without {}", failed.unwrap_or_default());
        return said("ShardsComplete", true, "CompleteWithGaps", what);
    }
    said("ShardsComplete", true, "Complete", format!("{summary} shards are counted"))
}

fn ends(state: &State) -> [Said; 3] {
    match state {
        State::Complete { result, .. } => {
            let gaps = if result.incomplete { ", without the shards that failed" } else { "" };
            let what = format!(
                "generation {} with {} topics, digest {}{gaps}",
                result.generation, result.topics, result.digest
            );
            let reason = if result.incomplete { "Incomplete" } else { "Published" };
            [
                said("Published", true, reason, what),
                said("Complete", true, "Complete", "the run is over"),
                said("Failed", false, "Complete", "it has not failed"),
            ]
        }
        State::Superseded => [
            said("Published", false, "Superseded", SUPERSEDED),
            said("Complete", true, "Superseded", SUPERSEDED),
            said("Failed", false, "Superseded", "it has not failed"),
        ],
        State::Failed(failure) => [
            said(
                "Published",
                false,
                "Failed",
                "nothing was published; what was before stays visible",
            ),
            said("Complete", false, "Failed", "the run failed"),
            said("Failed", true, &failure.reason, failure.message.clone()),
        ],
        _ => [
            said("Published", false, "Pending", "nothing is published yet"),
            said("Complete", false, "Pending", "the run is not over"),
            said("Failed", false, "Pending", "it has not failed"),
        ],
    }
}
