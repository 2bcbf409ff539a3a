//! The processor in one line: what a measurement on this host holds for.
use std::sync::LazyLock;

/// Model, threads, the vectors that kernels are compiled for, and this crate's version.
pub fn identity() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| {
        let threads = rayon::current_num_threads();
        let vectors = crate::simd::vectors();
        format!(
            "{}, {threads} threads, {vectors} {}, polyarray-cpu {}",
            model(),
            std::env::consts::ARCH,
            env!("CARGO_PKG_VERSION")
        )
    });
    &LINE
}

/// What the operating system calls the processor, where it says so in a file.
fn model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    line.map_or_else(|| format!("{} processor", std::env::consts::OS), |(_, name)| name.trim().to_owned())
}
