//! The comparison with NumPy itself: a virtual environment among the build outputs, and `tests/numpy/compare.py` in it.
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step::{self, Tally, cargo};

/// Calls of each method.
const CALLS: [(&str, &str); 2] = [("cpu", "60"), ("gpu", "20")];

/// Runs the comparison on the host and on the first GPU.
pub fn run(tally: &mut Tally) {
    if !has_python() {
        println!("\nThe comparison with NumPy is left out: there is no python3 with venv.");
        return;
    }
    let Some(python) = environment("numpy-venv", "tests/numpy/requirements.txt", tally) else { return };
    if !step::run(
        "the suite's calls",
        cargo(&["build", "--locked", "--workspace", "--example", "numpy_cases"]),
        tally,
    ) {
        return;
    }
    for (kind, calls) in CALLS {
        let mut compare = Command::new(&python);
        compare
            .current_dir(crate::root())
            .arg("tests/numpy/compare.py")
            .arg(step::built("examples/numpy_cases"));
        compare.args(["--kind", kind, "--calls", calls]);
        step::run(&format!("NumPy beside {kind}"), compare, tally);
    }
}

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
