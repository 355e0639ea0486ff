//! The operator: what it plans, how it bears an API server in bad times, and what it makes of a real
//! cluster. Tests of the cluster use the one that `KUBECONFIG` names.

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
