//! The rendered chart keeps its promises: least privilege, restricted pods, and nothing that was
//! switched off.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{EVERYTHING, objects, only, template_of};
use crate::tools::{chart, helms, read, run};
use crate::yaml::{self, name, pod_spec, text};

#[testing::needs(helm)]
#[test]
fn every_pod_is_restricted_whatever_is_switched_on() {
    for helm in helms() {
        for values in [
            &[][..],
            EVERYTHING,
            &["mongodb.auth.enabled=false", "mongodb.persistence.enabled=false"],
        ] {
            let all = objects(&helm, values);
            let pods: Vec<&Value> =
                all.iter().filter(|object| pod_spec(object).is_some()).collect();
            assert!(pods.len() >= 4, "operator, API, MongoDB and the test");
            for object in pods {
                let pod = pod_spec(object).unwrap();
                let of = name(object);
                assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{of}");
                assert_eq!(
                    pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                    "{of}"
                );
                for container in pod["containers"].as_array().unwrap() {
                    let context = &container["securityContext"];
                    assert_eq!(context["allowPrivilegeEscalation"], false, "{of}");
                    assert_eq!(context["readOnlyRootFilesystem"], true, "{of}");
                    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}), "{of}");
                    assert!(container["resources"]["limits"]["memory"].is_string(), "{of}");
                    assert!(container["resources"]["requests"]["cpu"].is_string(), "{of}");
                }
                // Only the operator talks to the cluster.
                if !of.ends_with("-operator") {
                    assert_eq!(pod["automountServiceAccountToken"], false, "{of}");
                }
            }
        }
    }
}

/// Returns the rules of a kind of role, without those of the Lease.
fn rules(documents: &[Value], kind: &str) -> Vec<Value> {
    let of_kind = documents.iter().filter(|object| text(object, "/kind") == kind);
    let all = of_kind.flat_map(|role| role["rules"].as_array().unwrap().clone());
    all.filter(|rule| rule["apiGroups"][0] != "coordination.k8s.io").collect()
}

#[testing::needs(helm)]
#[test]
fn the_operator_has_the_rights_of_the_manifests_in_all_namespaces_or_those_it_watches() {
    for helm in helms() {
        let all = objects(&helm, &[]);
        let documented = yaml::documents(&read("manifests/rbac/cluster.yaml"));
        assert_eq!(rules(&all, "ClusterRole"), rules(&documented, "ClusterRole"));
        assert_eq!(rules(&all, "Role"), Vec::<Value>::new());
        let some = objects(&helm, &["operator.watchNamespaces={a,trendjob-system}"]);
        assert_eq!(rules(&some, "ClusterRole"), Vec::<Value>::new());
        let documented = yaml::documents(&read("manifests/rbac/namespaced.yaml"));
        let once = rules(&documented, "Role");
        assert_eq!(rules(&some, "Role"), [once.clone(), once].concat(), "once in each namespace");
        let kinds: BTreeSet<&str> = some.iter().map(|object| text(object, "/kind")).collect();
        assert!(!kinds.contains("ClusterRoleBinding"));
    }
}

#[testing::needs(helm)]
#[test]
fn only_the_operator_has_a_role() {
    for helm in helms() {
        let all = objects(&helm, EVERYTHING);
        let bindings = all.iter().filter(|object| text(object, "/kind").ends_with("RoleBinding"));
        let subjects: BTreeSet<&str> = bindings
            .flat_map(|binding| binding["subjects"].as_array().unwrap())
            .map(|subject| text(subject, "/name"))
            .collect();
        assert_eq!(subjects, BTreeSet::from(["trendjob-operator"]));
        // No role reads Secrets.
        for role in all.iter().filter(|object| text(object, "/kind").ends_with("Role")) {
            let resources = role["rules"].as_array().unwrap().iter();
            let mut resources = resources.flat_map(|rule| rule["resources"].as_array().unwrap());
            assert!(!resources.any(|resource| resource == "secrets" || resource == "*"));
        }
    }
}

#[testing::needs(helm)]
#[test]
fn each_namespace_of_trendjobs_gets_the_secret_an_account_and_a_network_policy() {
    for helm in helms() {
        let all = objects(&helm, &["jobNamespaces={trends,more}"]);
        for namespace in ["trends", "more"] {
            let there: BTreeSet<String> = all
                .iter()
                .filter(|object| text(object, "/metadata/namespace") == namespace)
                .map(name)
                .collect();
            // The TrendJob and the ConfigMap of `helm test` are in the first namespace.
            let tested = there.iter().filter(|name| name.ends_with("/trendjob-test")).count();
            assert_eq!(tested, if namespace == "trends" { 2 } else { 0 });
            let expected = [
                "NetworkPolicy/trendjob-workers",
                "Secret/trendjob-mongodb",
                "ServiceAccount/trendjob-worker",
            ];
            assert!(expected.iter().all(|name| there.contains(*name)), "{there:?}");
            assert_eq!(there.len() - tested, expected.len(), "{there:?}");
        }
        // The password of the API's user is in its own namespace only.
        let secrets = all.iter().filter(|object| text(object, "/kind") == "Secret");
        let read_only: Vec<&str> = secrets
            .filter(|secret| text(secret, "/metadata/name").ends_with("-readonly"))
            .map(|secret| text(secret, "/metadata/namespace"))
            .collect();
        assert_eq!(read_only, ["trendjob-system"]);
    }
}

#[testing::needs(helm)]
#[test]
fn the_api_uses_only_the_read_only_secret() {
    for helm in helms() {
        for (values, expected) in [
            (&[][..], "trendjob-mongodb-readonly"),
            (
                &[
                    "mongodb.enabled=false",
                    "connection.existingSecret=w",
                    "connection.existingReadOnlySecret=r",
                ],
                "r",
            ),
        ] {
            let all = objects(&helm, values);
            let pod = pod_spec(only(&all, "Deployment", "-api")).unwrap();
            let secrets: Vec<&str> = pod["containers"][0]["env"]
                .as_array()
                .unwrap()
                .iter()
                .map(|variable| text(variable, "/valueFrom/secretKeyRef/name"))
                .filter(|name| !name.is_empty())
                .collect();
            assert_eq!(secrets, [expected]);
            assert!(pod["volumes"].is_null());
        }
    }
}

#[testing::needs(helm)]
#[test]
fn an_external_mongodb_leaves_no_trace_of_the_one_for_trying_out() {
    for helm in helms() {
        let values = [
            "mongodb.enabled=false",
            "connection.uri=mongodb://w@db/",
            "connection.readOnlyUri=mongodb://r@db/",
        ];
        let all = objects(&helm, &values);
        assert!(!all.iter().any(|object| text(object, "/kind") == "StatefulSet"));
        let uri = |end| text(only(&all, "Secret", end), "/data/uri").to_owned();
        assert_eq!(uri("trendjob-mongodb"), "bW9uZ29kYjovL3dAZGIv");
        assert_eq!(uri("-readonly"), "bW9uZ29kYjovL3JAZGIv");
    }
}

#[testing::needs(helm)]
#[test]
fn a_deployment_with_an_autoscaler_sets_no_number_of_replicas() {
    for helm in helms() {
        let scaled = objects(&helm, &[]);
        assert!(only(&scaled, "Deployment", "-api")["spec"]["replicas"].is_null());
        let target = &only(&scaled, "HorizontalPodAutoscaler", "-api")["spec"]["scaleTargetRef"];
        assert_eq!(target["name"], only(&scaled, "Deployment", "-api")["metadata"]["name"]);
        let fixed = objects(&helm, &["api.autoscaling.enabled=false", "api.replicas=4"]);
        assert_eq!(only(&fixed, "Deployment", "-api")["spec"]["replicas"], 4);
        assert!(!fixed.iter().any(|object| text(object, "/kind") == "HorizontalPodAutoscaler"));
    }
}

#[testing::needs(helm)]
#[test]
fn images_are_those_of_the_chart_by_default() {
    for helm in helms() {
        let image = |values: &[&str], end: &str| {
            let all = objects(&helm, values);
            pod_spec(only(&all, "Deployment", end)).unwrap()["containers"][0].clone()
        };
        assert_eq!(image(&[], "-api")["image"], "docker.io/trendjob/api:0.1.0");
        assert_eq!(image(&["image.tag=v9"], "-api")["image"], "docker.io/trendjob/api:v9");
        assert_eq!(
            image(&["image.registry=r.example/x", "api.image.tag=v8"], "-api")["image"],
            "r.example/x/api:v8"
        );
        let digest = format!("api.image.digest=sha256:{}", "0".repeat(64));
        let pinned = format!("docker.io/trendjob/api@sha256:{}", "0".repeat(64));
        assert_eq!(image(&[&digest], "-api")["image"], pinned.as_str());
        let operator =
            image(&["image.tag=v9", "workers.image.tag=v7", "image.pullPolicy=Never"], "-operator");
        let arguments = operator["args"].as_array().unwrap();
        assert!(
            arguments.contains(&json!("--worker-image=docker.io/trendjob/worker:v7")),
            "{arguments:?}"
        );
        assert!(arguments.contains(&json!("--image-pull-policy=Never")), "{arguments:?}");
    }
}

#[testing::needs(helm)]
#[test]
fn the_definition_can_be_switched_off_and_is_kept_by_default() {
    for helm in helms() {
        let policy = |values: &[&str]| {
            let all = objects(&helm, values);
            let definition = only(&all, "CustomResourceDefinition", "trendjobs.trendjob.dev");
            definition["metadata"]["annotations"]["helm.sh/resource-policy"].clone()
        };
        assert_eq!(policy(&[]), "keep");
        assert_eq!(policy(&["crds.keep=false"]), Value::Null);
        let without = objects(&helm, &["crds.enabled=false"]);
        assert!(!without.iter().any(|object| text(object, "/kind") == "CustomResourceDefinition"));
    }
}

#[testing::needs(helm)]
#[test]
fn every_object_has_the_common_labels_and_annotations() {
    for helm in helms() {
        for object in objects(&helm, EVERYTHING) {
            let metadata = &object["metadata"];
            assert_eq!(metadata["labels"]["team"], "trends", "{}", name(&object));
            assert_eq!(
                metadata["labels"]["app.kubernetes.io/instance"],
                "trendjob",
                "{}",
                name(&object)
            );
            assert_eq!(metadata["annotations"]["team"], "trends", "{}", name(&object));
        }
    }
}

#[testing::needs(helm)]
#[test]
fn names_stay_within_their_limit_at_their_longest() {
    for helm in helms() {
        let long = format!("fullnameOverride={}", "a".repeat(60));
        for object in objects(&helm, &[&long, "metrics.dashboard.enabled=true"]) {
            // A Service's name is a DNS label of 63 characters; a StatefulSet adds to its pods'
            // names.
            assert!(text(&object, "/metadata/name").len() <= 58, "{}", name(&object));
        }
    }
}

#[testing::needs(helm)]
#[test]
fn no_two_objects_have_the_same_name() {
    for helm in helms() {
        for values in [&[][..], EVERYTHING, &["operator.watchNamespaces={trendjob-system}"]] {
            let mut names = BTreeSet::new();
            for object in objects(&helm, values) {
                let namespace = text(&object, "/metadata/namespace").to_owned();
                assert!(names.insert((name(&object), namespace)), "{}, {values:?}", name(&object));
            }
        }
    }
}

#[testing::needs(helm)]
#[test]
fn another_version_of_the_chart_does_not_restart_the_mongodb() {
    for helm in helms() {
        let folder = tempfile::tempdir().unwrap();
        let mut package = std::process::Command::new(&helm);
        package.args(["package", "--version", "9.9.9", "--app-version", "9.9.9", "--destination"]);
        run(package.arg(folder.path()).arg(chart())).ok();
        let spec = |chart: &std::path::Path| {
            let rendered = yaml::documents(&template_of(&helm, chart, &[]).ok());
            only(&rendered, "StatefulSet", "-mongodb")["spec"].clone()
        };
        assert_eq!(spec(&folder.path().join("trendjob-9.9.9.tgz")), spec(&chart()));
    }
}
