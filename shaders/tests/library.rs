//! Every WGSL file, in every instance, under every set of features, goes through the whole pipeline: a broken shader fails
//! here with its place in the source.

use polyarray_shaders::library::{FILES, instances};
use polyarray_shaders::{Features, Library, Options, compile};

/// What kernels provide to the library.
const FRAME: &str = "
@group(0) @binding(0) var<storage, read> probe: array<u32>;
fn run_time_zero() -> u32 { return probe[0]; }
@compute @workgroup_size(1) fn main() { _ = run_time_zero(); }
";

#[test]
fn every_file_is_valid() {
    assert!(FILES.len() > 60, "{} files", FILES.len());
    let mut broken = Vec::new();
    for features in Features::ALL {
        for (path, text) in FILES {
            for instance in instances(path, text, features) {
                let source = Library::get(features).link(&format!("{instance}{FRAME}"));
                if let Err(error) = compile(path, &source, &Options::own(features)) {
                    broken.push(format!("{features:?}: {error}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
