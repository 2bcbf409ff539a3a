//! The comparison with NumPy itself: a virtual environment among the build outputs, and `tests/numpy/compare.py` in it.
use std::process::Command;

use crate::environment::{self, environment};
use crate::step::{self, Tally, cargo};

/// Calls of each method.
const CALLS: [(&str, &str); 2] = [("cpu", "60"), ("gpu", "20")];

/// Runs the comparison on the host and on the first GPU.
pub fn run(tally: &mut Tally) {
    if !environment::has_python() {
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
