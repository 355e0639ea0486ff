//! What is wrong with the pods of a Job, from the pods and the events about them. Pure; owns which
//! causes are told apart, which of several is named, and what a user is told to do about each.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, Event, Pod};
use trendjob::{PlanSummary, Published, Records, TerminationMessage};

use crate::names::{Stage, pods_field};

/// The container of every worker pod.
pub const CONTAINER: &str = "worker";

/// The longest message that is passed on, in bytes; conditions hold 2,048 characters.
const MESSAGE: usize = 1_500;

/// The most indexes a Job can have, by the API server.
const MOST_INDEXES: u32 = 100_000;

/// The longest reason, in characters; conditions hold 128.
const REASON: usize = 64;

/// What keeps pods from coming up, or made one fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stage of the pod.
    pub stage: Stage,
    /// Its index, of an indexed stage.
    pub index: Option<u32>,
    /// One word for it.
    pub reason: String,
    /// What happened to what, and what to do.
    pub message: String,
    /// How the worker ended, if it did.
    pub exit_code: Option<i32>,
    /// Whether it stays so until somebody mends something.
    pub needs_help: bool,
}

impl Finding {
    /// A cause of a whole stage that somebody has to mend.
    fn to_mend(stage: Stage, reason: &str, message: String) -> Self {
        let reason = reason.to_owned();
        Self { stage, index: None, reason, message, exit_code: None, needs_help: true }
    }
}

/// The most telling cause among pods of a stage and the events about them and their Job.
pub fn diagnose(stage: Stage, pods: &[Pod], events: &[Event]) -> Option<Finding> {
    let waiting = || pods.iter().find_map(|pod| waiting(stage, pod, events));
    let created = || not_created(stage, pods, events);
    let failed = || last_failed(stage, &unmended(pods));
    waiting().or_else(created).or_else(failed)
}

/// What it means that the API server refuses a Job.
pub fn refused(stage: Stage, what: &str) -> Finding {
    let advice = "Mend what it names, in the spec or in the namespace: it is tried again and again";
    Finding::to_mend(stage, "FailedCreate", format!("{}. {advice}", cut(what)))
}

/// What it means that the `ConfigMap` of a run can't be read.
pub fn unreadable(stage: Stage, config_map: &str, why: &str) -> Finding {
    let message = format!(
        "ConfigMap {config_map}, which says what the run does, can't be read here: {}. Another version of the \
         operator made it, or somebody changed it: install that version, or delete the TrendJob and apply it again",
        cut(why)
    );
    Finding::to_mend(stage, "UnreadableRun", message)
}

/// The pods without those that failed and whose successor came up.
fn unmended(pods: &[Pod]) -> Vec<Pod> {
    let is_up = |pod: &Pod| {
        let state = container_state(pod);
        state.is_some_and(|state| state.running.is_some())
            || terminated(pod).is_some_and(|ended| ended.exit_code == 0)
    };
    let is_mended = |failed: &Pod| {
        pods.iter()
            .any(|pod| index(pod) == index(failed) && created(pod) > created(failed) && is_up(pod))
    };
    pods.iter().filter(|pod| !is_mended(pod)).cloned().collect()
}

/// The failure of the pod that failed last.
pub fn last_failed(stage: Stage, pods: &[Pod]) -> Option<Finding> {
    let failures = pods.iter().filter_map(|pod| {
        let finding = failed(stage, pod)?;
        let at = terminated(pod).and_then(|ended| ended.finished_at.clone()).map(|time| time.0);
        Some((finding.exit_code == Some(42), at, finding))
    });
    // One that no retry mends says more than a later one that a retry may.
    failures.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))).map(|(_, _, finding)| finding)
}

/// What the worker of a pod reported, if it ended well.
pub fn report(pod: &Pod) -> Option<TerminationMessage> {
    let ended = terminated(pod)?;
    let message = TerminationMessage::from_json(ended.message.as_deref()?).ok()?;
    (ended.exit_code == 0 && is_bounded(&message)).then_some(message)
}

/// Whether a message fits into a status and into arguments, whatever image wrote it.
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
    let is_result = |result: &Published| {
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

/// Whether only the events about a pod can tell why it does not come up: it is on a node, and its container
/// does not say what it waits for.
pub fn is_silent(pod: &Pod) -> bool {
    let is_placed = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    let waiting = container_state(pod).and_then(|state| state.waiting.as_ref());
    let reason = waiting.and_then(|waiting| waiting.reason.as_deref());
    is_placed
        && reason.is_none_or(|reason| matches!(reason, "ContainerCreating" | "PodInitializing"))
}

/// Why a pod does not come up.
fn waiting(stage: Stage, pod: &Pod, events: &[Event]) -> Option<Finding> {
    let finding = |reason: &str, what: &str, advice: &str, needs_help| {
        let message = format!("pod {}: {}. {advice}", name(pod), cut(what));
        let (index, reason) = (index(pod), reason.to_owned());
        Some(Finding { stage, index, reason, message, exit_code: None, needs_help })
    };
    if let Some(waiting) = container_state(pod).and_then(|state| state.waiting.as_ref()) {
        let reason = match waiting.reason.as_deref().unwrap_or_default() {
            // They take turns, for ever, about one and the same cause.
            "ErrImagePull" => "ImagePullBackOff",
            reason => reason,
        };
        let what = waiting.message.as_deref().unwrap_or(reason);
        let advice = match reason {
            "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" => Some(
                "Check the worker image: its name, that the nodes can pull it, and imagePullSecrets",
            ),
            "CreateContainerConfigError" => Some(
                "Make the Secret or key it names: sink.mongodb.uriSecretRef and \
                 input.credentialsSecretRef say which are used",
            ),
            "CreateContainerError" | "RunContainerError" => {
                Some("Check that the image is a trendjob worker for this architecture")
            }
            _ => None,
        };
        if let Some(advice) = advice {
            return finding(reason, what, advice, true);
        }
    }
    let is_about = |event: &&Event| event.involved_object.uid == pod.metadata.uid;
    if let Some(event) = events.iter().filter(|event| is_unmounted(event)).find(is_about)
        && container_state(pod).is_none_or(|state| state.waiting.is_some())
    {
        let reason = event.reason.as_deref().unwrap_or_default();
        let what = event.message.as_deref().unwrap_or_default();
        let advice = "Make the ConfigMap, Secret or volume it names: input.volume and \
                      sink.mongodb.caSecretRef say which are mounted";
        return finding(reason, what, advice, true);
    }
    let conditions = pod.status.as_ref()?.conditions.as_deref().unwrap_or_default();
    let unscheduled = conditions.iter().find(|one| {
        one.type_ == "PodScheduled"
            && one.status == "False"
            && one.reason.as_deref() == Some("Unschedulable")
    })?;
    let what = unscheduled.message.as_deref().unwrap_or_default();
    if what.contains("persistentvolumeclaim") {
        let advice = "Make or bind the claim that input.volume names";
        return finding("VolumeUnavailable", what, advice, true);
    }
    let advice =
        "It starts by itself when a node has room: add nodes, lower resources or parallelism";
    finding("Unschedulable", what, advice, false)
}

/// The events that tell why pods don't come up: what each is about, and its reason.
pub const TELLING: [(&str, &str); 3] =
    [("Job", "FailedCreate"), ("Pod", "FailedMount"), ("Pod", "FailedAttachVolume")];

/// Whether an event says that a pod of a Job could not be made.
pub fn is_refusal(event: &Event) -> bool {
    event.involved_object.kind.as_deref() == Some("Job")
        && event.reason.as_deref() == Some("FailedCreate")
}

/// Whether an event says that a volume of a pod could not be mounted.
fn is_unmounted(event: &Event) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    event.involved_object.kind.as_deref() == Some("Pod") && TELLING.contains(&("Pod", reason))
}

/// Why the Job controller could not make pods.
fn not_created(stage: Stage, pods: &[Pod], events: &[Event]) -> Option<Finding> {
    // Once pods are there, an event about their absence is old.
    let event = events.iter().filter(|event| is_refusal(event)).max_by_key(|event| at(event))?;
    if pods.iter().any(|pod| created(pod) > at(event)) {
        return None;
    }
    let what = event.message.as_deref().unwrap_or_default();
    let advice = if what.contains("PodSecurity") {
        "Give the pods what the namespace's Pod Security standard asks for: podSecurityContext"
    } else if what.contains("quota") {
        "Raise the namespace's ResourceQuota, or lower resources or parallelism"
    } else {
        "Mend what refuses the pods in this namespace"
    };
    let message = format!("pods can't be made: {}. {advice}", cut(what));
    Some(Finding::to_mend(stage, "FailedCreate", message))
}

fn at(event: &Event) -> Option<k8s_openapi::jiff::Timestamp> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let precise = series.or(event.event_time.as_ref()).map(|time| time.0);
    event.last_timestamp.as_ref().map(|time| time.0).or(precise)
}

fn created(pod: &Pod) -> Option<k8s_openapi::jiff::Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

/// How a pod failed.
fn failed(stage: Stage, pod: &Pod) -> Option<Finding> {
    let index = index(pod);
    let finding = |reason: &str, message: String, exit_code| {
        let reason = reason.to_owned();
        Some(Finding { stage, index, reason, message, exit_code, needs_help: false })
    };
    let Some(ended) = terminated(pod) else {
        let status = pod.status.as_ref()?;
        let reason = status.reason.as_deref()?;
        let what = status.message.as_deref().unwrap_or(reason);
        return (status.phase.as_deref() == Some("Failed"))
            .then(|| finding(reason, format!("pod {}: {}", name(pod), cut(what)), None))?;
    };
    let code = ended.exit_code;
    if code == 0 {
        return None;
    }
    if ended.reason.as_deref() == Some("OOMKilled") {
        let message = format!(
            "pod {} used more memory than its limit and was killed. Raise \
             spec.{}.resources.limits.memory",
            name(pod),
            pods_field(stage)
        );
        return finding("OOMKilled", message, Some(code));
    }
    let text = ended.message.as_deref().unwrap_or_default();
    if let Ok(message) = TerminationMessage::from_json(text) {
        return finding(&word(&message.reason), cut(&message.message), Some(code));
    }
    let reason = ended.reason.as_deref().unwrap_or("Error");
    let said = if text.is_empty() { String::new() } else { format!(": {}", cut(text)) };
    finding(reason, format!("pod {} ended with exit code {code}{said}", name(pod)), Some(code))
}

/// The beginning of a text, within what a condition holds, in one line: whoever wrote it, it is shown in
/// terminals, and a control character takes six bytes of JSON.
fn cut(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut end = text.len().min(MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace(char::is_control, " ")
}

/// One word, as reasons are, of what a worker gave for one.
fn word(text: &str) -> String {
    let word: String = text.chars().filter(char::is_ascii_alphanumeric).take(REASON).collect();
    if word.is_empty() { "Error".to_owned() } else { word }
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
    fn whatever_a_worker_says_is_one_line_of_bounded_text_and_a_word() {
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
    fn numbers_that_fit_into_no_status_are_no_report() {
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
    fn what_keeps_a_pod_from_coming_up_is_named_with_what_to_do() {
        let waiting = |reason: &str, message: &str| {
            let state = json!({"waiting": {"reason": reason, "message": message}});
            pod("p", &json!({"containerStatuses": [container(&state)]}))
        };
        let named = |pod: Pod, events: &[Event]| diagnose(Stage::Etl, &[pod], events);
        let found = named(waiting("ImagePullBackOff", "Back-off pulling image"), &[]).unwrap();
        assert_eq!((found.reason.as_str(), found.index), ("ImagePullBackOff", Some(3)));
        assert!(found.needs_help && found.message.contains("imagePullSecrets"), "{found:?}");
        // The two take turns: one of them would be told again and again.
        let found = named(waiting("ErrImagePull", "not found"), &[]).unwrap();
        assert_eq!(found.reason, "ImagePullBackOff");
        let missing = waiting("CreateContainerConfigError", "secret \"mongo\" not found");
        let found = named(missing, &[]).unwrap();
        assert!(found.message.contains("secret \"mongo\" not found. Make the Secret"), "{found:?}");
        assert_eq!(named(waiting("ContainerCreating", ""), &[]), None);
        let mount = [event(
            "Pod",
            "uid-p",
            "FailedMount",
            "configmap \"c\" not found",
            "2026-01-01T00:00:11Z",
        )];
        let found = named(waiting("ContainerCreating", ""), &mount).unwrap();
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
    fn events_are_needed_only_of_pods_that_are_on_a_node_and_say_nothing_themselves() {
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
    fn pods_that_can_not_be_made_are_explained_until_there_are_some() {
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
    fn of_failed_pods_the_one_that_no_retry_mends_is_named() {
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
        let well = ended(
            "d",
            0,
            "Completed",
            r#"{"format":1,"stage":"plan","index":0,"outcome":"done"}"#,
            "2026-01-01T00:00:02Z",
        );
        assert_eq!(diagnose(Stage::Plan, std::slice::from_ref(&well), &[]), None);
        assert!(report(&well).is_some());
        let strange = r#"{"format":1,"stage":"plan","index":0,"outcome":"done","plan":{"hash":"--x /","startNumber":1,"shards":1,"partitions":1,"objects":1,"compressed":0,"bytes":1}}"#;
        let strange = ended("e", 0, "Completed", strange, "2026-01-01T00:00:02Z");
        assert_eq!(report(&strange), None, "what becomes an argument is checked");
    }
}
