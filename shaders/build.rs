//! Validates every WGSL file, in every instance and under every set of features, through the whole compile
//! pipeline: a broken shader fails the build, with the place in its source.

#[path = "src/compile.rs"]
#[allow(dead_code, reason = "the build script uses part of the pipeline")]
mod compile;
#[path = "src/exact.rs"]
#[allow(dead_code, reason = "the build script uses part of the pipeline")]
mod exact;
#[path = "src/library.rs"]
#[allow(dead_code, reason = "the build script uses part of the library")]
mod library;
#[path = "src/refuse.rs"]
#[allow(dead_code, reason = "the build script uses part of the pipeline")]
mod refuse;

use compile::Options;
use library::{FILES, Features, Library, instances};

/// What kernels provide to the library.
const FRAME: &str = "
@group(0) @binding(0) var<storage, read> probe: array<u32>;
fn run_time_zero() -> u32 { return probe[0]; }
@compute @workgroup_size(1) fn main() { _ = run_time_zero(); }
";

fn main() {
    println!("cargo::rerun-if-changed=wgsl");
    println!("cargo::rerun-if-changed=src");
    let mut broken = false;
    for features in Features::ALL {
        for (path, text) in FILES {
            for instance in instances(path, text, features) {
                let source = Library::get(features).link(&format!("{instance}{FRAME}"));
                if let Err(error) = compile::compile(path, &source, &Options::own(features)) {
                    for line in error.to_string().lines() {
                        println!("cargo::error={line}");
                    }
                    broken = true;
                }
            }
        }
    }
    if broken {
        std::process::exit(1);
    }
}
