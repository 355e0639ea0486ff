//! Pods and the command over one folder: a run on one machine begins with a clean-up of the folder,
//! which spares what pods are working on.

use std::fs;
use std::sync::Arc;

use pipeline::{Context, Limits, Spec, local};
use service::clock;
use store::retention::{Retention, clean_up};
use store::{AttemptId, RunId, RunLock, SourceName};

use crate::cluster::{Cluster, Shared};

/// Publishes a run of another source, as the command does: it locks the run, cleans the folder up,
/// and carries out all stages.
fn run_on_one_machine(cluster: &Cluster) {
    let Shared::Folder(folder) = &cluster.shared else { panic!("not in a folder") };
    let input = cluster.folder.path().join("other.ndjson");
    fs::write(&input, "{\"text\":\"love\"}\n").unwrap();
    let spec = Spec::new(SourceName::new("other").unwrap(), vec![input.display().to_string()]);
    let (store, run) = (cluster.store(), RunId::new("other").unwrap());
    let _lock = RunLock::acquire(folder, &run).unwrap().expect("nobody has it");
    // The strictest clean-up: no grace keeps anything.
    let strict = Retention { runs: 2, grace: 0 };
    cluster.wait(clean_up(&*store, folder, strict, clock::seconds())).unwrap();
    let limits = Limits::new(1, 64 << 20, cluster.folder.path().to_owned(), 7);
    let attempt = AttemptId::new("local").unwrap();
    let context = Context::new(Arc::clone(&store), cluster.runtime(), run, attempt, limits);
    local::run(&context, Some(&spec), |_, _| Ok(()), String::new).unwrap();
}

#[test]
fn a_run_on_one_machine_spares_the_unfinished_run_of_pods_that_share_its_folder() {
    let cluster = Cluster::new(None, 16, 2, 2);
    let plan = cluster.plan();
    cluster.indexed("etl", &plan.hash, 0).run().done();
    run_on_one_machine(&cluster);
    let report = cluster.run_through();
    assert_eq!(report.result.unwrap().digest, cluster.expected());
    // No pod did the work of another again.
    assert_eq!(cluster.plan().hash, plan.hash);
}
