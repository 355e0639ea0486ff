//! The text of everything in a namespace, for a test that failed.

use std::fmt::Write as _;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt as _;
use kube::api::{ListParams, LogParams};

use super::Testbed;

impl Testbed {
    pub(crate) async fn show(&self) -> String {
        let mut text = String::new();
        let all = ListParams::default();
        if let Ok(objects) = self.trendjobs().list(&all).await {
            for object in objects {
                let status = serde_json::to_string_pretty(&object.status).unwrap_or_default();
                writeln!(text, "== TrendJob {}\n{status}", object.name_any()).unwrap();
            }
        }
        if let Ok(jobs) = self.api::<Job>().list(&all).await {
            for job in jobs {
                let status = serde_json::to_string(&job.status).unwrap_or_default();
                writeln!(text, "== Job {} {status}", job.name_any()).unwrap();
            }
        }
        if let Ok(pods) = self.api::<Pod>().list(&all).await {
            for pod in pods {
                let status = serde_json::to_string(&pod.status).unwrap_or_default();
                writeln!(text, "== Pod {} {status}", pod.name_any()).unwrap();
                let lines = LogParams { tail_lines: Some(20), ..LogParams::default() };
                if let Ok(log) = self.api::<Pod>().logs(&pod.name_any(), &lines).await {
                    writeln!(text, "{log}").unwrap();
                }
            }
        }
        if let Ok(events) = self.api::<Event>().list(&all).await {
            for event in events {
                let (reason, message) =
                    (event.reason.unwrap_or_default(), event.message.unwrap_or_default());
                let about = event.involved_object.name.unwrap_or_default();
                writeln!(text, "== Event {about} {reason} {message}").unwrap();
            }
        }
        let log = std::fs::read_to_string(self.folder.path().join("operator.log"));
        let log = log.unwrap_or_default();
        let tail = log.len().saturating_sub(20_000);
        let tail = (tail..log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(log.len());
        writeln!(text, "== operator\n{}", &log[tail..]).unwrap();
        text
    }
}
