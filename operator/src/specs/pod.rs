//! The pods of a stage: within the restricted profile of Pod Security, with no Secrets but those of
//! their own TrendJob, and with the settings of `spec.plan`, `spec.etl` or `spec.aggregate`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource,
    EnvFromSource, EnvVar, EnvVarSource, KeyToPath, LocalObjectReference, ObjectFieldSelector,
    PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, PodTemplateSpec,
    ResourceRequirements, SeccompProfile, SecretEnvSource, SecretKeySelector, SecretVolumeSource,
    SecurityContext, TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use trendjob::{MongoSink, PodParts, RunConfig};

use crate::diagnosis::CONTAINER;
use crate::names::{STAGE_LABEL, Stage, UID_LABEL};
use crate::observed::StartedRun;
use crate::pass::Pass;
use crate::settings::Settings;
use crate::validate::{CheckedTrendJob, PodSettings};

/// The user and the group of the worker image.
const WORKER_USER: i64 = 65_532;
/// Longer than a worker takes to stop.
const GRACE_SECONDS: i64 = 30;
/// The port of probes and metrics.
const METRICS_PORT: i32 = 9090;

const RUN_FOLDER: &str = "/etc/trendjob/run";
const CA_FOLDER: &str = "/etc/trendjob/mongodb-ca";
const CA_FILE: &str = "ca.crt";
const DATA_FOLDER: &str = "/data";
const SPILL_FOLDER: &str = "/var/lib/trendjob/spill";

/// The pods of a stage.
pub(super) fn template(
    pass: &Pass<'_>,
    run: &StartedRun,
    stage: Stage,
    mut arguments: Vec<String>,
    labels: BTreeMap<String, String>,
) -> PodTemplateSpec {
    let trendjob = pass.trendjob;
    arguments.push(format!("--run-config={RUN_FOLDER}/{}", RunConfig::KEY));
    arguments.push(format!("--spill={SPILL_FOLDER}"));
    let mut pod = Pod::new(pass, stage, &run.config.worker_image, arguments);
    pod.mount("run", RUN_FOLDER, true, |volume| {
        let name = trendjob.run_name(run.config.restart).base();
        volume.config_map =
            Some(ConfigMapVolumeSource { name, ..ConfigMapVolumeSource::default() });
    });
    // The uid of the pod is the name of the attempt.
    let field_path = "metadata.uid".to_owned();
    pod.env(
        "TRENDJOB_ATTEMPT",
        EnvVarSource {
            field_ref: Some(ObjectFieldSelector { api_version: Some("v1".to_owned()), field_path }),
            ..EnvVarSource::default()
        },
    );
    // Only these stages read the input.
    if matches!(stage, Stage::Plan | Stage::Etl) {
        mount_input(&mut pod, trendjob);
    }
    pod.mount("spill", SPILL_FOLDER, false, |volume| {
        let size_limit = Some(Quantity(pass.settings.spill_size.clone()));
        volume.empty_dir = Some(EmptyDirVolumeSource { medium: None, size_limit });
    });
    if stage == Stage::Etl
        && pod.settings.topology_spread_constraints.is_empty()
        && !pass.observed.is_single_node
    {
        pod.spec.topology_spread_constraints = Some(vec![spread(trendjob, stage)]);
    }
    pod.finish(labels)
}

/// A pod under construction.
pub(super) struct Pod<'a> {
    spec: PodSpec,
    container: Container,
    settings: &'a PodSettings,
}

impl<'a> Pod<'a> {
    /// The common part of all pods: the image, the database, the restrictions.
    pub(super) fn new(
        pass: &Pass<'a>,
        stage: Stage,
        image: &str,
        mut arguments: Vec<String>,
    ) -> Self {
        let Pass { trendjob, settings, .. } = *pass;
        let pods = trendjob.pods(stage);
        let parts = &pods.parts;
        arguments.push(format!("--metrics-listen=0.0.0.0:{METRICS_PORT}"));
        let container = Container {
            name: CONTAINER.to_owned(),
            image: Some(parts.image.as_deref().unwrap_or(image).to_owned()),
            args: Some(arguments),
            image_pull_policy: Some(format!("{:?}", settings.image_pull_policy)),
            resources: Some(pods.resources.clone().unwrap_or_else(|| resources(settings))),
            security_context: Some(restricted()),
            // A worker that panics writes no message: the end of its log has the cause.
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
            // The variables of thousands of Services would not fit into the arguments of a process.
            enable_service_links: Some(false),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            security_context: Some(security_context(parts)),
            image_pull_secrets: (!secrets.is_empty()).then_some(secrets),
            ..PodSpec::default()
        };
        let mut pod = Self { spec, container, settings: pods };
        pod.connect(&trendjob.spec.sink.mongodb);
        pod
    }

    /// Gives the pod the URI of the database and, if there is one, the file of its CA.
    fn connect(&mut self, sink: &MongoSink) {
        let uri = &sink.uri_secret_ref;
        let (name, key) = (uri.name.clone(), uri.key.clone());
        self.env(
            "MONGODB_URI",
            EnvVarSource {
                secret_key_ref: Some(SecretKeySelector { name, key, optional: None }),
                ..EnvVarSource::default()
            },
        );
        if let Some(ca) = &sink.ca_secret_ref {
            self.mount("mongodb-ca", CA_FOLDER, true, |volume| {
                let (key, path) = (ca.key.clone(), CA_FILE.to_owned());
                volume.secret = Some(SecretVolumeSource {
                    secret_name: Some(ca.name.clone()),
                    items: Some(vec![KeyToPath { key, path, mode: None }]),
                    ..SecretVolumeSource::default()
                });
            });
            let argument = format!("--mongodb-ca-file={CA_FOLDER}/{CA_FILE}");
            self.container.args.get_or_insert_default().push(argument);
        }
    }

    fn env(&mut self, name: &str, source: EnvVarSource) {
        let (name, value_from) = (name.to_owned(), Some(source));
        self.container.env.get_or_insert_default().push(EnvVar { name, value_from, value: None });
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

    /// Adds the settings of the stage. These labels win over the user's: lists and network policies
    /// select by them.
    pub(super) fn finish(mut self, labels: BTreeMap<String, String>) -> PodTemplateSpec {
        let pods = self.settings;
        self.container.env.get_or_insert_default().extend(pods.env.iter().cloned());
        let (spec, parts) = (&mut self.spec, &pods.parts);
        spec.node_selector = (!parts.node_selector.is_empty()).then(|| parts.node_selector.clone());
        spec.tolerations = (!pods.tolerations.is_empty()).then(|| pods.tolerations.clone());
        spec.affinity.clone_from(&pods.affinity);
        if !pods.topology_spread_constraints.is_empty() {
            spec.topology_spread_constraints = Some(pods.topology_spread_constraints.clone());
        }
        spec.priority_class_name.clone_from(&parts.priority_class_name);
        spec.service_account_name.clone_from(&parts.service_account_name);
        spec.containers = vec![self.container];
        let mut metadata = parts.pod_metadata.clone().unwrap_or_default();
        metadata.labels.extend(labels);
        PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: Some(metadata.labels),
                annotations: (!metadata.annotations.is_empty()).then_some(metadata.annotations),
                ..ObjectMeta::default()
            }),
            spec: Some(self.spec),
        }
    }
}

/// Mounts the volume of the input, and gives the pod the credentials of its servers.
fn mount_input(pod: &mut Pod<'_>, trendjob: &CheckedTrendJob) {
    let input = &trendjob.spec.input;
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

/// The resources of pods whose TrendJob names none.
fn resources(settings: &Settings) -> ResourceRequirements {
    let quantity = |name: &str, text: &str| (name.to_owned(), Quantity(text.to_owned()));
    ResourceRequirements {
        claims: None,
        requests: Some(BTreeMap::from([
            quantity("cpu", &settings.worker_cpu),
            quantity("memory", &settings.worker_memory),
        ])),
        // No CPU limit, so that a worker may use cores that are idle.
        limits: Some(BTreeMap::from([quantity("memory", &settings.worker_memory_limit)])),
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
    let context = parts.pod_security_context.clone().unwrap_or_default();
    let user = context.run_as_user.unwrap_or(WORKER_USER);
    PodSecurityContext {
        run_as_non_root: Some(user != 0),
        run_as_user: Some(user),
        run_as_group: Some(context.run_as_group.unwrap_or(WORKER_USER)),
        // The worker must be able to write to the spill volume.
        fs_group: Some(context.fs_group.unwrap_or(WORKER_USER)),
        fs_group_change_policy: Some(
            match context.fs_group_change_policy {
                Some(trendjob::FsGroupChangePolicy::Always) => "Always",
                // The default of Kubernetes, `Always`, makes the kubelet go through all files of a
                // claim for each pod.
                _ => "OnRootMismatch",
            }
            .to_owned(),
        ),
        supplemental_groups: (!context.supplemental_groups.is_empty())
            .then_some(context.supplemental_groups),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// Spreads pods over the nodes as far as possible, because each node's network limits reading.
fn spread(trendjob: &CheckedTrendJob, stage: Stage) -> TopologySpreadConstraint {
    let labels = [(UID_LABEL, trendjob.uid.as_str()), (STAGE_LABEL, stage.name())];
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
