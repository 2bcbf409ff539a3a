//! The tool, to be run.

use std::process::Command;

/// The tool without what the caller's environment may choose.
pub fn polyarray() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polyarray"));
    for name in ["POLYARRAY_BACKEND", "POLYARRAY_BLOCK", "POLYARRAY_ADAPTER", "POLYARRAY_DEFAULT_DEVICE"] {
        command.env_remove(name);
    }
    command
}
