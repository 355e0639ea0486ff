//! Generated files are fresh: the definition in the chart, `install.yaml`, the chart's README.
//! `UPDATE=1 cargo test -p trendjob-e2e fresh` writes them.

use std::fs;
use std::process::Command;

use crate::tools::{chart, helms, read, run, top};

#[track_caller]
fn fresh(path: &str, expected: &str) {
    let file = top().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not fresh: UPDATE=1 cargo test -p trendjob-e2e fresh writes it"
    );
}

/// Returns the definition as a template, with the labels of the release and the switches
/// `crds.enabled` and `crds.keep`.
fn definition_template() -> String {
    let definition = read("manifests/crd/trendjobs.yaml");
    let body = definition.split_once('\n').unwrap().1;
    let (head, spec) = body.split_once("\nspec:\n").unwrap();
    let head = head.trim_end();
    assert!(!body.contains("{{"), "the definition holds no template of Helm");
    assert!(head.ends_with("metadata:\n  name: trendjobs.trendjob.dev"), "{head}");
    format!(
        "{{{{- /* Written from manifests/crd/trendjobs.yaml by the tests of e2e. Do not edit. */ -}}}}
{{{{- if .Values.crds.enabled }}}}
{head}
  labels:
    {{{{- include \"trendjob.labels\" (dict \"root\" . \"component\" \"crd\") | nindent 4 }}}}
  {{{{- $keep := ternary (dict \"helm.sh/resource-policy\" \"keep\") dict .Values.crds.keep }}}}
  {{{{- with merge $keep .Values.commonAnnotations }}}}
  annotations:
    {{{{- toYaml . | nindent 4 }}}}
  {{{{- end }}}}
spec:
{spec}{{{{- end }}}}
"
    )
}

#[test]
fn the_definition_in_the_chart_is_fresh() {
    fresh("charts/trendjob/templates/crd.yaml", &definition_template());
}

/// The head of `install.yaml`, for users without Helm.
const INSTALL: &str = "\
# Written from charts/trendjob by the tests of e2e. Do not edit.
#
# TrendJob without Helm, with a MongoDB of your own. First create the namespace and two Secrets; the
# second holds the URI of a user that may only read:
#
#   kubectl create namespace trendjob-system
#   kubectl -n trendjob-system create secret generic trendjob-mongodb --from-literal=uri=mongodb://...
#   kubectl -n trendjob-system create secret generic trendjob-mongodb-readonly --from-literal=uri=mongodb://...
#   kubectl apply --server-side -f manifests/install.yaml
#
# TrendJobs of other namespaces need the first Secret in their own namespace.
";

#[testing::needs(helm)]
#[test]
fn install_yaml_is_fresh() {
    for helm in helms() {
        let mut command = Command::new(&helm);
        command
            .args(["template", "trendjob", "--namespace", "trendjob-system", "--skip-tests"])
            // A Helm built by `go install` assumes an old cluster.
            .args(["--kube-version", "1.34.0"])
            .arg(chart());
        for value in [
            "mongodb.enabled=false",
            "connection.existingSecret=trendjob-mongodb",
            "connection.existingReadOnlySecret=trendjob-mongodb-readonly",
        ] {
            command.args(["--set", value]);
        }
        let rendered = run(&mut command).ok();
        // Lines that only Helm needs.
        let lines = rendered.lines().filter(|line| {
            !["helm.sh/", "# Source:", "app.kubernetes.io/managed-by: Helm"]
                .iter()
                .any(|mark| line.contains(mark))
        });
        let lines = lines.map(|line| format!("{}\n", line.trim_end()));
        // Without Helm's annotation, the definition has none.
        let mut text: String = lines.collect::<String>().replace("  annotations:\nspec:", "spec:");
        // Helm 3 and Helm 4 end documents differently.
        while text.contains("\n\n---\n") {
            text = text.replace("\n\n---\n", "\n---\n");
        }
        fresh("manifests/install.yaml", &format!("{INSTALL}{}\n", text.trim_end()));
    }
}

#[test]
fn the_readme_of_the_chart_is_fresh() {
    let readme = read("charts/trendjob/README.md");
    let (before, rest) = readme.split_once("<!-- values -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /values -->").unwrap();
    let table = super::readme::table(&read("charts/trendjob/values.yaml"));
    fresh(
        "charts/trendjob/README.md",
        &format!("{before}<!-- values -->\n{table}<!-- /values -->{after}"),
    );
}
