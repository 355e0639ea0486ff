//! The chart without a cluster: the manifests it renders, the values it refuses, and the files
//! generated from it.

mod dashboard;
mod fresh;
mod readme;
mod rendered;
mod wrong_values;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tools::{Ended, chart, run};
use crate::yaml;

/// Runs `helm template` with values in the form of `--set`.
pub(crate) fn template(helm: &str, values: &[&str]) -> Ended {
    template_of(helm, &chart(), values)
}

/// Runs `helm template` on a chart.
pub(crate) fn template_of(helm: &str, chart: &Path, values: &[&str]) -> Ended {
    let mut command = Command::new(helm);
    command.args(["template", "trendjob", "--namespace", "trendjob-system"]).arg(chart);
    // A Helm built by `go install` assumes an old cluster.
    command.args(["--kube-version", "1.34.0"]);
    for value in values {
        command.args(["--set", value]);
    }
    run(&mut command)
}

/// Returns the rendered objects.
#[track_caller]
pub(crate) fn objects(helm: &str, values: &[&str]) -> Vec<Value> {
    yaml::documents(&template(helm, values).ok())
}

/// Returns the only object of a kind whose name ends with `end`.
#[track_caller]
pub(crate) fn only<'a>(objects: &'a [Value], kind: &str, end: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| {
        yaml::text(object, "/kind") == kind && yaml::text(object, "/metadata/name").ends_with(end)
    });
    let one = found.next().unwrap_or_else(|| panic!("no {kind} ends with {end}"));
    assert!(found.next().is_none(), "several {kind} end with {end}");
    one
}

/// Values that switch on every option.
pub(crate) const EVERYTHING: &[&str] = &[
    "jobNamespaces={trends,more}",
    "imagePullSecrets={registry}",
    "commonLabels.team=trends",
    "commonAnnotations.team=trends",
    "metrics.serviceMonitor.enabled=true",
    "metrics.dashboard.enabled=true",
    "api.ingress.enabled=true",
    "api.ingress.hosts={trends.example.org}",
    "api.ingress.className=nginx",
    "api.httpRoute.enabled=true",
    "api.httpRoute.parentRefs[0].name=gateway",
    "connection.caSecret=mongo-ca",
    "operator.replicas=2",
    "operator.priorityClassName=high",
    "api.nodeSelector.pool=web",
];

#[testing::needs(helm)]
#[test]
fn helm_lints_the_chart_without_a_warning() {
    for helm in crate::tools::helms() {
        let linted = run(Command::new(&helm).args(["lint", "--strict"]).arg(chart())).ok();
        assert!(!linted.contains("WARNING") && !linted.contains("ERROR"), "{helm}: {linted}");
    }
}

#[testing::needs(helm, helm3)]
#[test]
fn helm_3_and_helm_4_render_the_same() {
    let helms = crate::tools::helms();
    let [first, second] = helms.as_slice() else { panic!("two Helms, not {helms:?}") };
    // Passwords are random.
    for values in [
        &["mongodb.auth.enabled=false"][..],
        &[EVERYTHING, &["mongodb.auth.enabled=false"]].concat(),
    ] {
        let sorted = |helm: &str| {
            let mut objects = objects(helm, values);
            objects.sort_by_key(|object| {
                (yaml::name(object), yaml::text(object, "/metadata/namespace").to_owned())
            });
            objects
        };
        assert_eq!(sorted(first), sorted(second));
    }
}
