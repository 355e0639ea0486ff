//! The metadata of the Jobs and `ConfigMap`s that a TrendJob owns, its children: names, labels and
//! the owner.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::names::{MANAGED_BY, RESTART_LABEL, RunName, TRENDJOB_LABEL, UID_LABEL};
use crate::validate::CheckedTrendJob;

/// The metadata of a child of a run.
pub(super) fn child(trendjob: &CheckedTrendJob, run: &RunName<'_>, name: String) -> ObjectMeta {
    let (managed_by, operator) = MANAGED_BY;
    let labels = [
        (managed_by, operator.to_owned()),
        ("app.kubernetes.io/name", "trendjob".to_owned()),
        (TRENDJOB_LABEL, run.name.to_owned()),
        (UID_LABEL, run.uid.to_owned()),
        (RESTART_LABEL, run.restart.to_string()),
    ];
    // The garbage collector keeps a child until its last owner is deleted, so a second owner could
    // keep it too long.
    let owner = OwnerReference {
        api_version: format!("{}/{}", trendjob::GROUP, trendjob::VERSION),
        kind: trendjob::KIND.to_owned(),
        name: trendjob.name.clone(),
        uid: trendjob.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    };
    ObjectMeta {
        name: Some(name),
        namespace: Some(trendjob.namespace.clone()),
        labels: Some(labels.map(|(name, value)| (name.to_owned(), value)).into()),
        owner_references: Some(vec![owner]),
        ..ObjectMeta::default()
    }
}
