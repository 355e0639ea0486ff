//! A real cluster, used as users use it: with `kubectl`. Owns that tests take turns, because the definition of TrendJobs
//! is the cluster's, and that a test which fails shows what was going on.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use crate::tools::{Ended, run, run_with, until, variable};

static TURN: Mutex<()> = Mutex::new(());

/// Where the chart is installed, and where TrendJobs run that are not beside it.
pub(crate) const NAMESPACE: &str = "trendjob";

/// A cluster for tests: what is called `trendjob` there is ours.
pub(crate) struct Cluster {
    _turn: MutexGuard<'static, ()>,
}

/// What the chart needs on this cluster: a file of values.
pub(crate) fn values() -> Option<PathBuf> {
    variable("TRENDJOB_TEST_CHART_VALUES").map(PathBuf::from)
}

impl Cluster {
    /// The cluster that `KUBECONFIG` names, once no other test uses it. All TrendJobs and their
    /// definition may be removed from it, and everything that is called `trendjob`.
    pub(crate) fn take() -> Self {
        for needed in ["KUBECONFIG", "TRENDJOB_TEST_CLUSTER_IS_OURS"] {
            assert!(variable(needed).is_some(), "{needed} is not set (e2e/README.md)");
        }
        Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// `kubectl` with these words.
    pub(crate) fn kubectl(&self, words: &str) -> Ended {
        self.kubectl_words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// `kubectl` with words that hold spaces.
    #[expect(clippy::unused_self, reason = "whose turn it is not does not call")]
    pub(crate) fn kubectl_words(&self, words: &[&str]) -> Ended {
        run(Command::new("kubectl").args(words))
    }

    /// What `kubectl get` finds, as a value; null where there is nothing.
    pub(crate) fn get(&self, words: &str) -> Value {
        let got = self.kubectl(&format!("get --output=json --ignore-not-found {words}")).ok();
        if got.trim().is_empty() { Value::Null } else { serde_json::from_str(&got).unwrap() }
    }

    /// The objects that `kubectl get` lists.
    pub(crate) fn list(&self, words: &str) -> Vec<Value> {
        // Where there is nothing, nothing is printed.
        self.get(words)["items"].as_array().cloned().unwrap_or_default()
    }

    /// Applies a text of manifests.
    #[expect(clippy::unused_self, reason = "whose turn it is not does not call")]
    pub(crate) fn apply(&self, words: &str, text: &str) -> Ended {
        let words = ["apply", "--filename=-"].into_iter().chain(words.split_whitespace());
        run_with(Command::new("kubectl").args(words), text)
    }

    /// Makes a namespace that lets in restricted pods alone.
    pub(crate) fn make_namespace(&self, name: &str) {
        self.apply(
            "",
            &format!(
                "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: \
                 {{trendjob.dev/made-by: e2e, pod-security.kubernetes.io/enforce: restricted}}}}}}"
            ),
        )
        .ok();
        until("the account of the namespace", || {
            let account = self.get(&format!("--namespace={name} serviceaccount default"));
            (!account.is_null()).then_some(())
        });
    }

    /// Removes what tests of this crate leave, or others left.
    pub(crate) fn clean_up(&self) {
        self.release_trendjobs();
        self.kubectl("delete --ignore-not-found namespace --selector=trendjob.dev/made-by=e2e")
            .ok();
        for kinds in ["clusterrole,clusterrolebinding", "crd"] {
            let selector = "--selector=app.kubernetes.io/part-of=trendjob";
            self.kubectl(&format!("delete --ignore-not-found {kinds} {selector}")).ok();
        }
        self.kubectl("delete --ignore-not-found crd --selector=trendjob.dev/made-by=e2e").ok();
        self.kubectl("delete --ignore-not-found crd trendjobs.trendjob.dev").ok();
    }

    /// Lets all TrendJobs go that wait for their results to be removed: nobody is there any more who would.
    fn release_trendjobs(&self) {
        if self.get("crd trendjobs.trendjob.dev").is_null() {
            return;
        }
        let fields = "jsonpath={range .items[?(@.metadata.finalizers)]}{.metadata.namespace} {.metadata.name}{\"\\n\"}{end}";
        let all =
            self.kubectl_words(&["get", "trendjobs", "--all-namespaces", "--output", fields]).ok();
        for line in all.lines() {
            let (namespace, name) = line.split_once(' ').unwrap();
            let release = r#"--patch={"metadata":{"finalizers":null}}"#;
            let words =
                ["patch", "trendjob", name, "--namespace", namespace, "--type=merge", release];
            self.kubectl_words(&words);
        }
    }

    /// The logs of pods of a part of the release.
    pub(crate) fn logs(&self, part: &str) -> String {
        let selector = format!("app.kubernetes.io/component={part}");
        self.kubectl(&format!(
            "logs --namespace={NAMESPACE} --selector={selector} --tail=-1 --prefix"
        ))
        .out
    }

    /// Everything there is to know, for who has to find out why a test failed.
    #[expect(clippy::print_stderr, reason = "this is what a failed test says")]
    fn show(&self) {
        for words in [
            "get all,pvc,networkpolicy,configmap --all-namespaces --output=wide --selector=app.kubernetes.io/name=trendjob",
            "get trendjobs --all-namespaces --output=yaml",
            "get events --namespace=trendjob --sort-by=.lastTimestamp",
            "describe pods --namespace=trendjob",
            "describe hpa --namespace=trendjob",
        ] {
            let shown = self.kubectl(words);
            eprintln!("\n$ kubectl {words}\n{}{}", shown.out, shown.err);
        }
        for pod in self.list(&format!("pods --namespace={NAMESPACE}")) {
            let name = crate::yaml::text(&pod, "/metadata/name");
            let logs = self.kubectl(&format!("logs --namespace={NAMESPACE} {name} --tail=40"));
            eprintln!("\n$ kubectl logs {name}\n{}{}", logs.out, logs.err);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show();
        }
    }
}
