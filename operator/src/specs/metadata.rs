//! The metadata of children: names, labels and the one owner.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::names::{JOB_LABEL, MANAGED_BY, RESTART_LABEL, RunName, UID_LABEL};
use crate::observed::Valid;

/// The metadata of a child of a run.
pub(super) fn child(job: &Valid, run: &RunName<'_>, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(job.namespace.clone()),
        labels: Some(labels(run)),
        owner_references: Some(vec![owner(job)]),
        ..ObjectMeta::default()
    }
}

/// The labels of everything that belongs to a run.
pub(super) fn labels(run: &RunName<'_>) -> BTreeMap<String, String> {
    let (managed_by, operator) = MANAGED_BY;
    let labels = [
        (managed_by, operator.to_owned()),
        ("app.kubernetes.io/name", "trendjob".to_owned()),
        (JOB_LABEL, run.name.to_owned()),
        (UID_LABEL, run.uid.to_owned()),
        (RESTART_LABEL, run.restart.to_string()),
    ];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The one owner: a second would keep the child when the first goes.
fn owner(job: &Valid) -> OwnerReference {
    OwnerReference {
        api_version: format!("{}/{}", trendjob::GROUP, trendjob::VERSION),
        kind: trendjob::KIND.to_owned(),
        name: job.name.clone(),
        uid: job.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
