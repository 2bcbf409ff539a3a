//! The kind's name and handle, and the processor in one line: what a measurement on this host holds for.

use polyarray_core::dispatch::{Kind, KindCell};
use std::sync::LazyLock;

/// The kind's name.
pub const KIND: &str = "cpu";

static CELL: KindCell = KindCell::new(KIND);

/// The kind, as scopes and registrations name it.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant")]
pub const cpu: Kind = Kind::new(&CELL);

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
