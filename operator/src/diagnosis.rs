//! Finds the cause that makes pods fail or keeps them from coming up, in the pods and the events
//! about them. Pure; owns which causes are distinguished, which of several is reported, and the
//! advice for each.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, Event, Pod};
use k8s_openapi::jiff::Timestamp;
use trendjob::{ExitStatus, PlanSummary, Records, ResultSummary, TerminationMessage};

use crate::condition_types::pod::SCHEDULED;
use crate::names::{Stage, pods_field};
use crate::reasons;

/// The container of every worker pod.
pub const CONTAINER: &str = "worker";

/// The longest message of another program that is passed on, in bytes; a condition holds 2,048
/// characters.
const MESSAGE: usize = 1_500;

/// The most indexes that the API server allows a Job.
const MOST_INDEXES: u32 = 100_000;

/// The longest reason, in characters; a condition holds 128.
const REASON: usize = 64;

/// A cause that makes pods fail or keeps them from coming up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stage of the pod.
    pub stage: Stage,
    /// The index of the pod in an indexed stage.
    pub index: Option<u32>,
    /// The reason, one word.
    pub reason: String,
    /// A sentence for people: the cause and the advice.
    pub message: String,
    /// The exit code of the worker, if it ended.
    pub exit_code: Option<i32>,
    /// True if the cause stays until a user fixes it.
    pub needs_help: bool,
}

impl Finding {
    /// A cause of a whole stage that a user has to fix.
    fn needing_help(stage: Stage, reason: &str, message: String) -> Self {
        let reason = reason.to_owned();
        Self { stage, index: None, reason, message, exit_code: None, needs_help: true }
    }
}

/// Returns the most specific cause that the pods of a stage, or the events about them and their
/// Job, show.
pub fn diagnose(stage: Stage, pods: &[Pod], events: &[Event]) -> Option<Finding> {
    let waiting = || pods.iter().find_map(|pod| waiting(stage, pod, events));
    let created = || not_created(stage, pods, events);
    let failed = || last_failed(stage, &without_successor(pods));
    waiting().or_else(created).or_else(failed)
}

/// The finding for a Job or `ConfigMap` that the API server refuses to create.
pub fn refused(stage: Stage, refusal: &str) -> Finding {
    let advice =
        "Fix the cause in the spec or in the namespace: the operator tries again every 15 s";
    Finding::needing_help(stage, reasons::FAILED_CREATE, format!("{}. {advice}", cut(refusal)))
}

/// The finding for a run whose `ConfigMap` can't be read.
pub fn unreadable(stage: Stage, config_map: &str, why: &str) -> Finding {
    let message = format!(
        "ConfigMap {config_map}, which pins the run, can't be read by this operator: {}. Another version of \
         the operator wrote it, or someone changed it: install that version, or delete the TrendJob and \
         apply it again",
        cut(why)
    );
    Finding::needing_help(stage, "UnreadableRun", message)
}

/// The pods except those that failed and have a successor that came up.
fn without_successor(pods: &[Pod]) -> Vec<Pod> {
    let is_up = |pod: &Pod| {
        let state = container_state(pod);
        state.is_some_and(|state| state.running.is_some())
            || terminated(pod).is_some_and(|ended| ended.exit_code == 0)
    };
    let has_successor = |failed: &Pod| {
        pods.iter()
            .any(|pod| index(pod) == index(failed) && created(pod) > created(failed) && is_up(pod))
    };
    pods.iter().filter(|pod| !has_successor(pod)).cloned().collect()
}

/// The failure of the pod that failed last. A failure that no retry can fix comes before a later
/// one that a retry may fix.
pub fn last_failed(stage: Stage, pods: &[Pod]) -> Option<Finding> {
    let for_good = i32::from(ExitStatus::Failed.exit_code());
    let failures = pods.iter().filter_map(|pod| {
        let finding = failed(stage, pod)?;
        let at = terminated(pod).and_then(|ended| ended.finished_at.clone()).map(|time| time.0);
        Some((finding.exit_code == Some(for_good), at, finding))
    });
    failures.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))).map(|(_, _, finding)| finding)
}

/// The termination message of a pod whose worker succeeded.
pub fn report(pod: &Pod) -> Option<TerminationMessage> {
    let ended = terminated(pod)?;
    let message = TerminationMessage::from_json(ended.message.as_deref()?).ok()?;
    (ended.exit_code == 0 && is_bounded(&message)).then_some(message)
}

/// Returns true if a message fits into a status and into arguments. Any image may have written it.
fn is_bounded(message: &TerminationMessage) -> bool {
    let is_word = |text: &str, most| {
        text.len() <= most
            && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_".contains(one))
    };
    let are_numbers = |all: &[u64]| all.iter().all(|one| i64::try_from(*one).is_ok());
    let is_plan = |plan: &PlanSummary| {
        is_word(&plan.hash, 128)
            && are_numbers(&[plan.start_number, plan.objects, plan.compressed, plan.bytes])
            && plan.shards <= MOST_INDEXES
            && plan.partitions <= MOST_INDEXES
    };
    let is_result = |result: &ResultSummary| {
        is_word(&result.digest, 128)
            && is_word(&result.database, 63)
            && are_numbers(&[result.generation, result.topics])
    };
    let are_records = |records: &Records| {
        let Records { read, counted, empty, malformed } = *records;
        are_numbers(&[read, counted, empty, malformed])
    };
    message.plan.as_ref().is_none_or(is_plan)
        && message.result.as_ref().is_none_or(is_result)
        && message.records.as_ref().is_none_or(are_records)
}

fn container_state(pod: &Pod) -> Option<&ContainerState> {
    let containers = pod.status.as_ref()?.container_statuses.as_deref()?;
    containers.iter().find(|one| one.name == CONTAINER)?.state.as_ref()
}

fn terminated(pod: &Pod) -> Option<&ContainerStateTerminated> {
    container_state(pod)?.terminated.as_ref()
}

fn index(pod: &Pod) -> Option<u32> {
    let annotations = pod.metadata.annotations.as_ref()?;
    annotations.get("batch.kubernetes.io/job-completion-index")?.parse().ok()
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// Returns true if only events can explain why a pod does not come up: it has a node, and its
/// container gives no cause.
pub fn is_silent(pod: &Pod) -> bool {
    let is_placed = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    let waiting = container_state(pod).and_then(|state| state.waiting.as_ref());
    let reason = waiting.and_then(|waiting| waiting.reason.as_deref());
    is_placed
        && reason.is_none_or(|reason| matches!(reason, "ContainerCreating" | "PodInitializing"))
}

/// Returns the cause that keeps a pod from coming up.
fn waiting(stage: Stage, pod: &Pod, events: &[Event]) -> Option<Finding> {
    container_waits(stage, pod)
        .or_else(|| unmounted(stage, pod, events))
        .or_else(|| unscheduled(stage, pod))
}

fn pod_finding(stage: Stage, pod: &Pod, reason: &str, cause: &str, advice: &str) -> Finding {
    Finding {
        stage,
        index: index(pod),
        reason: reason.to_owned(),
        message: format!("pod {}: {}. {advice}", name(pod), cut(cause)),
        exit_code: None,
        needs_help: true,
    }
}

/// Returns the cause in the waiting state of a pod's container.
fn container_waits(stage: Stage, pod: &Pod) -> Option<Finding> {
    let waiting = container_state(pod)?.waiting.as_ref()?;
    let reason = match waiting.reason.as_deref().unwrap_or_default() {
        // A kubelet alternates between these two while the cause stays. Reporting both would record
        // one event after another.
        "ErrImagePull" => reasons::IMAGE_PULL_BACK_OFF,
        reason => reason,
    };
    let advice = match reason {
        reasons::IMAGE_PULL_BACK_OFF | "ErrImageNeverPull" | "InvalidImageName" => {
            "Check the worker image: its name, that the nodes can pull it, and imagePullSecrets"
        }
        "CreateContainerConfigError" => {
            "Create the Secret or key it names: sink.mongodb.uriSecretRef and \
             input.credentialsSecretRef name those in use"
        }
        "CreateContainerError" | "RunContainerError" => {
            "Check that the image is a trendjob worker for this architecture"
        }
        _ => return None,
    };
    let cause = waiting.message.as_deref().unwrap_or(reason);
    Some(pod_finding(stage, pod, reason, cause, advice))
}

/// Returns the newest cause why a volume can't be mounted: a kubelet may first report that it has no
/// answer yet, and then what is missing.
fn unmounted(stage: Stage, pod: &Pod, events: &[Event]) -> Option<Finding> {
    let is_about = |event: &&Event| event.involved_object.uid == pod.metadata.uid;
    let events = events.iter().filter(|event| is_unmounted(event)).filter(is_about);
    let event = events.max_by_key(|event| at(event))?;
    if container_state(pod).is_some_and(|state| state.waiting.is_none()) {
        return None;
    }
    let reason = event.reason.as_deref().unwrap_or_default();
    let cause = event.message.as_deref().unwrap_or_default();
    let advice = "Create the ConfigMap, Secret or volume it names: input.volume and \
                  sink.mongodb.caSecretRef name those in use";
    Some(pod_finding(stage, pod, reason, cause, advice))
}

/// Returns the cause why a pod has no node.
fn unscheduled(stage: Stage, pod: &Pod) -> Option<Finding> {
    let conditions = pod.status.as_ref()?.conditions.as_deref().unwrap_or_default();
    let unscheduled = conditions.iter().find(|one| {
        one.type_ == SCHEDULED
            && one.status == "False"
            && one.reason.as_deref() == Some(reasons::UNSCHEDULABLE)
    })?;
    let cause = unscheduled.message.as_deref().unwrap_or_default();
    if cause.contains("persistentvolumeclaim") {
        let advice = "Create or bind the claim that input.volume names";
        return Some(pod_finding(stage, pod, "VolumeUnavailable", cause, advice));
    }
    let advice =
        "It starts by itself when a node has room: add nodes, lower resources or parallelism";
    let finding = pod_finding(stage, pod, reasons::UNSCHEDULABLE, cause, advice);
    Some(Finding { needs_help: false, ..finding })
}

/// The events that explain why pods don't come up: the kind that an event is about, and its reason.
pub const CAUSES: [(&str, &str); 3] =
    [("Job", reasons::FAILED_CREATE), ("Pod", "FailedMount"), ("Pod", "FailedAttachVolume")];

/// Returns true for the event of a Job whose pod could not be created.
pub fn is_refusal(event: &Event) -> bool {
    event.involved_object.kind.as_deref() == Some("Job")
        && event.reason.as_deref() == Some(reasons::FAILED_CREATE)
}

/// Returns true for the event of a pod whose volume could not be mounted.
fn is_unmounted(event: &Event) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    event.involved_object.kind.as_deref() == Some("Pod") && CAUSES.contains(&("Pod", reason))
}

/// Returns the cause why the Job controller could not create pods.
fn not_created(stage: Stage, pods: &[Pod], events: &[Event]) -> Option<Finding> {
    // An event that is older than a pod no longer explains anything.
    let event = events.iter().filter(|event| is_refusal(event)).max_by_key(|event| at(event))?;
    if pods.iter().any(|pod| created(pod) > at(event)) {
        return None;
    }
    let cause = event.message.as_deref().unwrap_or_default();
    let advice = if cause.contains("PodSecurity") {
        "Set podSecurityContext to what the namespace's Pod Security standard demands"
    } else if cause.contains("quota") {
        "Raise the namespace's ResourceQuota, or lower resources or parallelism"
    } else {
        "Fix the cause in this namespace, such as a webhook or a missing service account"
    };
    let message = format!("pods can't be created: {}. {advice}", cut(cause));
    Some(Finding::needing_help(stage, reasons::FAILED_CREATE, message))
}

fn at(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let precise = series.or(event.event_time.as_ref()).map(|time| time.0);
    event.last_timestamp.as_ref().map(|time| time.0).or(precise)
}

fn created(pod: &Pod) -> Option<Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

/// The failure of a pod.
fn failed(stage: Stage, pod: &Pod) -> Option<Finding> {
    let index = index(pod);
    let finding = |reason: &str, message: String, exit_code| {
        let reason = reason.to_owned();
        Some(Finding { stage, index, reason, message, exit_code, needs_help: false })
    };
    let Some(ended) = terminated(pod) else {
        let status = pod.status.as_ref()?;
        let reason = status.reason.as_deref()?;
        let cause = status.message.as_deref().unwrap_or(reason);
        return (status.phase.as_deref() == Some("Failed"))
            .then(|| finding(reason, format!("pod {}: {}", name(pod), cut(cause)), None))?;
    };
    let code = ended.exit_code;
    if code == 0 {
        return None;
    }
    if ended.reason.as_deref() == Some(reasons::OOM_KILLED) {
        let message = format!(
            "pod {} used more memory than its limit and was killed. Raise \
             spec.{}.resources.limits.memory",
            name(pod),
            pods_field(stage)
        );
        return finding(reasons::OOM_KILLED, message, Some(code));
    }
    let text = ended.message.as_deref().unwrap_or_default();
    if let Ok(message) = TerminationMessage::from_json(text) {
        return finding(&word(&message.reason), cut(&message.message), Some(code));
    }
    let reason = ended.reason.as_deref().unwrap_or(reasons::ERROR);
    let message = if text.is_empty() { String::new() } else { format!(": {}", cut(text)) };
    finding(reason, format!("pod {} ended with exit code {code}{message}", name(pod)), Some(code))
}

/// The beginning of another program's text, in one line that fits into a condition. Terminals show
/// it, and a control character takes six bytes of JSON, so each becomes a space.
fn cut(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    text[..text.floor_char_boundary(MESSAGE)].replace(char::is_control, " ")
}

/// The reason that a worker gave, reduced to one word.
fn word(text: &str) -> String {
    let word: String = text.chars().filter(char::is_ascii_alphanumeric).take(REASON).collect();
    if word.is_empty() { reasons::ERROR.to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(name: &str, status: &Value) -> Pod {
        let metadata = json!({
            "name": name, "uid": format!("uid-{name}"), "creationTimestamp": "2026-01-01T00:00:10Z",
            "annotations": {"batch.kubernetes.io/job-completion-index": "3"},
        });
        serde_json::from_value(json!({ "metadata": metadata, "status": status })).unwrap()
    }

    fn ended(name: &str, code: i32, reason: &str, message: &str, at: &str) -> Pod {
        let state = json!({"terminated": {
            "exitCode": code, "reason": reason, "message": message, "finishedAt": at,
        }});
        pod(name, &json!({"phase": "Failed", "containerStatuses": [container(&state)]}))
    }

    #[test]
    fn any_text_of_a_worker_becomes_one_bounded_line_and_one_word() {
        let message = json!({
            "format": 1, "stage": "etl", "index": 3, "outcome": "failed",
            "reason": "not \u{1b}[31ma word", "message": "\u{1}\u{1b}[2J\n".repeat(600),
        });
        for text in [message.to_string(), "\u{1}\u{1b}[2J\n".repeat(600)] {
            let ended = ended("pod", 42, "Error", &text, "2026-01-01T00:00:30Z");
            let finding = last_failed(Stage::Etl, &[ended]).unwrap();
            assert!(!finding.message.contains(char::is_control), "{finding:?}");
            assert!(finding.message.len() < 2_000 && finding.reason.len() <= REASON);
            assert!(finding.reason.chars().all(|one| one.is_ascii_alphanumeric()), "{finding:?}");
        }
    }

    #[test]
    fn a_report_with_numbers_too_large_for_a_status_is_ignored() {
        let is_report = |result: &Value, plan: &Value| {
            let message = json!({
                "format": 1, "stage": "plan", "index": 0, "outcome": "done", "result": result, "plan": plan,
            });
            let ended = ended("pod", 0, "Completed", &message.to_string(), "2026-01-01T00:00:30Z");
            report(&ended).is_some()
        };
        let result = |generation: u64| json!({"database": "trends", "generation": generation, "digest": "d", "topics": 1, "incomplete": false});
        let plan = |shards: u32| {
            json!({"hash": "h", "startNumber": 1, "shards": shards, "partitions": 8, "objects": 1,
                "compressed": 0, "bytes": 1})
        };
        assert!(is_report(&result(1), &plan(100_000)));
        assert!(!is_report(&result(u64::MAX), &plan(1)));
        assert!(!is_report(&result(1), &plan(100_001)));
    }

    fn container(state: &Value) -> Value {
        json!({"name": "worker", "state": state, "image": "", "imageID": "", "ready": false, "restartCount": 0})
    }

    fn event(kind: &str, uid: &str, reason: &str, message: &str, at: &str) -> Event {
        serde_json::from_value(json!({
            "metadata": {"name": "e"}, "reason": reason, "message": message, "lastTimestamp": at,
            "involvedObject": {"kind": kind, "uid": uid},
        }))
        .unwrap()
    }

    #[test]
    fn the_cause_of_a_pod_that_does_not_come_up_is_named_with_advice() {
        let waiting = |reason: &str, message: &str| {
            let state = json!({"waiting": {"reason": reason, "message": message}});
            pod("p", &json!({"containerStatuses": [container(&state)]}))
        };
        let named = |pod: Pod, events: &[Event]| diagnose(Stage::Etl, &[pod], events);
        let found = named(waiting("ImagePullBackOff", "Back-off pulling image"), &[]).unwrap();
        assert_eq!((found.reason.as_str(), found.index), ("ImagePullBackOff", Some(3)));
        assert!(found.needs_help && found.message.contains("imagePullSecrets"), "{found:?}");
        // The two reasons alternate; reporting both would record one event after another.
        let found = named(waiting("ErrImagePull", "not found"), &[]).unwrap();
        assert_eq!(found.reason, "ImagePullBackOff");
        let missing = waiting("CreateContainerConfigError", "secret \"mongo\" not found");
        let found = named(missing, &[]).unwrap();
        assert!(
            found.message.contains("secret \"mongo\" not found. Create the Secret"),
            "{found:?}"
        );
        assert_eq!(named(waiting("ContainerCreating", ""), &[]), None);
        let mount = |message, at| event("Pod", "uid-p", "FailedMount", message, at);
        let mounts = [
            mount("failed to sync configmap cache: timed out", "2026-01-01T00:00:11Z"),
            mount("configmap \"c\" not found", "2026-01-01T00:00:13Z"),
            mount("failed to sync configmap cache: no answer", "2026-01-01T00:00:12Z"),
        ];
        let found = named(waiting("ContainerCreating", ""), &mounts).unwrap();
        assert!(found.reason == "FailedMount" && found.message.contains("configmap \"c\""));
        let unscheduled = |message: &str| {
            pod(
                "p",
                &json!({"conditions": [{"type": "PodScheduled", "status": "False",
                "reason": "Unschedulable", "message": message}]}),
            )
        };
        let found = named(unscheduled("0/1 nodes: persistentvolumeclaim \"x\" not found"), &[]);
        assert_eq!(found.unwrap().reason, "VolumeUnavailable");
        let found = named(unscheduled("0/1 nodes: Insufficient cpu"), &[]).unwrap();
        assert!(found.reason == "Unschedulable" && !found.needs_help);
    }

    #[test]
    fn events_are_needed_only_about_pods_with_a_node_and_no_cause_of_their_own() {
        let on_node = |status: &Value| {
            let mut pod = pod("p", status);
            let spec = json!({"nodeName": "n", "containers": []});
            pod.spec = Some(serde_json::from_value(spec).unwrap());
            pod
        };
        let waiting = |reason: &str| {
            let state = json!({"waiting": {"reason": reason}});
            json!({"phase": "Pending", "containerStatuses": [container(&state)]})
        };
        assert!(!is_silent(&pod("p", &json!({"phase": "Pending"}))), "it waits for a node");
        assert!(is_silent(&on_node(&json!({"phase": "Pending"}))));
        assert!(is_silent(&on_node(&waiting("ContainerCreating"))));
        assert!(!is_silent(&on_node(&waiting("ImagePullBackOff"))));
        assert!(!is_silent(&on_node(&waiting("CreateContainerConfigError"))));
    }

    #[test]
    fn pods_that_can_not_be_created_are_explained_until_one_exists() {
        let refused = [event(
            "Job",
            "uid-j",
            "FailedCreate",
            "violates PodSecurity \"restricted\"",
            "2026-01-01T00:00:05Z",
        )];
        let found = diagnose(Stage::Plan, &[], &refused).unwrap();
        assert!(found.needs_help && found.message.contains("podSecurityContext"), "{found:?}");
        let running = pod("p", &json!({"phase": "Running"}));
        assert_eq!(diagnose(Stage::Plan, &[running], &refused), None);
        let quota =
            "pods \"x\" is forbidden: exceeded quota: team, requested: cpu=1, limited: cpu=0";
        let refused = [event("Job", "uid-j", "FailedCreate", quota, "2026-01-01T00:00:05Z")];
        let found = diagnose(Stage::Etl, &[], &refused).unwrap();
        assert!(found.needs_help && found.message.contains("ResourceQuota"), "{found:?}");
    }

    #[test]
    fn a_failure_that_no_retry_can_fix_is_named_first() {
        let message = r#"{"format":1,"stage":"etl","index":3,"outcome":"failed","reason":"SourceChanged","message":"a changed"}"#;
        let pods = [
            ended("a", 42, "Error", message, "2026-01-01T00:00:01Z"),
            ended("b", 137, "OOMKilled", "", "2026-01-01T00:00:02Z"),
        ];
        let found = diagnose(Stage::Etl, &pods, &[]).unwrap();
        assert_eq!((found.reason.as_str(), found.message.as_str()), ("SourceChanged", "a changed"));
        let found = diagnose(Stage::Etl, &pods[1..], &[]).unwrap();
        assert!(found.reason == "OOMKilled" && found.message.contains("spec.etl.resources"));
        let panicked = ended("c", 101, "Error", "thread panicked", "2026-01-01T00:00:02Z");
        let found = diagnose(Stage::Etl, &[panicked], &[]).unwrap();
        assert_eq!(found.message, "pod c ended with exit code 101: thread panicked");
        let succeeded = ended(
            "d",
            0,
            "Completed",
            r#"{"format":1,"stage":"plan","index":0,"outcome":"done"}"#,
            "2026-01-01T00:00:02Z",
        );
        assert_eq!(diagnose(Stage::Plan, std::slice::from_ref(&succeeded), &[]), None);
        assert!(report(&succeeded).is_some());
        let strange = r#"{"format":1,"stage":"plan","index":0,"outcome":"done","plan":{"hash":"--x /","startNumber":1,"shards":1,"partitions":1,"objects":1,"compressed":0,"bytes":1}}"#;
        let strange = ended("e", 0, "Completed", strange, "2026-01-01T00:00:02Z");
        assert_eq!(report(&strange), None, "the hash becomes an argument, so it is checked");
    }
}
