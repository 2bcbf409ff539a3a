//! Is there a GPU? If not, Mesa's software adapter, where we may install it.
use std::process::{Command, Stdio};

use crate::step;

/// What makes a Vulkan adapter of any machine.
const PACKAGES: [&str; 2] = ["mesa-vulkan-drivers", "libvulkan1"];

/// Asks the tour, which opens the adapter as the tests will; it is built by now.
fn exists() -> bool {
    let mut command = Command::new(step::built("examples/tour"));
    command.arg("--check").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What to type where we may not install.
fn remedy() -> String {
    match Apt::find() {
        Apt::Granted(_) | Apt::Denied => {
            format!("sudo apt-get update && sudo apt-get install -y {}", PACKAGES.join(" "))
        }
        Apt::Absent => format!(
            "a Vulkan, Metal or DirectX 12 driver is needed; on Debian or Ubuntu: \
             sudo apt-get install -y {}",
            PACKAGES.join(" ")
        ),
    }
}

/// Finds an adapter or makes one; the error is what to tell the user.
pub fn ensure() -> Result<(), String> {
    step::header("a GPU");
    if exists() {
        println!("an adapter was found");
        return Ok(());
    }
    let stop =
        |why: &str| Err(format!("no Vulkan adapter was found, and {why}. Type:\n\n    {}\n", remedy()));
    let prefix = match Apt::find() {
        Apt::Granted(prefix) => prefix,
        Apt::Denied => return stop("installing one needs root or sudo without a password"),
        Apt::Absent => return stop("this system has no apt-get"),
    };
    println!("no adapter was found: installing {}", PACKAGES.join(" "));
    let install = || apt(&prefix, &[&["install", "-y", "--no-install-recommends"], &PACKAGES[..]].concat());
    // Package lists are often older than the packages: then they are fetched and the install tried again.
    let installed = install() || (apt(&prefix, &["update"]) && install());
    if !installed {
        return stop("apt-get could not install one (see above)");
    }
    match exists() {
        true => Ok(()),
        false => stop("the installed one can't be opened (`cargo run -- devices` says why)"),
    }
}

/// Whether `apt-get` is there and may be used.
enum Apt {
    Absent,
    Denied,
    /// How to call it as root.
    Granted(Vec<&'static str>),
}

impl Apt {
    fn find() -> Self {
        let quiet = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !quiet("apt-get", &["--version"]) {
            return Self::Absent;
        }
        let user = Command::new("id").arg("-u").output().map(|output| output.stdout).unwrap_or_default();
        if user.trim_ascii() == b"0" {
            Self::Granted(vec!["apt-get"])
        } else if quiet("sudo", &["-n", "true"]) {
            Self::Granted(vec!["sudo", "-n", "apt-get"])
        } else {
            Self::Denied
        }
    }
}

fn apt(prefix: &[&str], arguments: &[&str]) -> bool {
    let mut command = Command::new(prefix[0]);
    command.args(&prefix[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command.status().is_ok_and(|status| status.success())
}
