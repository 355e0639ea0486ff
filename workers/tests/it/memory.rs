//! The memory of pods, as the kernel counts it.

use std::fmt::Write as _;

use crate::cluster::{Cluster, Ended};
use crate::words::word;

const TERMS: u64 = 1_000_000;

/// The most memory that a process may take, in bytes.
const LIMIT: u64 = 64 << 20;

/// Writes every term twice, far apart, ten per record.
fn write_terms(cluster: &Cluster) {
    let numbers: Vec<u64> = (0..TERMS).chain(TERMS / 3..TERMS).chain(0..TERMS / 3).collect();
    let mut text = String::new();
    for ten in numbers.chunks(10) {
        let words: Vec<String> = ten.iter().map(|number| word(*number, 6)).collect();
        writeln!(text, "{{\"text\":\"{}\"}}", words.join(" ")).unwrap();
    }
    std::fs::write(cluster.data().join("terms.ndjson"), text).unwrap();
}

fn peak(ended: &Ended) -> u64 {
    let last: serde_json::Value = serde_json::from_str(ended.log.lines().last().unwrap()).unwrap();
    last["peak_memory"].as_u64().unwrap()
}

#[test]
fn a_partition_of_a_million_terms_in_64_shards_is_merged_in_64_mib() {
    let cluster = Cluster::new(None, 0, 64, 1);
    write_terms(&cluster);
    let plan = cluster.plan();
    assert_eq!(plan.shards, 64);
    for index in 0..plan.shards {
        cluster.indexed("etl", &plan.hash, index).run().done();
    }
    // 16 MiB is too little to sort without spilling.
    let args = ["--plan-hash", &plan.hash, "--index", "0", "--memory", "16Mi"];
    let merged = cluster.pod("aggregate", &args).run();
    assert!(peak(&merged) < LIMIT, "{} bytes", peak(&merged));
    merged.done();
    let published = cluster.pod("publish", &["--plan-hash", &plan.hash]).run();
    assert!(peak(&published) < LIMIT, "{} bytes", peak(&published));
    // A few terms are stop words.
    let topics = published.done().result.unwrap().topics;
    assert!((TERMS - 1_000..=TERMS).contains(&topics), "{topics}");
}

/// Counts all terms in one shard with `--memory`, and returns the peak of the process, in bytes.
fn counted_with(memory: &str) -> u64 {
    let cluster = Cluster::new(None, 0, 1, 1);
    write_terms(&cluster);
    let plan = cluster.plan();
    let args = ["--plan-hash", &plan.hash, "--index", "0", "--memory", memory];
    // Tables grow by doubling, and glibc keeps the memory that they leave. The allocator of the
    // static builds in images returns it at once, as this threshold makes glibc do.
    let pod = cluster.pod("etl", &args);
    let ended = pod.env("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=131072").run();
    let peak = peak(&ended);
    ended.done();
    peak
}

#[test]
fn a_shard_that_outgrows_its_memory_is_spilled_and_stays_within_the_limit_of_its_pod() {
    // 38Mi is about three fifths of the limit, as a pod takes by default.
    let (spilled, whole) = (counted_with("38Mi"), counted_with("1Gi"));
    // The program's own pages count, and those of a debug build are 20 MB more.
    let limit = LIMIT + if cfg!(debug_assertions) { 4 << 20 } else { 0 };
    assert!(spilled < limit && limit < whole, "{spilled} bytes, {whole} without spilling");
}
