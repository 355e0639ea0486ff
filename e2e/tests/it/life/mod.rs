//! The life of an installation on a real cluster: install, load, upgrade, uninstall, mistakes of
//! users.

mod mistakes;
mod passwords;
mod rights;
mod scale;
pub(crate) mod steps;
mod upgrade;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::variable;

/// A cluster on which the commands of the README were typed.
fn installed() -> Cluster {
    let cluster = clean();
    steps::type_the_readme(&cluster);
    cluster
}

/// A cluster with nothing but the namespace, which admits restricted pods only.
fn clean() -> Cluster {
    let cluster = Cluster::take();
    cluster.clean_up();
    cluster.make_namespace(NAMESPACE);
    cluster
}

#[testing::needs(spare_cluster)]
#[test]
fn an_installation_serves_and_leaves_only_its_definition() {
    let cluster = installed();
    steps::helm_test(&cluster, "helm", "trendjob");
    rights::are_what_the_docs_say(&cluster);
    crate::compose::runs_as_pods(&cluster);
    steps::uninstall(&cluster, "helm", "trendjob");
    cluster.clean_up();
}

// Services are reached from this machine.
#[testing::needs(spare_cluster, node_is_here)]
#[test]
fn load_adds_replicas_and_no_request_fails() {
    let cluster = installed();
    scale::grows_and_shrinks_without_a_failed_request(&cluster);
    cluster.clean_up();
}

#[testing::needs(spare_cluster, next_images)]
#[test]
fn an_upgrade_leaves_a_run_in_flight_alone() {
    let cluster = installed();
    upgrade::leaves_a_run_in_flight_alone(&cluster);
    cluster.clean_up();
}

#[testing::needs(spare_cluster, helm3)]
#[test]
fn helm_3_installs_over_the_definition_that_another_release_left() {
    let cluster = installed();
    steps::uninstall(&cluster, "helm", "trendjob");
    let helm = variable("TRENDJOB_TEST_HELM3").expect("TRENDJOB_TEST_HELM3 names a Helm 3");
    steps::install_over_the_kept_definition(&cluster, &helm);
    cluster.clean_up();
}

#[testing::needs(spare_cluster)]
#[test]
fn wrong_steps_of_newcomers_get_answers_that_help() {
    let cluster = clean();
    cluster.make_namespace("trends");
    mistakes::no_definition(&cluster);
    mistakes::no_result_yet(&cluster);
    mistakes::an_old_definition(&cluster);
    mistakes::no_secret(&cluster);
    passwords::are_made_once(&cluster);
    steps::uninstall(&cluster, "helm", "trendjob");
    cluster.clean_up();
}
