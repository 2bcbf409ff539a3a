//! How much memory this process may still take: the system's, its control group's and its own limit.

use std::fs;

/// Bytes that can still be taken without swapping or being killed, as far as the system tells.
/// `None` where it tells nothing (no procfs).
pub fn available() -> Option<u64> {
    [system(), control_group(), address_space()].into_iter().flatten().min()
}

fn system() -> Option<u64> {
    field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(|kib| kib * 1024)
}

/// What the control group leaves, of version 2 (a tree of `memory.max`) or version 1.
fn control_group() -> Option<u64> {
    let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = membership.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let mut least: Option<u64> = None;
    let mut directory = format!("/sys/fs/cgroup{}", path.trim_end_matches('/'));
    loop {
        if let (Some(most), Some(used)) =
            (number(&format!("{directory}/memory.max")), number(&format!("{directory}/memory.current")))
        {
            let rest = most.saturating_sub(used);
            least = Some(least.map_or(rest, |bytes| bytes.min(rest)));
        }
        // A limit on any ancestor holds as well.
        match directory.rfind('/') {
            Some(cut) if cut >= "/sys/fs/cgroup".len() => directory.truncate(cut),
            _ => break,
        }
    }
    let version_1 = "/sys/fs/cgroup/memory/memory";
    if let (Some(most), Some(used)) =
        (number(&format!("{version_1}.limit_in_bytes")), number(&format!("{version_1}.usage_in_bytes")))
    {
        let rest = most.saturating_sub(used);
        least = Some(least.map_or(rest, |bytes| bytes.min(rest)));
    }
    least
}

/// What `ulimit -v` leaves.
fn address_space() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let most = field(&limits, "Max address space")?;
    let used = field(&fs::read_to_string("/proc/self/status").ok()?, "VmSize:")? * 1024;
    Some(most.saturating_sub(used))
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The first number behind `key` in a file of `key value …` lines.
fn field(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_words_are_not_numbers() {
        let text = "MemTotal:  9 kB\nMemAvailable:    1234 kB\n";
        assert_eq!(field(text, "MemAvailable:"), Some(1234));
        assert_eq!(field("Max address space     unlimited   unlimited bytes", "Max address space"), None);
        assert_eq!(field(text, "SwapFree:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn something_is_available() {
        let bytes = available().expect("procfs");
        assert!(bytes > 1 << 20, "{bytes}");
    }
}
