//! The life of an installation on a real cluster: from the README's first command to what is left after the last.

mod mistakes;
mod passwords;
mod rights;
mod scale;
pub(crate) mod steps;
mod upgrade;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{skipped, variable};

#[test]
fn an_installation_serves_grows_is_upgraded_under_a_run_and_leaves_only_its_definition() {
    let Some(cluster) = Cluster::take() else { return };
    cluster.clean_up();
    // Before anything is there, so that everything is let in by it.
    cluster.make_namespace(NAMESPACE);
    steps::type_the_readme(&cluster);
    steps::helm_test(&cluster, "helm", "trendjob");
    rights::are_what_the_docs_say(&cluster);
    crate::compose::runs_as_pods(&cluster);
    scale::grows_and_shrinks_without_a_failed_request(&cluster);
    upgrade::leaves_a_run_in_flight_alone(&cluster);
    steps::uninstall(&cluster, "helm", "trendjob");
    match variable("TRENDJOB_TEST_HELM3") {
        // The definition is still there, and somebody else's.
        Some(helm) => steps::install_over_the_kept_definition(&cluster, &helm),
        None => skipped("installing with Helm 3: TRENDJOB_TEST_HELM3 names none"),
    }
    cluster.clean_up();
}

#[test]
fn wrong_steps_of_newcomers_get_answers_that_help() {
    let Some(cluster) = Cluster::take() else { return };
    cluster.clean_up();
    cluster.make_namespace(NAMESPACE);
    cluster.make_namespace("trends");
    mistakes::no_definition(&cluster);
    mistakes::no_result_yet(&cluster);
    mistakes::an_old_definition(&cluster);
    mistakes::no_secret(&cluster);
    passwords::are_made_once(&cluster);
    steps::uninstall(&cluster, "helm", "trendjob");
    cluster.clean_up();
}
