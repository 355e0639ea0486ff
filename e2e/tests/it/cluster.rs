//! A real cluster, used as users do: with `kubectl`. Tests take turns, because all TrendJobs of a
//! cluster share one definition. A test that fails prints the state of the cluster.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use crate::tools::{Ended, run, run_with, until, variable};

static TURN: Mutex<()> = Mutex::new(());

/// The namespace of the release.
pub(crate) const NAMESPACE: &str = "trendjob";

/// The cluster, for the time of one test.
pub(crate) struct Cluster {
    _turn: MutexGuard<'static, ()>,
}

/// Returns the file with the values that the chart needs on this cluster.
pub(crate) fn values() -> Option<PathBuf> {
    variable("TRENDJOB_TEST_CHART_VALUES").map(PathBuf::from)
}

impl Cluster {
    /// Waits until no other test uses the cluster that `KUBECONFIG` names, and takes it. The test
    /// may remove all TrendJobs, their definition, and everything that is called `trendjob`.
    pub(crate) fn take() -> Self {
        for needed in ["KUBECONFIG", "TRENDJOB_TEST_CLUSTER_IS_OURS"] {
            assert!(variable(needed).is_some(), "{needed} is not set (e2e/README.md)");
        }
        Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Runs `kubectl` with words.
    pub(crate) fn kubectl(&self, words: &str) -> Ended {
        self.kubectl_words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs `kubectl` with words that may hold spaces.
    #[expect(clippy::unused_self, reason = "only the test whose turn it is may call it")]
    pub(crate) fn kubectl_words(&self, words: &[&str]) -> Ended {
        run(Command::new("kubectl").args(words))
    }

    /// Returns the output of `kubectl get`; null if it finds nothing.
    pub(crate) fn get(&self, words: &str) -> Value {
        let got = self.kubectl(&format!("get --output=json --ignore-not-found {words}")).ok();
        if got.trim().is_empty() { Value::Null } else { serde_json::from_str(&got).unwrap() }
    }

    /// Returns the objects that `kubectl get` lists.
    pub(crate) fn list(&self, words: &str) -> Vec<Value> {
        // Without objects kubectl prints nothing.
        self.get(words)["items"].as_array().cloned().unwrap_or_default()
    }

    /// Runs `kubectl apply` on a text of manifests.
    #[expect(clippy::unused_self, reason = "only the test whose turn it is may call it")]
    pub(crate) fn apply(&self, words: &str, text: &str) -> Ended {
        let words = ["apply", "--filename=-"].into_iter().chain(words.split_whitespace());
        run_with(Command::new("kubectl").args(words), text)
    }

    /// Creates a namespace that admits only restricted pods.
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

    /// Removes everything that this test or an earlier one made.
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

    /// Removes the finalizers of all TrendJobs, because no operator is left that does it.
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

    /// Returns the logs of the pods of a part of the release.
    pub(crate) fn logs(&self, part: &str) -> String {
        let selector = format!("app.kubernetes.io/component={part}");
        self.kubectl(&format!(
            "logs --namespace={NAMESPACE} --selector={selector} --tail=-1 --prefix"
        ))
        .out
    }

    /// Prints the state of the cluster.
    #[expect(clippy::print_stderr, reason = "a failed test explains itself")]
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
