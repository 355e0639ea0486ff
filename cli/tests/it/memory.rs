//! Memory under hostile input: a run ends with a result or a message, never by the kernel's hand,
//! and its peak is within the budget and 128 MiB.
//!
//! Where this process may make memory cgroups (as root on Linux), a run is in one of 1 GiB, as in a
//! pod with the chart's default limit. The peak is the largest resident set that the kernel has
//! counted for the process.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::words::word;

const MIB: u64 = 1 << 20;

/// The limit of a pod.
const LIMIT: u64 = 1 << 30;

/// The bytes that a run may take besides its budget.
const BESIDE: u64 = 128 * MIB;

/// A folder for the files of a test.
struct Workplace(tempfile::TempDir);

/// A cgroup, which is removed with its last process.
struct Cgroup(PathBuf);

impl Cgroup {
    /// A group for `LIMIT` bytes; `None` where this process may not make one.
    fn new(name: &str) -> Option<Self> {
        let name = format!("trendjob-test-{name}-{}", std::process::id());
        for (root, limit) in
            [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
        {
            let group = Path::new(root).join(&name);
            if !Path::new(root).join("cgroup.procs").exists() || fs::create_dir(&group).is_err() {
                continue;
            }
            let group = Self(group);
            if fs::write(group.0.join(limit), LIMIT.to_string()).is_ok() {
                return Some(group);
            }
        }
        None
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.0));
    }
}

/// The end of a run and the most memory that it took, in bytes.
struct Ended {
    output: Output,
    peak: u64,
}

impl Ended {
    /// Checks the peak, and that the run published a result.
    fn published(&self, budget: u64) -> serde_json::Value {
        let stderr = String::from_utf8_lossy(&self.output.stderr);
        assert!(self.output.status.success(), "{}: {stderr}", self.output.status);
        self.within(budget);
        serde_json::from_slice(&self.output.stdout).unwrap()
    }

    fn within(&self, budget: u64) {
        let (peak, most) = (self.peak / MIB, (budget + BESIDE) / MIB);
        assert!(peak <= most, "{peak} MiB, at most {most} MiB are right");
    }
}

impl Workplace {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Runs `trendjob run` over a file with these arguments, in the cgroup if there is one.
    #[expect(clippy::print_stderr, reason = "the runs by hand show their peaks")]
    fn run(&self, input: &str, args: &[&str], memory: u64) -> Ended {
        let group = Cgroup::new(&input.replace(['.', '/'], "-"));
        let procs = group.as_ref().map(|group| group.0.join("cgroup.procs"));
        let mut command = Command::new("sh");
        command.args(["-c", "[ -z \"$1\" ] || echo $$ > \"$1\"; shift; exec \"$@\"", "sh"]);
        command.arg(procs.map(|path| path.display().to_string()).unwrap_or_default());
        // `TRENDJOB_TEST_BINARY` names another build, to compare with.
        let binary = std::env::var_os("TRENDJOB_TEST_BINARY");
        command.arg(binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_trendjob").into()));
        command.args(["run", "--source", "sample", "--output", "json", "--store"]);
        command.arg(self.path("store")).args(args);
        command.args(["--memory", &memory.to_string(), &self.path(input)]);
        // glibc keeps memory that tables leave; the allocator of the images returns it at once, as
        // these settings make glibc do.
        let tunables = "glibc.malloc.mmap_threshold=131072:glibc.malloc.arena_max=2";
        command.env("GLIBC_TUNABLES", tunables).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let watch = std::thread::spawn(move || {
            let mut peak = 0;
            // The shell has become the command, so the number stays the same. A process that has
            // ended has no resident set.
            while let Ok(text) = fs::read_to_string(&status) {
                let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
                let Some(kib) = kib else { break };
                peak = peak.max(kib);
                std::thread::park_timeout(Duration::from_millis(2));
            }
            peak * 1024
        });
        let output = child.wait_with_output().unwrap();
        let peak = watch.join().unwrap();
        eprintln!("{input} {args:?} {} MiB: peak {} MiB", memory / MIB, peak / MIB);
        Ended { output, peak }
    }
}

/// A record of about so many bytes, whose words are all different.
fn record_of_words(bytes: u64, first: u64) -> String {
    let mut line = "{\"text\":\"".to_owned();
    for number in 0..bytes / 6 {
        write!(line, "{} ", word(first + number, 5)).unwrap();
    }
    line + "\"}\n"
}

const SEED: &[&str] = &["--profile", "seed"];
const WORDS: &[&str] = &["--profile", "social", "--kinds", "word"];
const PHRASES: &[&str] = &["--profile", "social", "--kinds", "word,phrase"];

#[test]
fn one_record_of_millions_of_words_counts_in_part_within_the_memory() {
    let work = Workplace::new();
    fs::write(work.path("one.ndjson"), record_of_words(15 * MIB, 0)).unwrap();
    for settings in [SEED, WORDS, PHRASES] {
        let args = [settings, &["--threads", "2"]].concat();
        let report = work.run("one.ndjson", &args, 64 * MIB).published(64 * MIB);
        assert_eq!((&report["cutRecords"], &report["records"]["counted"]), (&1.into(), &1.into()));
        // 256 KiB of words of five letters, less a few stop words and remnants.
        let topics = report["topics"].as_u64().unwrap();
        assert!((43_500..=43_700).contains(&topics), "{topics}");
    }
}

/// Writes a file of long lines that differ in their first word, which compresses a thousandfold.
fn write_long_lines(path: &str, lines: u64, bytes: u64) {
    let mut file = zstd::Encoder::new(fs::File::create(path).unwrap(), 3).unwrap();
    for number in 0..lines {
        let filling = "love peace ".repeat((bytes / 11) as usize);
        writeln!(file, "{{\"text\":\"{} {filling}\"}}", word(number, 5)).unwrap();
    }
    file.finish().unwrap();
}

#[test]
fn long_lines_of_a_small_compressed_file_stay_within_the_memory_with_many_threads() {
    let work = Workplace::new();
    write_long_lines(&work.path("lines.zst"), 24, 159 * MIB / 10);
    let args = [PHRASES, &["--threads", "16"]].concat();
    let report = work.run("lines.zst", &args, 64 * MIB).published(64 * MIB);
    assert_eq!((&report["cutRecords"], &report["records"]["counted"]), (&24.into(), &24.into()));
}

#[test]
fn zstd_files_with_the_largest_windows_stay_within_the_memory_with_many_threads() {
    let work = Workplace::new();
    fs::create_dir(work.path("posts")).unwrap();
    for number in 0..8 {
        let file = fs::File::create(work.path(&format!("posts/{number}.zst"))).unwrap();
        let mut file = zstd::Encoder::new(file, 1).unwrap();
        file.window_log(27).unwrap();
        // A line that is too long costs little time; this one fills half of the window.
        writeln!(file, "{{\"text\":\"love\"}}\n{}", "x".repeat(60 << 20)).unwrap();
        file.finish().unwrap();
    }
    let too_long = ["--max-record-size", "1Mi", "--max-malformed-percent", "50"];
    let args = [SEED, &["--threads", "8"], &too_long].concat();
    let report = work.run("posts", &args, 64 * MIB).published(64 * MIB);
    assert_eq!(report["records"]["counted"], 8);
}

#[test]
fn long_lines_of_a_plain_file_stay_within_the_memory_with_many_threads() {
    let work = Workplace::new();
    let mut file = fs::File::create(work.path("lines.ndjson")).unwrap();
    for number in 0..24 {
        file.write_all(record_of_words(8 * MIB, number).as_bytes()).unwrap();
    }
    let args = [PHRASES, &["--threads", "16", "--chunk-size", "1Mi"]].concat();
    let report = work.run("lines.ndjson", &args, 64 * MIB).published(64 * MIB);
    assert_eq!((&report["cutRecords"], &report["records"]["counted"]), (&24.into(), &24.into()));
}

#[test]
#[ignore = "takes minutes: run by hand, see CONTRIBUTING.md"]
fn the_longest_records_and_lines_stay_within_the_budget_of_a_small_pod() {
    let budget = 256 * MIB;
    let work = Workplace::new();
    let words = record_of_words(63 * MIB, 0);
    fs::write(work.path("one.ndjson"), &words).unwrap();
    fs::write(work.path("two.ndjson"), [words.clone(), words].concat()).unwrap();
    write_long_lines(&work.path("lines.zst"), 40, 159 * MIB / 10);
    write_long_lines(&work.path("longer.zst"), 10, 63 * MIB);
    let mut peaks = Vec::new();
    for settings in [SEED, WORDS, PHRASES] {
        for (input, threads) in [
            ("one.ndjson", "1"),
            ("two.ndjson", "2"),
            ("lines.zst", "1"),
            ("lines.zst", "2"),
            ("lines.zst", "8"),
            ("lines.zst", "16"),
            ("longer.zst", "4"),
        ] {
            let args = [settings, &["--threads", threads, "--max-record-size", "64Mi"]].concat();
            let ended = work.run(input, &args, budget);
            peaks.push((settings, input, threads, ended.peak / MIB, ended.output.status.code()));
        }
    }
    let most = (budget + BESIDE) / MIB;
    let wrong: Vec<_> = peaks.iter().filter(|peak| peak.3 > most || peak.4 != Some(0)).collect();
    assert!(wrong.is_empty(), "at most {most} MiB are right: {wrong:#?}");
}

/// Writes a record for each of so many windows of five minutes, with two words.
fn write_windows(path: &str, windows: u64) {
    let mut file = fs::File::create(path).unwrap();
    let mut lines = String::new();
    for number in 0..windows {
        let (word, time) = (word(number % 7, 3), 600_000_000 + number * 300);
        writeln!(lines, "{{\"text\":\"{word} peace\",\"created_at\":{time}}}").unwrap();
    }
    file.write_all(lines.as_bytes()).unwrap();
}

const SCORES: &str = "burst,peak,popular,count";

#[test]
fn scored_windows_stay_within_the_memory_with_many_threads() {
    let work = Workplace::new();
    write_windows(&work.path("windows.ndjson"), 200_000);
    let args = ["--threads", "16", "--window", "5m", "--scores", "burst"];
    let report = work.run("windows.ndjson", &[WORDS, &args].concat(), 16 * MIB).published(16 * MIB);
    assert_eq!(report["records"]["counted"], 200_000);
}

#[test]
#[ignore = "takes minutes: run by hand, see CONTRIBUTING.md"]
fn a_million_scored_windows_stay_within_the_memory_at_any_number_of_threads() {
    let work = Workplace::new();
    write_windows(&work.path("windows.ndjson"), 990_000);
    let mut peaks = Vec::new();
    for (settings, scores, threads, shards, memory) in [
        (WORDS, "burst", "16", "1", 614),
        (WORDS, "burst", "2", "1", 64),
        (WORDS, "burst", "16", "16", 64),
        (PHRASES, SCORES, "8", "40", 256),
        (PHRASES, SCORES, "16", "1", 614),
        (SEED, "burst,count", "16", "3", 128),
    ] {
        let args = ["--threads", threads, "--shards", shards, "--window", "5m", "--scores", scores];
        let ended = work.run("windows.ndjson", &[settings, &args].concat(), memory * MIB);
        let is_within = ended.peak <= memory * MIB + BESIDE && ended.output.status.success();
        peaks.push((settings, scores, threads, shards, memory, ended.peak / MIB, is_within));
    }
    assert!(peaks.iter().all(|peak| peak.6), "{peaks:#?}");
}

#[test]
#[ignore = "takes minutes: run by hand, see CONTRIBUTING.md"]
fn windows_without_number_end_a_run_with_a_message() {
    let work = Workplace::new();
    let mut file = fs::File::create(work.path("times.ndjson")).unwrap();
    let mut lines = String::new();
    // Four million windows of five minutes, in 16 shards.
    for number in 0..4_000_000_u64 {
        writeln!(lines, "{{\"text\":\"love\",\"created_at\":{}}}", 600_000_000 + number * 300)
            .unwrap();
        if lines.len() > 1 << 20 {
            file.write_all(lines.as_bytes()).unwrap();
            lines.clear();
        }
    }
    file.write_all(lines.as_bytes()).unwrap();
    for (threads, settings) in [("1", SEED), ("8", WORDS)] {
        let args = ["--threads", threads, "--window", "5m", "--shards", "16"];
        let ended = work.run("times.ndjson", &[settings, &args].concat(), 256 * MIB);
        ended.within(256 * MIB);
        let stderr = String::from_utf8_lossy(&ended.output.stderr);
        assert!(stderr.contains("more than 1000000 windows"), "{stderr}");
        assert!(ended.output.status.code().is_some(), "{}", ended.output.status);
    }
}

#[test]
#[ignore = "takes minutes: run by hand, see CONTRIBUTING.md"]
fn shards_without_number_are_merged_within_the_memory() {
    let work = Workplace::new();
    let shards = std::env::var_os("TRENDJOB_TEST_SHARDS");
    let shards = shards.map_or(1_500, |n| n.into_string().unwrap().parse::<u64>().unwrap());
    let mut file = fs::File::create(work.path("words.ndjson")).unwrap();
    // Each shard has about 256 KiB of rows.
    for shard in 0..shards {
        let mut lines = String::new();
        for record in 0..90 {
            lines += &record_of_words(1_200, shard * 7_919 + record * 200);
        }
        file.write_all(lines.as_bytes()).unwrap();
    }
    let count = shards.to_string();
    let args = [SEED, &["--threads", "1", "--partitions", "1", "--shards", &count]].concat();
    let report = work.run("words.ndjson", &args, 64 * MIB).published(64 * MIB);
    assert_eq!(report["shards"], shards);
}
