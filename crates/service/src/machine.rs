//! What the machine or the container gives a process. Reads what Linux tells; elsewhere it is
//! unknown, and the caller decides what to assume.

use std::fs;

/// Memory this process may use, in bytes: the limit of its cgroup or the machine's, the lower.
pub fn memory_limit() -> Option<u64> {
    let cgroup = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let cgroup = cgroup.and_then(|limit| limit.trim().parse().ok());
    let machine =
        fs::read_to_string("/proc/meminfo").ok().and_then(|info| kibibytes(&info, "MemTotal:"));
    [cgroup, machine].into_iter().flatten().min()
}

/// The most memory this process has held so far, in bytes.
pub fn peak_memory() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The value of a line like `MemTotal:       24632456 kB`, in bytes.
fn kibibytes(info: &str, name: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_memory_is_read_in_kibibytes() {
        let total = |info| kibibytes(info, "MemTotal:");
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(total("MemTotal:       24 kB\nMemFree: 1 kB\n"), Some(24 * 1024));
    }
}
