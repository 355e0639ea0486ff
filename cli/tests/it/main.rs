//! The command `trendjob` from outside: its output, published results, answers and refusals.
//! Nothing here shares code with the program; counts are compared with `oracle`.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_jobs;
#[cfg(test)]
mod bad_store;
#[cfg(test)]
mod boundaries;
#[cfg(test)]
mod command;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod compared;
#[cfg(test)]
mod compressed;
#[cfg(test)]
mod estimates;
#[cfg(test)]
mod exclusions;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[cfg(feature = "http")]
mod fetch;
#[cfg(test)]
mod http;
#[cfg(test)]
mod inputs;
#[cfg(test)]
mod invariance;
#[cfg(test)]
mod lines;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod memory;
#[cfg(test)]
#[cfg(feature = "mongodb")]
mod mongodb;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod outcome;
#[cfg(test)]
mod phrases;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod rejects;
#[cfg(test)]
#[cfg(feature = "mongodb")]
#[path = "../../../api/tests/it/results.rs"]
mod results;
#[cfg(test)]
mod run_counts;
#[cfg(test)]
mod social;
#[cfg(test)]
mod social_authors;
#[cfg(test)]
mod social_history;
#[cfg(test)]
mod social_texts;
#[cfg(test)]
mod social_times;
#[cfg(test)]
mod verdicts;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod words;
