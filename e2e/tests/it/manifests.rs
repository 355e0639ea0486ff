//! A real API server accepts every manifest of the repository, in a dry run. Kinds of other
//! projects, such as Argo CD's, have stand-in definitions that take any content: the tests show
//! only that the objects are well formed and have the right group, version and scope.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::chart::{EVERYTHING, template};
use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{read, run, run_with, top};
use crate::yaml::{documents, name, text};

/// Kinds of other projects in manifests and chart: group, version, kind, plural.
const FOREIGN: [(&str, &str, &str, &str); 6] = [
    ("argoproj.io", "v1alpha1", "Application", "applications"),
    ("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
];

fn stand_in((group, version, kind, plural): (&str, &str, &str, &str)) -> String {
    let annotation = if group == "gateway.networking.k8s.io" {
        // Groups under k8s.io are protected.
        "annotations: {api-approved.kubernetes.io: unapproved}, "
    } else {
        ""
    };
    format!(
        "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{{annotation}name: {plural}.{group}, \
         labels: {{trendjob.dev/made-by: e2e}}}}, spec: {{group: {group}, scope: Namespaced, names: {{kind: {kind}, plural: \
         {plural}, singular: {}}}, versions: [{{name: {version}, served: true, storage: true, schema: {{openAPIV3Schema: \
         {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}]}}}}",
        kind.to_lowercase()
    )
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
}

/// Returns all manifests with their paths.
fn manifests() -> Vec<(String, String)> {
    let mut paths =
        vec!["manifests/crd/trendjobs.yaml".to_owned(), "manifests/install.yaml".to_owned()];
    for folder in ["manifests/rbac", "manifests/examples"] {
        let entries = fs::read_dir(top().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().path()).filter(|path| is_yaml(path));
        let names = names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        paths.extend(names.map(|name| format!("{folder}/{name}")));
    }
    paths.sort();
    let mut all: Vec<_> = paths.into_iter().map(|path| (path.clone(), read(&path))).collect();
    // The CronJob and the DAG for Airflow create a TrendJob each.
    let schedule = documents(&read("manifests/examples/schedule.yaml"));
    let map = schedule.iter().find(|object| text(object, "/kind") == "ConfigMap").unwrap();
    all.push((
        "the TrendJob of schedule.yaml".to_owned(),
        text(map, "/data/trendjob.yaml").to_owned(),
    ));
    all.push(("the TrendJob of airflow.py".to_owned(), airflow()));
    all
}

/// Stand-ins for Airflow's modules. The DAG is run with the values that Jinja would insert.
const AIRFLOW: &str = r"
import sys, types
for name in ['airflow', 'airflow.decorators', 'airflow.exceptions', 'airflow.providers', 'airflow.providers.cncf',
             'airflow.providers.cncf.kubernetes', 'airflow.providers.cncf.kubernetes.hooks',
             'airflow.providers.cncf.kubernetes.hooks.kubernetes', 'airflow.providers.cncf.kubernetes.operators',
             'airflow.providers.cncf.kubernetes.operators.resource', 'airflow.sensors', 'airflow.sensors.base']:
    sys.modules[name] = types.ModuleType(name)
made = []
class Task:
    def __init__(self, **arguments): made.append(arguments)
    def __rshift__(self, other): return other
def decorator(*args, **kwargs): return lambda function: lambda *args: Task() if args else function()
class task: sensor = staticmethod(decorator)
class Fail(Exception): pass
def put(module, **names): sys.modules[module].__dict__.update(names)
put('airflow.decorators', dag=decorator, task=task)
put('airflow.exceptions', AirflowFailException=Fail)
put('airflow.providers.cncf.kubernetes.hooks.kubernetes', KubernetesHook=object)
put('airflow.providers.cncf.kubernetes.operators.resource', KubernetesCreateResourceOperator=Task)
put('airflow.sensors.base', PokeReturnValue=dict)
source = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'), source)
verdict = source['verdict']
condition = lambda kind, **more: {'status': {'conditions': [{'type': kind, 'status': 'True', 'message': 'why'}], **more}}
assert verdict({}) is None and verdict(condition('Reconciling')) is None
assert verdict(condition('Complete', result={'generation': 1})) == {'generation': 1}
try: verdict(condition('Failed')); raise SystemExit('a failure passed')
except Fail as error: assert str(error) == 'why'
print(made[0]['yaml_conf'].replace('{{ ds_nodash }}', '20260101').replace('{{ ds }}', '2026-01-01'))
";

/// Returns the TrendJob that the DAG for Airflow creates.
fn airflow() -> String {
    let mut command = Command::new("python3");
    run(command.args(["-c", AIRFLOW]).arg(top().join("manifests/examples/airflow.py"))).ok()
}

#[testing::needs(python3)]
#[test]
fn the_dag_for_airflow_creates_one_trendjob_and_waits_for_its_end() {
    let objects = documents(&airflow());
    assert_eq!(objects.iter().map(name).collect::<Vec<_>>(), ["TrendJob/airflow-20260101"]);
    assert_eq!(
        objects[0]["spec"]["input"]["uris"][0],
        "https://posts.example.org/2026-01-01.ndjson.gz"
    );
}

#[test]
fn the_readme_lists_exactly_the_examples_in_the_folder() {
    let readme = read("manifests/README.md");
    let entries = fs::read_dir(top().join("manifests/examples")).unwrap();
    let existing: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let documented =
        readme.split('`').skip(1).step_by(2).filter_map(|path| path.strip_prefix("examples/"));
    assert_eq!(documented.map(str::to_owned).collect::<BTreeSet<_>>(), existing);
}

#[testing::needs(spare_cluster, python3)]
#[test]
fn an_api_server_accepts_every_manifest_and_whatever_the_chart_renders() {
    let cluster = Cluster::take();
    cluster.clean_up();
    for foreign in FOREIGN {
        cluster.apply("--server-side", &stand_in(foreign)).ok();
    }
    cluster.apply("--server-side", &read("manifests/crd/trendjobs.yaml")).ok();
    for crd in ["trendjobs.trendjob.dev".to_owned()]
        .into_iter()
        .chain(FOREIGN.iter().map(|(group, _, _, plural)| format!("{plural}.{group}")))
    {
        cluster.kubectl(&format!("wait --for=condition=Established --timeout=1m crd/{crd}")).ok();
    }
    let namespaces = [NAMESPACE, "trends", "more", "trendjob-system", "argocd", "flux-system"];
    for namespace in namespaces {
        if cluster.get(&format!("namespace {namespace}")).is_null() {
            cluster.make_namespace(namespace);
        }
    }
    let mut accepted = 0;
    for (path, manifest) in manifests() {
        let has_own_namespace = manifest.contains("namespace:");
        let namespace =
            if has_own_namespace { String::new() } else { format!(" --namespace={NAMESPACE}") };
        // An object with a generated name can't be applied, only created.
        let verb = if manifest.contains("generateName") && path.starts_with("the ") {
            "create"
        } else {
            "apply"
        };
        let words = format!("{verb} --filename=- --dry-run=server --validate=strict{namespace}");
        let applied = run_with(Command::new("kubectl").args(words.split_whitespace()), &manifest);
        assert!(applied.succeeded, "{path}: {}{}", applied.out, applied.err);
        assert!(!applied.err.contains("would violate PodSecurity"), "{path}: {}", applied.err);
        accepted += documents(&manifest).len();
    }
    for values in [&[][..], EVERYTHING, &["operator.watchNamespaces={trendjob-system}"]] {
        let rendered = template("helm", values).ok();
        let applied = cluster.apply("--dry-run=server --validate=strict", &rendered);
        assert!(applied.succeeded, "{values:?}: {}{}", applied.out, applied.err);
        assert!(!applied.err.contains("would violate PodSecurity"), "{values:?}: {}", applied.err);
        accepted += documents(&rendered).len();
    }
    assert!(accepted > 100, "{accepted} objects");
    cluster.clean_up();
}
