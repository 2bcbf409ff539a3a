//! The tool is told to end: nothing written half stays behind.

/// From here on a signal that ends the process first discards what is not whole. Where the system refuses to say
/// when there is one, it ends the process as ever.
#[cfg(unix)]
pub fn watch() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use polyarray_genetics::discard_unfinished;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // Caught, it makes the write that is too long an error, and that says which file could not be written.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::<AtomicBool>::default());
    let ignored = ignored();
    let heeded = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let Ok(mut signals) = Signals::new(heeded) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _discarded = discard_unfinished();
            // The shell sees that it was the signal, and ends its script.
            let _ = emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
pub fn watch() {}

/// One bit for each signal that the process's parent (`nohup`, a shell's `&`) had it ignore.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
