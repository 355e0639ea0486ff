//! The pods of a stage: restricted as Pod Security wants them, with nothing but the Secrets of their
//! own TrendJob, and what `spec.plan`, `spec.etl` and `spec.aggregate` say about them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource,
    EnvFromSource, EnvVar, EnvVarSource, KeyToPath, LocalObjectReference, ObjectFieldSelector,
    PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, PodTemplateSpec,
    ResourceRequirements, SeccompProfile, SecretEnvSource, SecretKeySelector, SecretVolumeSource,
    SecurityContext, Toleration, TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::de::DeserializeOwned;
use trendjob::{Opaque, PodParts, RunConfig};

use crate::diagnosis::CONTAINER;
use crate::names::{STAGE_LABEL, Stage, UID_LABEL};
use crate::observed::{Pinned, Valid};
use crate::settings::Settings;

/// The user and group of the worker image.
const NOBODY: i64 = 65_532;
/// Longer than a worker takes to stop by itself.
const GRACE_SECONDS: i64 = 30;
/// Where probes and metrics are.
const METRICS_PORT: i32 = 9090;

const RUN_FOLDER: &str = "/etc/trendjob/run";
const CA_FOLDER: &str = "/etc/trendjob/mongodb-ca";
const CA_FILE: &str = "ca.crt";
const DATA_FOLDER: &str = "/data";
const SPILL_FOLDER: &str = "/var/lib/trendjob/spill";

/// The pods of a stage.
pub(super) fn template(
    job: &Valid,
    run: &Pinned,
    settings: &Settings,
    stage: Stage,
    is_single_node: bool,
    mut arguments: Vec<String>,
) -> PodTemplateSpec {
    let parts = parts(job, stage);
    let image = parts.image.clone().unwrap_or_else(|| run.config.worker_image.clone());
    let mut pod = Pod::new(job, settings, &parts, &image);
    pod.mount("run", RUN_FOLDER, true, |volume| {
        let name =
            crate::names::RunName { name: &job.name, uid: &job.uid, restart: run.config.restart };
        volume.config_map =
            Some(ConfigMapVolumeSource { name: name.base(), ..ConfigMapVolumeSource::default() });
    });
    arguments.push(format!("--run-config={RUN_FOLDER}/{}", RunConfig::KEY));
    pod.env(pod_uid());
    // Publishing reads no input; merging does not either, but sorts.
    if matches!(stage, Stage::Plan | Stage::Etl) {
        mount_input(&mut pod, job);
    }
    pod.mount("spill", SPILL_FOLDER, false, |volume| {
        let size_limit = Some(Quantity(settings.spill_size.clone()));
        volume.empty_dir = Some(EmptyDirVolumeSource { medium: None, size_limit });
    });
    arguments.push(format!("--spill={SPILL_FOLDER}"));
    if stage == Stage::Etl && parts.topology_spread_constraints.is_empty() && !is_single_node {
        pod.spec.topology_spread_constraints = Some(vec![spread(job, stage)]);
    }
    pod.finish(&parts, arguments)
}

/// The pod that removes results.
pub(super) fn purge_template(
    job: &Valid,
    settings: &Settings,
    image: &str,
    arguments: Vec<String>,
) -> PodTemplateSpec {
    let parts = job.spec.plan.clone().unwrap_or_default();
    let image = parts.image.as_deref().unwrap_or(image);
    Pod::new(job, settings, &parts, image).finish(&parts, arguments)
}

/// What the spec says about the pods of a stage, at [`Stage::pods`].
fn parts(job: &Valid, stage: Stage) -> PodParts {
    let parts = match stage {
        Stage::Plan | Stage::Publish => &job.spec.plan,
        Stage::Etl => &job.spec.etl,
        Stage::Aggregate | Stage::Score => &job.spec.aggregate,
    };
    parts.clone().unwrap_or_default()
}

/// What tells what the spec says about the pods of a stage from anything else it may say. Of another
/// version it may differ for the same: then a Job is made again, which costs a little time.
pub(crate) fn parts_hash(job: &Valid, stage: Stage) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&parts(job, stage)).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A pod that is being put together.
struct Pod {
    spec: PodSpec,
    container: Container,
    arguments: Vec<String>,
}

impl Pod {
    /// What all pods have: the image, the database, the restrictions.
    fn new(job: &Valid, settings: &Settings, parts: &PodParts, image: &str) -> Self {
        let container = Container {
            name: CONTAINER.to_owned(),
            image: Some(image.to_owned()),
            image_pull_policy: Some(settings.image_pull_policy.clone()),
            resources: Some(resources(settings, parts)),
            security_context: Some(restricted()),
            // The reason of a panic is in the log.
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ports: Some(vec![ContainerPort {
                name: Some("metrics".to_owned()),
                container_port: METRICS_PORT,
                ..ContainerPort::default()
            }]),
            ..Container::default()
        };
        let secrets = settings.image_pull_secrets.iter().cloned();
        let secrets = secrets.chain(parts.image_pull_secrets.iter().map(|one| one.name.clone()));
        let secrets: Vec<_> = secrets.map(|name| LocalObjectReference { name }).collect();
        let spec = PodSpec {
            restart_policy: Some("Never".to_owned()),
            automount_service_account_token: Some(false),
            // In a namespace with thousands of Services their variables would not fit.
            enable_service_links: Some(false),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            security_context: Some(security_context(parts)),
            image_pull_secrets: (!secrets.is_empty()).then_some(secrets),
            ..PodSpec::default()
        };
        let arguments = vec![format!("--metrics-listen=0.0.0.0:{METRICS_PORT}")];
        let mut pod = Self { spec, container, arguments };
        let sink = &job.spec.sink.mongodb;
        pod.env(EnvVar {
            name: "MONGODB_URI".to_owned(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector {
                    name: sink.uri_secret_ref.name.clone(),
                    key: sink.uri_secret_ref.key.clone(),
                    optional: None,
                }),
                ..EnvVarSource::default()
            }),
            value: None,
        });
        if let Some(ca) = &sink.ca_secret_ref {
            pod.mount("mongodb-ca", CA_FOLDER, true, |volume| {
                let (key, path) = (ca.key.clone(), CA_FILE.to_owned());
                volume.secret = Some(SecretVolumeSource {
                    secret_name: Some(ca.name.clone()),
                    items: Some(vec![KeyToPath { key, path, mode: None }]),
                    ..SecretVolumeSource::default()
                });
            });
            pod.arguments.push(format!("--mongodb-ca-file={CA_FOLDER}/{CA_FILE}"));
        }
        pod
    }

    fn env(&mut self, variable: EnvVar) {
        self.container.env.get_or_insert_default().push(variable);
    }

    fn mount(&mut self, name: &str, folder: &str, read_only: bool, fill: impl FnOnce(&mut Volume)) {
        let mut volume = Volume { name: name.to_owned(), ..Volume::default() };
        fill(&mut volume);
        self.spec.volumes.get_or_insert_default().push(volume);
        self.container.volume_mounts.get_or_insert_default().push(VolumeMount {
            name: name.to_owned(),
            mount_path: folder.to_owned(),
            read_only: read_only.then_some(true),
            ..VolumeMount::default()
        });
    }

    /// Adds what the spec says about the pods.
    fn finish(mut self, parts: &PodParts, mut arguments: Vec<String>) -> PodTemplateSpec {
        arguments.append(&mut self.arguments);
        self.container.args = Some(arguments);
        for variable in &parts.env {
            self.env(EnvVar {
                name: variable.name.clone(),
                value: variable.value.clone(),
                value_from: variable.value_from.as_ref().and_then(typed),
            });
        }
        let spec = &mut self.spec;
        spec.node_selector = (!parts.node_selector.is_empty()).then(|| parts.node_selector.clone());
        let tolerations: Vec<Toleration> = parts.tolerations.iter().filter_map(typed).collect();
        spec.tolerations = (!tolerations.is_empty()).then_some(tolerations);
        spec.affinity = parts.affinity.as_ref().and_then(typed::<Affinity>);
        let spread: Vec<TopologySpreadConstraint> =
            parts.topology_spread_constraints.iter().filter_map(typed).collect();
        if !spread.is_empty() {
            spec.topology_spread_constraints = Some(spread);
        }
        spec.priority_class_name.clone_from(&parts.priority_class_name);
        spec.service_account_name.clone_from(&parts.service_account_name);
        spec.containers = vec![self.container];
        let metadata = parts.pod_metadata.clone().unwrap_or_default();
        PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: some(metadata.labels),
                annotations: some(metadata.annotations),
                ..ObjectMeta::default()
            }),
            spec: Some(self.spec),
        }
    }
}

fn some(texts: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    (!texts.is_empty()).then_some(texts)
}

/// A part of the spec that only the API server of pods judges. Validation has refused what has no
/// such type, so nothing is lost here.
fn typed<T: DeserializeOwned>(part: &Opaque) -> Option<T> {
    serde_json::from_value(part.0.clone().into()).ok()
}

/// Where files are, and what opens the servers that have others.
fn mount_input(pod: &mut Pod, job: &Valid) {
    let input = &job.spec.input;
    if let Some(input) = &input.volume {
        pod.mount("data", DATA_FOLDER, true, |volume| {
            volume.persistent_volume_claim = input.persistent_volume_claim.as_ref().map(|claim| {
                let claim_name = claim.claim_name.clone();
                PersistentVolumeClaimVolumeSource { claim_name, read_only: Some(true) }
            });
            volume.config_map = input.config_map.as_ref().map(|map| {
                let name = map.name.clone();
                ConfigMapVolumeSource { name, ..ConfigMapVolumeSource::default() }
            });
        });
    }
    if let Some(secret) = &input.credentials_secret_ref {
        let secret_ref = Some(SecretEnvSource { name: secret.name.clone(), optional: None });
        let from = EnvFromSource { secret_ref, ..EnvFromSource::default() };
        pod.container.env_from = Some(vec![from]);
    }
}

/// The name of an attempt is the uid of its pod.
fn pod_uid() -> EnvVar {
    let field_path = "metadata.uid".to_owned();
    EnvVar {
        name: "TRENDJOB_ATTEMPT".to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector { api_version: Some("v1".to_owned()), field_path }),
            ..EnvVarSource::default()
        }),
        value: None,
    }
}

fn resources(settings: &Settings, parts: &PodParts) -> ResourceRequirements {
    if let Some(asked) = parts.resources.as_ref().and_then(typed) {
        return asked;
    }
    let quantity = |name: &str, text: &str| (name.to_owned(), Quantity(text.to_owned()));
    ResourceRequirements {
        claims: None,
        requests: Some(BTreeMap::from([
            quantity("cpu", &settings.cpu_request),
            quantity("memory", &settings.memory_request),
        ])),
        // No CPU limit: a core that nobody else wants is not left idle.
        limits: Some(BTreeMap::from([quantity("memory", &settings.memory_limit)])),
    }
}

fn restricted() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
        ..SecurityContext::default()
    }
}

fn security_context(parts: &PodParts) -> PodSecurityContext {
    let asked = parts.pod_security_context.clone().unwrap_or_default();
    let user = asked.run_as_user.unwrap_or(NOBODY);
    PodSecurityContext {
        run_as_non_root: Some(user != 0),
        run_as_user: Some(user),
        run_as_group: Some(asked.run_as_group.unwrap_or(NOBODY)),
        // The spill volume has to be writable for the worker.
        fs_group: Some(asked.fs_group.unwrap_or(NOBODY)),
        fs_group_change_policy: Some(
            match asked.fs_group_change_policy {
                Some(trendjob::FsGroupChangePolicy::Always) => "Always",
                // Not through a million files of a claim, each time.
                _ => "OnRootMismatch",
            }
            .to_owned(),
        ),
        supplemental_groups: (!asked.supplemental_groups.is_empty())
            .then_some(asked.supplemental_groups),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// Over the nodes, as far as possible: reading is bound by each node's network.
fn spread(job: &Valid, stage: Stage) -> TopologySpreadConstraint {
    let labels = [(UID_LABEL, job.uid.as_str()), (STAGE_LABEL, stage.name())];
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(LabelSelector {
            match_labels: Some(
                labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ),
            match_expressions: None,
        }),
        ..TopologySpreadConstraint::default()
    }
}
