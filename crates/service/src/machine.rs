//! The memory and threads that the machine or the container gives a process, and the share of them
//! that a run uses. Reads Linux's files; on other systems the memory is unknown.

use std::{fs, thread::available_parallelism};

/// The most memory that a run uses unless the user sets another limit, in bytes.
const MOST_MEMORY: u64 = 4 << 30;

/// The memory that is assumed on a machine that doesn't report it, in bytes.
const ASSUMED_MEMORY: u64 = 1 << 30;

/// Returns the memory that a run uses unless the user sets another limit, in bytes: 60 % of the
/// machine's, at most 4 GiB.
pub fn default_memory() -> usize {
    let memory = memory_limit().unwrap_or(ASSUMED_MEMORY) / 10 * 6;
    usize::try_from(memory.min(MOST_MEMORY)).unwrap_or(usize::MAX)
}

/// Returns the threads that a run uses unless the user sets another number: the cores, or the CPU
/// limit of a container's cgroup.
pub fn default_threads() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Returns the memory that this process may use, in bytes: the limit of its cgroup or the
/// machine's, the lower.
fn memory_limit() -> Option<u64> {
    let cgroup = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let cgroup = cgroup.and_then(|limit| limit.trim().parse().ok());
    let machine =
        fs::read_to_string("/proc/meminfo").ok().and_then(|info| size(&info, "MemTotal:"));
    [cgroup, machine].into_iter().flatten().min()
}

/// Returns the most memory that this process has held so far, in bytes.
pub fn peak_memory() -> Option<u64> {
    size(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Returns the size in bytes from a line such as `MemTotal:       24632456 kB`.
fn size(info: &str, name: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_in_kibibytes_is_returned_in_bytes() {
        let total = |info| size(info, "MemTotal:");
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(total("MemTotal:       24 kB\nMemFree: 1 kB\n"), Some(24 * 1024));
    }
}
