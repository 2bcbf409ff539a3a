//! Python environments among the build outputs.
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step::{self, Tally};

/// Whether there is a Python that makes environments.
pub fn has_python() -> bool {
    quiet(Command::new("python3").args(["-c", "import venv, ensurepip"]))
}

/// The Python of an environment among the build outputs, with the packages of a file of requirements.
pub fn environment(name: &str, requirements: &str, tally: &mut Tally) -> Option<PathBuf> {
    let folder = step::beside_us(name);
    let python = folder.join("bin/python");
    let made = python.exists()
        || step::run(
            "Python environment",
            {
                let mut venv = Command::new("python3");
                venv.args(["-m", "venv"]).arg(&folder);
                venv
            },
            tally,
        );
    let mut install = Command::new(&python);
    install.current_dir(crate::root());
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    (made && step::run(&format!("packages of {requirements}"), install, tally)).then_some(python)
}

fn quiet(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
