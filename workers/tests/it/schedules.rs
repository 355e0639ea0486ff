//! Random orders of pods, some killed, some started twice. The seed is printed;
//! `TRENDJOB_TEST_SEED` repeats it, and `TRENDJOB_TEST_SCHEDULES` is the number of orders.

use std::thread;
use std::time::Duration;

use crate::cluster::{Cluster, Pod, Shared};

/// A small generator (`SplitMix64`), so that a printed seed repeats a schedule.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.roll(at as u64 + 1) as usize);
        }
    }
}

/// Repeats one index until it is done: some attempts are killed, some have a twin.
fn attempts(dice: &mut Dice, pod: impl Fn() -> Pod) {
    loop {
        // Attempts with different blocks must never be mixed.
        let block_size = 4_096 << dice.roll(8);
        match dice.roll(5) {
            0 => {
                let running = pod().cut_at(block_size).start();
                // A random moment for the kill; nothing is waited for.
                thread::park_timeout(Duration::from_millis(dice.roll(80)));
                running.kill();
            }
            1 => {
                let running = pod().cut_at(block_size).start();
                thread::park_timeout(Duration::from_millis(dice.roll(80)));
                running.signal("TERM");
                let ended = running.end();
                // A pod that doesn't handle the signal yet ends without an exit code.
                assert!(matches!(ended.status.code(), Some(0 | 143) | None), "{}", ended.log);
            }
            2 => {
                let twins = [pod().start(), pod().cut_at(block_size).start()];
                for twin in twins {
                    twin.end().done();
                }
                return;
            }
            _ => {
                pod().cut_at(block_size).run().done();
                return;
            }
        }
    }
}

/// The number in a variable of the environment.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var_os(name).and_then(|value| value.into_string().ok());
    set.map_or(default, |value| value.parse().unwrap())
}

#[expect(clippy::print_stderr, reason = "the seed repeats a failure")]
fn schedules(shared: impl Fn(u64) -> Option<Shared>, default: u64) {
    let seed = number("TRENDJOB_TEST_SEED", u64::from(std::process::id()));
    let count = number("TRENDJOB_TEST_SCHEDULES", default);
    eprintln!("seed {seed}, {count} schedules");
    let shapes = [(1, 1), (3, 4), (16, 1), (3, 1), (16, 4), (1, 4)];
    let mut expected = None;
    for schedule in 0..count {
        let mut dice = Dice(seed.wrapping_add(schedule));
        let (shards, partitions) = shapes[schedule as usize % shapes.len()];
        let cluster = Cluster::new(shared(schedule), 16, shards, partitions);
        let expected = expected.get_or_insert_with(|| cluster.expected());
        attempts(&mut dice, || cluster.pod("plan", &[]));
        let plan = cluster.plan();
        assert_eq!((plan.shards, plan.partitions), (shards, partitions));
        for (stage, indexes) in [("etl", shards), ("aggregate", partitions)] {
            let mut order: Vec<u32> = (0..indexes).collect();
            dice.shuffle(&mut order);
            // Two at once compete for the cores.
            for pair in order.chunks(2) {
                thread::scope(|scope| {
                    for index in pair {
                        let mut dice = Dice(dice.roll(u64::MAX));
                        let (cluster, hash) = (&cluster, plan.hash.as_str());
                        scope.spawn(move || {
                            attempts(&mut dice, || cluster.indexed(stage, hash, *index));
                        });
                    }
                });
            }
        }
        attempts(&mut dice, || cluster.pod("publish", &["--plan-hash", &plan.hash]));
        let report = cluster.pod("publish", &["--plan-hash", &plan.hash]).run().done();
        let result = report.result.unwrap();
        assert_eq!((&result.digest, result.generation), (&*expected, 1), "schedule {schedule}");
    }
}

#[test]
fn any_order_of_killed_and_doubled_pods_publishes_one_digest_from_a_folder() {
    schedules(|_| None, 6);
}

#[testing::needs(mongodb)]
#[test]
fn any_order_of_killed_and_doubled_pods_publishes_one_digest_from_mongodb() {
    schedules(|schedule| Some(Shared::mongo(&format!("schedule-{schedule}"))), 6);
}
