//! The tool, to be run.

use std::process::Command;

/// The tool, in an environment that says nothing about polyarray and with the signals' default actions, whatever the
/// tests themselves were started with.
pub fn polyarray() -> Command {
    isolated(env!("CARGO_BIN_EXE_polyarray"))
}

/// A shell, likewise, that runs `line`, in which `polyarray` is the tool.
#[allow(dead_code, reason = "not every test program needs it")]
pub fn shell(line: &str) -> Command {
    let mut command = isolated("sh");
    command.args(["-c", &format!("polyarray() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_polyarray"))]);
    command
}

fn isolated(program: &str) -> Command {
    default_signals();
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POLYARRAY_"))
    {
        command.env_remove(name);
    }
    command
}

/// A signal that this process ignores (a shell has its background jobs ignore SIGINT) would be ignored by its children;
/// one that it handles has its default action in them.
#[cfg(unix)]
fn default_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    static HANDLED: std::sync::Once = std::sync::Once::new();
    HANDLED.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let end = std::sync::Arc::new(true.into());
            signal_hook::flag::register_conditional_default(signal, end).expect("it can be handled");
        }
    });
}

#[cfg(not(unix))]
fn default_signals() {}
