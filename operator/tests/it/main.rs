//! Tests of the operator: its plans, its behaviour with a faulty API server, and whole runs on the
//! cluster that `KUBECONFIG` names.

#[cfg(test)]
mod api_server;
#[cfg(test)]
mod bad_times;
#[cfg(test)]
mod causes;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod definition;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod states;
#[cfg(test)]
mod story;
/// The arguments of the worker, as it parses them.
#[cfg(test)]
#[path = "../../../workers/src/args.rs"]
#[expect(dead_code, reason = "the worker reads all of them")]
mod worker_args;
