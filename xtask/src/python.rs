//! The Python package: put together from what cargo has built, installed in a fresh virtual environment, and tested.
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment::{self, environment};
use crate::step::{self, Tally, cargo};

/// Builds the package into its own environment, and runs its tests.
pub fn run(tally: &mut Tally) {
    if !environment::has_python() {
        println!("\nThe tests of the Python package are left out: there is no python3 with venv.");
        return;
    }
    // The whole workspace, so that nothing is built twice: a package of its own would select other features.
    if !step::run("Python extension", cargo(&["build", "--locked", "--workspace", "--lib"]), tally) {
        return;
    }
    let Some(python) = environment("python-venv", "python/tests/requirements.txt", tally) else { return };
    if let Err(error) = install(&python) {
        println!("The package could not be put into its environment: {error}");
        tally.fail("the Python package");
        return;
    }
    let mut tests = Command::new(&python);
    tests.current_dir(crate::root().join("python/tests"));
    tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    step::run("Python tests", tests, tally);
}

/// The package's files and the extension module, where the environment's Python finds them.
fn install(python: &Path) -> std::io::Result<()> {
    let asked = Command::new(python)
        .args(["-c", "import sysconfig; print(sysconfig.get_path('platlib'))"])
        .output()?;
    let packages = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    let package = packages.join("polyarray");
    if package.exists() {
        std::fs::remove_dir_all(&package)?;
    }
    std::fs::create_dir_all(&package)?;
    for file in std::fs::read_dir(crate::root().join("python/polyarray"))? {
        let file = file?;
        if file.file_type()?.is_file() {
            std::fs::copy(file.path(), package.join(file.file_name()))?;
        }
    }
    let (prefix, extension) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let built = step::beside_us(&format!("{prefix}polyarray_native{extension}"));
    let module = if cfg!(windows) { "_native.pyd" } else { "_native.abi3.so" };
    std::fs::copy(built, package.join(module)).map(|_| ())
}
