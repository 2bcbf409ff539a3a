//! The tool `polyarray`: what is here, and genotypes analysed.
mod cli;

fn main() -> std::process::ExitCode {
    quiet_mesa();
    cli::main()
}

/// Mesa's layer that sorts adapters asks the desktop, and complains on standard error where there is none
/// (containers, plain ssh), as if something had failed. We sort adapters ourselves.
fn quiet_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() && std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: the process has one thread yet, so nobody reads the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
