//! An API server in bad times: whatever fails and whenever, each object is made once and the run ends as
//! it would have ended.

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
const PATIENCE: Duration = Duration::from_secs(600);

/// An operator over the server; it works until it is dropped.
struct Working(JoinHandle<()>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn arguments() -> RunArgs {
    let args = Args::parse_from(["operator", "run", "--worker-image", "worker"]);
    let Command::Run(args) = args.command else { panic!("it runs") };
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

async fn until(server: &ApiServer, what: &str, holds: impl Fn(&ApiServer) -> bool) {
    let waited = timeout(PATIENCE, async {
        while !holds(server) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    if waited.await.is_err() {
        let objects: Vec<_> = server.state().objects.clone().into_iter().collect();
        panic!("{what} did not come about\n{:#?}\n{:#?}", objects, server.state().asked);
    }
}

fn stage(server: &ApiServer) -> String {
    let object = server.state().objects[TRENDJOB].clone();
    object["status"]["stage"].as_str().unwrap_or_default().to_owned()
}

/// Ends a Job as its controller does, with a pod that reported this.
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
    // The pods of other Jobs are not asked for here: the server knows no selectors.
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

/// Takes a run to its end, as the Job controller would, and returns the objects there are.
async fn through(server: &ApiServer) -> BTreeSet<String> {
    for (stage, message) in [
        ("plan", planned()),
        ("etl", json!({})),
        ("aggregate", json!({})),
        ("publish", published()),
    ] {
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
async fn whatever_request_fails_the_run_ends_as_it_would_have_and_nothing_is_made_twice() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    let expected = through(&server).await;
    let (asked, posts) = {
        let state = server.state();
        let asked: BTreeSet<_> = state.asked.iter().cloned().collect();
        let posts = state.asked.iter().filter(|one| one.starts_with("POST /apis/batch")).count();
        (asked, posts)
    };
    assert_eq!(posts, 4, "{asked:?}");
    let requests = [
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
    for (method, path) in requests {
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
async fn a_restart_whose_beginning_was_not_noted_goes_on() {
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
            let mut told = planned();
            told["result"] = published()["result"].clone();
            end(&server, &job, &told);
            until(&server, "Complete", |server| stage(server) == "Complete").await;
            assert_eq!(server.paths("jobs/job-").len(), 1, "the run before is gone");
            let object = server.state().objects[TRENDJOB].clone();
            assert_eq!(object["status"]["restarts"], 1, "{method} {path} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_asked_for_while_a_run_is_at_work_begins_when_it_ends() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-0-plan").is_empty()).await;
    let annotations = json!({"trendjob.dev/restart": "1"});
    server.change(TRENDJOB, |object| object["metadata"]["annotations"] = annotations);
    let mut told = planned();
    told["result"] = published()["result"].clone();
    end(&server, &server.paths("-0-plan").remove(0), &told);
    until(&server, "its next run", |server| !server.paths("-1-plan").is_empty()).await;
    let left = ["jobs/job-6a2f41a3-0", "configmaps/job-6a2f41a3-0"];
    let is_gone = |server: &ApiServer| left.iter().all(|left| server.paths(left).is_empty());
    until(&server, "the end of what is left of the one before", is_gone).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_falls_silent_is_known_by_its_age() {
    let server = ApiServer::default();
    let pulses = Pulses::default();
    let client = server.client_with(pulses.clone());
    let seen = pulses.clone();
    let _operator = Working(tokio::spawn(async move {
        let readiness = Readiness::default();
        run::work(&arguments(), client, &readiness, &seen).await.unwrap();
    }));
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    // The server says something each minute, as one does with bookmarks.
    for _ in 0..60 {
        sleep(Duration::from_secs(60)).await;
        server.bookmark();
        sleep(Duration::from_secs(1)).await;
        let oldest = pulses.oldest();
        assert!(oldest.as_ref().is_some_and(|(_, age)| age.as_secs() < 120), "{oldest:?}");
    }
    // From now on it takes what it is asked and says nothing: connections look healthy.
    server.state().is_silent = true;
    sleep(Duration::from_secs(700)).await;
    let (path, age) = pulses.oldest().unwrap();
    assert!(age > Duration::from_secs(600), "{path} {age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_version_is_too_old_lists_again_and_misses_nothing() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    // Every watch that begins from now on is told to list again, once.
    server.state().forgotten = 5;
    let expected = through(&server).await;
    assert!(expected.iter().any(|path| path.ends_with("-publish")));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_is_looked_at_twice_a_minute_at_most() {
    let server = ApiServer::default();
    let _operator = operator(&server);
    apply(&server, json!({}));
    until(&server, "its Job", |server| !server.paths("-plan").is_empty()).await;
    let job = server.paths("jobs/job-").remove(0);
    server.change(&job, |job| job["status"] = json!({"active": 1, "ready": 1}));
    // What that changed is seen and written.
    sleep(Duration::from_secs(10)).await;
    let passes = |server: &ApiServer| {
        server
            .state()
            .asked
            .iter()
            .filter(|one| one.contains("GET /api/v1/namespaces/team/configmaps"))
            .count()
    };
    let before = passes(&server);
    sleep(Duration::from_secs(60)).await;
    assert!(passes(&server) - before <= 2, "{:#?}", server.state().asked);
}

#[tokio::test(start_paused = true)]
async fn runs_whose_pods_are_slow_share_one_look_at_the_warnings_and_each_finds_its_own() {
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
        // The only one whose pod the namespace refuses.
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
        state.asked.iter().filter(|one| *one == "GET /api/v1/namespaces/team/events").count()
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
    // Nothing hangs on the first answers.
    for _ in 0..9 {
        server.fail("GET", "/namespaces/team/events", Fault::Answer(500, "InternalError"));
    }
    until(&server, "the cause", |server| !stalled(server).is_empty()).await;
    let before = looks(&server);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stalled(&server), ["slow-7"], "the others are not refused");
    // Of three reasons each.
    let looked = looks(&server) - before;
    assert!((6..=48).contains(&looked), "{looked} lists for {RUNS} runs in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_refused_is_said_and_made_when_it_is_not_any_more() {
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
        until(&server, "said", |server| {
            ready(server).is_some_and(|(why, what)| {
                why.contains("FailedCreate") && what.contains("can't be made")
            })
        })
        .await;
        until(&server, "told", |server| !server.paths("/events/").is_empty()).await;
        until(&server, "made", |server| !server.paths("/jobs/").is_empty()).await;
        until(&server, "well", |server| {
            ready(server).is_some_and(|(why, _)| why.contains("Running"))
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_one_costs_no_request_at_all() {
    let server = ApiServer::default();
    let first = operator(&server);
    apply(&server, json!({}));
    through(&server).await;
    drop(first);
    server.state().asked.clear();
    let _operator = operator(&server);
    sleep(Duration::from_secs(3_600)).await;
    let asked = server.state().asked.clone();
    assert!(
        asked.iter().all(|one| one.ends_with("/trendjobs") || one.ends_with("/jobs")),
        "{asked:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_can_not_be_read_is_said_and_stops_no_other() {
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
