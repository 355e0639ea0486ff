//! Deterministic simulation of everything that changes or reads the log of a source: publishers,
//! rollbacks, purges, clean-ups, late and killed pods, and readers, interleaved at every operation
//! of the store by a scheduler with a seed. Owns the tests; a failing schedule is shrunk and
//! printed with its seed.
//!
//! `TRENDJOB_TEST_SCHEDULES=1000000 cargo test --release -p store --test simulation random` runs a
//! million schedules.

#![expect(clippy::expect_used, clippy::panic, reason = "a suite for tests fails by panicking")]
#![expect(clippy::print_stdout, reason = "the numbers of a mutation are worth reading")]

mod actors;
mod invariants;
mod mutations;
mod process;
mod readers;
mod schedule;
mod shrink;
mod world;

use std::env;

use actors::Actor;
use mutations::Mutation;
use schedule::{Outcome, Schedule};

/// The number of random schedules without an environment variable: a few seconds in a debug build.
const SCHEDULES: u64 = 3_000;

/// The schedules within which each mutation of the protocol must be noticed.
const CAUGHT_WITHIN: u64 = 1_000;

/// Returns the number in a variable of the environment.
fn number(variable: &str, default: u64) -> u64 {
    let Some(value) = env::var_os(variable) else { return default };
    value.to_str().and_then(|value| value.parse().ok()).expect("the variable holds a number")
}

/// Fails with a shrunk schedule.
fn fail(schedule: &Schedule, why: &str) -> ! {
    let shrunk = shrink::shrink(schedule);
    panic!("{why}\n{shrunk}");
}

#[test]
fn random_schedules_break_no_invariant() {
    let first = number("TRENDJOB_TEST_SEED", 0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let count = number("TRENDJOB_TEST_SCHEDULES", SCHEDULES);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for seed in (first..first + count).filter(|seed| seed % threads == thread) {
                    let schedule = Schedule::random(seed, Mutation::None);
                    if let Outcome::Broken(why) = schedule.run().outcome {
                        fail(&schedule, &format!("seed {seed}: {why}"));
                    }
                }
            });
        }
    });
}

#[test]
fn every_pair_of_operations_holds_at_every_point() {
    for first in Actor::ALL {
        for second in Actor::ALL {
            for kill in [false, true] {
                for after in 0.. {
                    let schedule = Schedule::pair(first, second, after, kill);
                    let ran = schedule.run();
                    if let Outcome::Broken(why) = ran.outcome {
                        fail(&schedule, &format!("{first:?} and {second:?} at {after}: {why}"));
                    }
                    if ran.steps_of_first <= after {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn every_mutation_of_the_protocol_is_caught() {
    let is_caught = |seed: &u64, mutation| {
        matches!(Schedule::random(*seed, mutation).run().outcome, Outcome::Broken(_))
    };
    let caught = Mutation::ALL.map(|mutation| {
        let caught: Vec<_> = (0..CAUGHT_WITHIN).filter(|seed| is_caught(seed, mutation)).collect();
        let (count, first) = (caught.len(), caught.first());
        println!(
            "{mutation:?}: {count} of {CAUGHT_WITHIN} schedules break, the first is {first:?}"
        );
        (mutation, count)
    });
    for (mutation, count) in caught {
        assert!(count > 0, "{mutation:?} breaks nothing in {CAUGHT_WITHIN} schedules");
    }
}

#[test]
fn a_schedule_is_repeated_exactly() {
    for seed in 0..50 {
        let traces = [(); 2].map(|()| Schedule::random(seed, Mutation::None).run().trace);
        assert_eq!(traces[0], traces[1], "seed {seed}");
    }
}
