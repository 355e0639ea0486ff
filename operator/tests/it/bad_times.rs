//! An API server in bad times: whichever request fails, each object is created once and the run
//! ends as it does without the fault.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Parser as _;
use operator::args::{Args, Command, RunArgs};
use operator::run;
use operator::watch::Pulses;
use serde_json::{Value, json};
use service::probes::Readiness;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::api_server::{ApiServer, Fault};
use crate::cluster::manifests;

const TRENDJOB: &str = "/apis/trendjob.dev/v1alpha1/namespaces/team/trendjobs/job";
const PATIENCE: Duration = Duration::from_mins(10);

/// An operator at work; dropping it stops it.
struct Working(JoinHandle<()>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn arguments() -> RunArgs {
    let args = Args::parse_from(["operator", "run", "--worker-image", "worker"]);
    let Command::Run(args) = args.command else { panic!("the command is run") };
    *args
}

fn operator(server: &ApiServer) -> Working {
    let client = server.client();
    Working(tokio::spawn(async move {
        let (readiness, pulses) = (Readiness::default(), Pulses::default());
        run::work(&arguments(), client, &readiness, &pulses).await.unwrap();
    }))
}

fn apply(server: &ApiServer, changes: Value) {
    let mut object = manifests::trendjob("job", "trends", changes);
    object["metadata"]["namespace"] = "team".into();
    object["metadata"]["generation"] = 1.into();
    object["metadata"]["uid"] = "6a2f41a3-c54c-4e3c-a3a4-3c1f3a7e0b11".into();
    object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
    server.put(TRENDJOB, object);
}

async fn until(server: &ApiServer, what: &str, is_so: impl Fn(&ApiServer) -> bool) {
    let waited = timeout(PATIENCE, async {
        while !is_so(server) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    if waited.await.is_err() {
        let objects: Vec<_> = server.state().objects.clone().into_iter().collect();
        panic!("{what} did not happen\n{:#?}\n{:#?}", objects, server.state().requests);
    }
}

fn stage(server: &ApiServer) -> String {
    let object = server.state().objects[TRENDJOB].clone();
    object["status"]["stage"].as_str().unwrap_or_default().to_owned()
}

/// Completes a Job as its controller does, with a pod that has this termination message.
fn end(server: &ApiServer, job: &str, message: &Value) {
    let name = job.rsplit('/').next().unwrap().to_owned();
    let pod = json!({
        "metadata": {"name": format!("{name}-x"), "namespace": "team",
                     "labels": {"batch.kubernetes.io/job-name": name}},
        "spec": {"containers": [{"name": "worker"}]},
        "status": {"phase": "Succeeded", "containerStatuses": [{
            "name": "worker", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"terminated": {"exitCode": 0, "message": message.to_string()}},
        }]},
    });
    // The server knows no selectors, so the pods of other Jobs are removed.
    let pods = server.paths("/pods/");
    for pod in pods {
        server.state().objects.remove(&pod);
    }
    server.put(&format!("/api/v1/namespaces/team/pods/{name}-x"), pod);
    server.change(job, |job| {
        let succeeded = job["spec"]["completions"].clone();
        job["status"] = json!({
            "succeeded": succeeded,
            "conditions": [{"type": "Complete", "status": "True"}],
        });
    });
}

fn planned() -> Value {
    json!({"format": 1, "stage": "plan", "index": 0, "outcome": "done",
           "plan": {"hash": "h", "startNumber": 1, "shards": 4, "partitions": 2, "objects": 1,
                    "compressed": 0, "bytes": 100}})
}

fn published() -> Value {
    json!({"format": 1, "stage": "publish", "index": 0, "outcome": "done",
           "result": {"database": "trends", "generation": 1, "digest": "d", "topics": 9,
                      "incomplete": false}})
}

/// Takes a run to its end as the Job controller does. Returns the paths of all objects.
async fn through(server: &ApiServer) -> BTreeSet<String> {
    through_with(server, published()).await
}

/// As [`through`]; the pod that publishes ends with this message.
async fn through_with(server: &ApiServer, published: Value) -> BTreeSet<String> {
    for (stage, message) in
        [("plan", planned()), ("etl", json!({})), ("aggregate", json!({})), ("publish", published)]
    {
        let job = format!("job-6a2f41a3-0-{stage}");
        until(server, &job, |server| !server.paths(&job).is_empty()).await;
        end(server, &server.paths(&format!("jobs/{job}"))[0], &message);
    }
    until(server, "Complete", |server| stage(server) == "Complete").await;
    let state = server.state();
    let paths = state.objects.keys().filter(|path| !path.contains("/events/"));
    paths.cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_with_any_failed_request_ends_with_the_same_objects() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    let expected = through(&server).await;
    let requests = server.state().requests.clone();
    let posts = requests.iter().filter(|one| one.starts_with("POST /apis/batch")).count();
    assert_eq!(posts, 4, "{requests:?}");
    let failing = [
        ("GET", "/configmaps/"),
        ("POST", "/configmaps"),
        ("POST", "/jobs"),
        ("GET", "/pods"),
        ("GET", "/trendjobs/job"),
        ("PATCH", "/trendjobs/job/status"),
        ("POST", "/events"),
        ("GET", "/jobs"),
    ];
    let faults = [
        Fault::Answer(409, "Conflict"),
        Fault::Answer(410, "Expired"),
        Fault::Answer(429, "TooManyRequests"),
        Fault::Answer(500, "InternalError"),
        Fault::Lost,
        Fault::LostAnswer,
    ];
    for (method, path) in failing {
        for fault in &faults {
            let server = ApiServer::default();
            for _ in 0..3 {
                server.fail(method, path, fault.clone());
            }
            let _operator = operator(&server);
            apply(&server, json!({}));
            let found = through(&server).await;
            assert_eq!(found, expected, "{method} {path} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_if_the_status_does_not_note_its_beginning() {
    for fault in [Fault::LostAnswer, Fault::Lost, Fault::Answer(500, "InternalError")] {
        for (method, path) in [("POST", "/configmaps"), ("POST", "/jobs"), ("PATCH", "/status")] {
            let server = ApiServer::default();
            let _operator = operator(&server);
            apply(&server, json!({}));
            until(&server, "its Job", |server| !server.paths("-0-plan").is_empty()).await;
            server.change(&server.paths("jobs/job-").remove(0), |job| {
                let failed =
                    json!({"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"});
                job["status"] = json!({"conditions": [failed]});
            });
            until(&server, "Failed", |server| stage(server) == "Failed").await;
            server.fail(method, path, fault.clone());
            let annotations = json!({"trendjob.dev/restart": "1"});
            server.change(TRENDJOB, |object| object["metadata"]["annotations"] = annotations);
            until(&server, "its next Job", |server| !server.paths("-1-plan").is_empty()).await;
            let job = server.paths("-1-plan").remove(0);
            let mut message = planned();
            message["result"] = published()["result"].clone();
            end(&server, &job, &message);
            until(&server, "Complete", |server| stage(server) == "Complete").await;
            assert_eq!(
                server.paths("jobs/job-").len(),
                1,
                "the Jobs of the previous run are deleted"
            );
            let object = server.state().objects[TRENDJOB].clone();
            assert_eq!(object["status"]["restarts"], 1, "{method} {path} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_requested_during_a_run_begins_at_its_end() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-0-plan").is_empty()).await;
    let annotations = json!({"trendjob.dev/restart": "1"});
    server.change(TRENDJOB, |object| object["metadata"]["annotations"] = annotations);
    let mut message = planned();
    message["result"] = published()["result"].clone();
    end(&server, &server.paths("-0-plan").remove(0), &message);
    until(&server, "its next run", |server| !server.paths("-1-plan").is_empty()).await;
    let left = ["jobs/job-6a2f41a3-0", "configmaps/job-6a2f41a3-0"];
    let is_gone = |server: &ApiServer| left.iter().all(|left| server.paths(left).is_empty());
    until(&server, "the deletion of the previous run", is_gone).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_recognised_by_its_age() {
    let server = ApiServer::default();
    let pulses = Pulses::default();
    let client = server.client_with(pulses.clone());
    let watched = pulses.clone();
    let _operator = Working(tokio::spawn(async move {
        let readiness = Readiness::default();
        run::work(&arguments(), client, &readiness, &watched).await.unwrap();
    }));
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    // The server sends a bookmark each minute, as a real one does.
    for _ in 0..60 {
        sleep(Duration::from_mins(1)).await;
        server.bookmark();
        sleep(Duration::from_secs(1)).await;
        let oldest = pulses.oldest();
        assert!(oldest.as_ref().is_some_and(|(_, age)| age.as_secs() < 120), "{oldest:?}");
    }
    // From now on the server accepts requests and sends nothing: the connections look healthy.
    server.state().is_silent = true;
    sleep(Duration::from_secs(700)).await;
    let (path, age) = pulses.oldest().unwrap();
    assert!(age > Duration::from_mins(10), "{path} {age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_version_is_too_old_lists_again_and_misses_nothing() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    // From now on every watch has to list again, once.
    server.state().forgotten = 5;
    let expected = through(&server).await;
    assert!(expected.iter().any(|path| path.ends_with("-publish")));
}

#[tokio::test(start_paused = true)]
async fn a_running_stage_is_looked_at_twice_a_minute_at_most() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    let job = server.paths("jobs/job-").remove(0);
    server.change(&job, |job| job["status"] = json!({"active": 1, "ready": 1}));
    // The pass over that change is not counted.
    sleep(Duration::from_secs(10)).await;
    let passes = |server: &ApiServer| {
        let state = server.state();
        let reads = state
            .requests
            .iter()
            .filter(|one| one.contains("GET /api/v1/namespaces/team/configmaps"));
        reads.count()
    };
    let before = passes(&server);
    sleep(Duration::from_mins(1)).await;
    assert!(passes(&server) - before <= 2, "{:#?}", server.state().requests);
    // The longest time between two passes is five minutes.
    sleep(Duration::from_mins(5)).await;
    assert!(passes(&server) > before, "no pass over the run after five minutes");
}

#[tokio::test(start_paused = true)]
async fn runs_with_slow_pods_share_the_lists_of_warnings_and_each_finds_its_own_cause() {
    const RUNS: usize = 40;
    let server = ApiServer::default();
    let _operator = operator(&server);
    for number in 0..RUNS {
        let name = format!("slow-{number}");
        let mut object = manifests::trendjob(&name, "trends", json!({}));
        object["metadata"]["namespace"] = "team".into();
        object["metadata"]["generation"] = 1.into();
        object["metadata"]["uid"] = format!("{number:08}-c54c-4e3c-a3a4-3c1f3a7e0b11").into();
        server.put(&TRENDJOB.replace("/trendjobs/job", &format!("/trendjobs/{name}")), object);
    }
    until(&server, "their Jobs", |server| server.paths("-0-plan").len() == RUNS).await;
    for job in server.paths("jobs/slow-") {
        let name = job.rsplit('/').next().unwrap();
        server.change(&job, |job| job["status"] = json!({"active": 0}));
        // The namespace refuses only the pod of this Job.
        if name.starts_with("slow-7-") {
            let event = json!({
                "metadata": {"name": "refused", "namespace": "team"}, "type": "Warning",
                "reason": "FailedCreate", "message": "exceeded quota: team",
                "involvedObject": {"kind": "Job", "name": name},
                "lastTimestamp": "2026-01-01T00:00:05Z",
            });
            server.put("/api/v1/namespaces/team/events/refused", event);
        }
    }
    let looks = |server: &ApiServer| {
        let state = server.state();
        state.requests.iter().filter(|one| *one == "GET /api/v1/namespaces/team/events").count()
    };
    let stalled = |server: &ApiServer| -> Vec<String> {
        let state = server.state();
        let is_stalled = |object: &Value| {
            let conditions = object["status"]["conditions"].as_array();
            conditions.into_iter().flatten().any(|one| {
                one["type"] == "Stalled"
                    && one["status"] == "True"
                    && one["reason"] == "FailedCreate"
            })
        };
        let objects = state.objects.iter().filter(|(path, _)| path.contains("/trendjobs/"));
        let stalled = objects.filter(|(_, object)| is_stalled(object));
        stalled.map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    // The cause is found although the first lists fail.
    for _ in 0..9 {
        server.fail("GET", "/namespaces/team/events", Fault::Answer(500, "InternalError"));
    }
    until(&server, "the cause", |server| !stalled(server).is_empty()).await;
    let before = looks(&server);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(stalled(&server), ["slow-7"], "the others are not refused");
    // Each look is three lists, one for each reason.
    let looked = looks(&server) - before;
    assert!((6..=48).contains(&looked), "{looked} lists for {RUNS} runs in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_refused_job_is_reported_and_created_once_it_is_accepted() {
    for (code, reason) in [(400, "BadRequest"), (403, "Forbidden"), (422, "Invalid")] {
        let server = ApiServer::default();
        let _operator = operator(&server);
        for _ in 0..3 {
            server.fail("POST", "/jobs", Fault::Answer(code, reason));
        }
        apply(&server, json!({}));
        let ready = |server: &ApiServer| {
            let path = "/apis/trendjob.dev/v1alpha1/namespaces/team/trendjobs/job";
            let object = server.state().objects[path].clone();
            let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let ready = conditions.iter().find(|one| one["type"] == "Ready").cloned();
            ready.map(|ready| (ready["reason"].to_string(), ready["message"].to_string()))
        };
        until(&server, "the condition", |server| {
            ready(server).is_some_and(|(reason, message)| {
                reason.contains("FailedCreate") && message.contains("can't be created")
            })
        })
        .await;
        until(&server, "the event", |server| !server.paths("/events/").is_empty()).await;
        until(&server, "the Job", |server| !server.paths("/jobs/").is_empty()).await;
        until(&server, "the end of the cause", |server| {
            ready(server).is_some_and(|(reason, _)| reason.contains("Running"))
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_trendjob_costs_no_request_but_the_first_lists() {
    let server = ApiServer::default();
    let first = operator(&server);
    apply(&server, json!({}));
    through(&server).await;
    drop(first);
    server.state().requests.clear();
    let _operator = operator(&server);
    sleep(Duration::from_hours(1)).await;
    let requests = server.state().requests.clone();
    for list in ["/trendjobs", "/jobs"] {
        assert!(requests.iter().any(|one| one.ends_with(list)), "{list} are not listed");
    }
    let is_list = |one: &String| one.ends_with("/trendjobs") || one.ends_with("/jobs");
    assert!(requests.iter().all(is_list), "{requests:#?}");
    // The operator is at work: it begins a run that is requested.
    let annotations = json!({"trendjob.dev/restart": "1"});
    server.change(TRENDJOB, |object| object["metadata"]["annotations"] = annotations);
    until(&server, "another run", |server| !server.paths("-1-plan").is_empty()).await;
}

/// The types and notes of the events with a reason.
fn events(server: &ApiServer, reason: &str) -> Vec<(String, String)> {
    let state = server.state();
    let events = state.objects.iter().filter(|(path, _)| path.contains("/events/"));
    let with_reason = events.filter(|(_, event)| event["reason"] == reason);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    with_reason.map(|(_, event)| (text(&event["type"]), text(&event["note"]))).collect()
}

#[tokio::test(start_paused = true)]
async fn copies_that_can_not_be_written_are_one_event_of_a_complete_trendjob() {
    let server = ApiServer::default();
    let first = operator(&server);
    apply(&server, json!({}));
    let mut message = published();
    let warning = "the plain documents show an earlier result: the disk is full";
    message["warning"] = warning.into();
    through_with(&server, message).await;
    until(&server, "an event", |server| !events(server, "Published").is_empty()).await;
    // A later pass, of another operator, does not tell it again.
    drop(first);
    let _second = operator(&server);
    server.change(TRENDJOB, |object| object["metadata"]["generation"] = 2.into());
    let observed =
        |server: &ApiServer| server.state().objects[TRENDJOB]["status"]["observedGeneration"] == 2;
    until(&server, "another pass", observed).await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(events(&server, "CopiesOutdated"), [("Warning".to_owned(), warning.to_owned())]);
    let status = server.state().objects[TRENDJOB]["status"].clone();
    assert_eq!((&status["stage"], &status["result"]["digest"]), (&"Complete".into(), &"d".into()));
    let holds = |kind: &str| {
        let conditions = status["conditions"].as_array().unwrap();
        conditions.iter().any(|one| one["type"] == kind && one["status"] == "True")
    };
    assert!(["Published", "Complete", "Ready"].into_iter().all(holds), "{status:#}");
    assert!(!holds("Failed") && !holds("Stalled"), "{status:#}");
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_spec_is_reported_and_does_not_stop_other_trendjobs() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    let bad = TRENDJOB.replace("/trendjobs/job", "/trendjobs/bad");
    let mut object = manifests::trendjob("bad", "trends", json!({}));
    object["metadata"]["namespace"] = "team".into();
    object["spec"]["fieldOfTheFuture"] = true.into();
    server.put(&bad, object);
    apply(&server, json!({}));
    through(&server).await;
    let path = server.paths("trendjobs/bad").remove(0);
    let conditions = server.state().objects[&path]["status"]["conditions"].clone();
    let stalled =
        conditions.as_array().unwrap().iter().find(|one| one["type"] == "Stalled").unwrap();
    assert_eq!((&stalled["status"], &stalled["reason"]), (&json!("True"), &json!("InvalidSpec")));
    assert!(stalled["message"].as_str().unwrap().contains("fieldOfTheFuture"));
}
