//! The import rules of the house, read off `cargo metadata` and the sources.
//!
//! Core knows neither backend and not wgpu; its `dispatch/` knows no array. Backends import core (the GPU's
//! also the shaders), never each other. Genetics imports core, and names the GPU backend only in its feature
//! `gpu`. The shaders know no wgpu outside their tests. Whoever needs only the host never compiles wgpu. The tool is
//! nobody's dependency, and the library compiles nothing that only the tool needs.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn package(name: &str) -> Value {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .find(|package| package["name"] == name)
        .unwrap_or_else(|| panic!("no package {name}"))
        .clone()
}

/// Of the house's own packages, and of what only the GPU's side may know, those that a package depends on
/// for more than its tests.
fn guarded_imports(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    let names = dependencies.filter(|d| d["kind"] != "dev").map(|d| d["name"].as_str().unwrap().to_string());
    names.filter(|name| name.starts_with("polyarray") || ["wgpu", "naga"].contains(&name.as_str())).collect()
}

#[test]
fn packages_import_only_what_the_house_allows() {
    for (name, allowed) in [
        ("polyarray-core", &[][..]),
        ("polyarray-cpu", &["polyarray-core"]),
        ("polyarray-shaders", &["naga", "polyarray-core"]),
        ("polyarray-gpu", &["naga", "polyarray-core", "polyarray-shaders", "wgpu"]),
        ("polyarray-auto", &["polyarray-core"]),
        ("polyarray-genetics", &["polyarray-core", "polyarray-gpu"]),
        ("polyarray", &["polyarray-auto", "polyarray-core", "polyarray-cpu", "polyarray-gpu"]),
        ("polyarray-tool", &["polyarray", "polyarray-genetics", "polyarray-gpu"]),
    ] {
        let found = guarded_imports(&package(name));
        let strangers: Vec<_> = found.iter().filter(|import| !allowed.contains(&import.as_str())).collect();
        assert!(strangers.is_empty(), "{name} imports {strangers:?}, allowed is {allowed:?}");
    }
}

#[test]
fn genetics_names_the_gpu_only_in_its_feature() {
    let genetics = package("polyarray-genetics");
    let mut dependencies = genetics["dependencies"].as_array().unwrap().iter();
    let gpu = dependencies.find(|d| d["name"] == "polyarray-gpu" && d["kind"] != "dev");
    assert_eq!(gpu.expect("genetics has a GPU kernel")["optional"], true);
    for (feature, enables) in genetics["features"].as_object().unwrap() {
        let names_it =
            enables.as_array().unwrap().iter().any(|e| e.as_str().unwrap().contains("polyarray-gpu"));
        assert_eq!(names_it, feature == "gpu", "feature {feature} enables {enables}");
    }
}

/// The names of all packages that a build of `package` compiles.
fn compiled(package: &str, features: &[&str]) -> BTreeSet<String> {
    let package = format!("--package={package}");
    let arguments = ["tree", "--locked", "--edges=normal,build", "--prefix=none", &package];
    let tree = cargo(&[&arguments[..], features].concat());
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_string).collect()
}

fn among(compiled: &BTreeSet<String>, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| compiled.contains(**name)).map(ToString::to_string).collect()
}

#[test]
fn a_host_only_program_never_compiles_wgpu() {
    let gpu_side = ["wgpu", "naga", "polyarray-gpu", "polyarray-shaders"];
    assert_eq!(among(&compiled("polyarray", &[]), &gpu_side), gpu_side, "by default the GPU is there");
    assert_eq!(among(&compiled("polyarray", &["--no-default-features"]), &gpu_side), [""; 0]);
}

#[test]
fn the_library_compiles_nothing_that_only_the_tool_needs() {
    let tool_side = ["polyarray-tool", "polyarray-genetics", "clap", "indicatif", "signal-hook"];
    assert_eq!(among(&compiled("polyarray-tool", &[]), &tool_side), tool_side);
    assert_eq!(among(&compiled("polyarray", &[]), &tool_side), [""; 0]);
}

/// The code of every source file under `folder`, without comments and strings.
fn code_under(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(ROOT).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = bare(&fs::read_to_string(&path).unwrap());
                files.push((path, code));
            }
        }
    }
    assert!(!files.is_empty(), "no sources in {folder}");
    files
}

/// Source text without comments and the insides of strings, line by line: enough to find a path's name.
fn bare(source: &str) -> String {
    let bare_line = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        let outside_strings = code.split('"').step_by(2);
        outside_strings.collect::<Vec<_>>().join("\"\"")
    };
    source.lines().map(bare_line).collect::<Vec<_>>().join("\n")
}

/// The words (identifiers) of some code.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[test]
fn sources_name_only_what_the_house_allows() {
    for (folder, forbidden) in [
        ("core/src", &["wgpu", "naga", "polyarray_cpu", "polyarray_gpu", "polyarray_shaders"][..]),
        (
            "core/src/dispatch",
            &["Array", "DType", "ndarray", "crate::array", "crate::dtype", "crate::expr", "crate::numpy"],
        ),
        ("cpu-backend/src", &["wgpu", "naga", "polyarray_gpu", "polyarray_shaders", "polyarray_genetics"]),
        ("gpu-backend/src", &["polyarray_cpu", "polyarray_genetics"]),
        ("shaders/src", &["wgpu", "polyarray_gpu", "polyarray_cpu"]),
        ("auto-backend/src", &["wgpu", "polyarray_cpu", "polyarray_gpu", "polyarray_genetics"]),
        ("genetics/src", &["wgpu", "polyarray_cpu", "polyarray_shaders"]),
        ("src", &["wgpu", "polyarray_genetics", "clap"]),
        ("tool/src", &["wgpu", "polyarray_core", "polyarray_cpu", "polyarray_shaders"]),
    ] {
        for (path, code) in code_under(folder) {
            for (index, line) in code.lines().enumerate() {
                let named = |name: &&&str| {
                    name.contains("::") && line.contains(**name) || words(line).any(|w| w == **name)
                };
                if let Some(word) = forbidden.iter().find(named) {
                    panic!("{}:{} names `{word}`, which {folder} must not know", path.display(), index + 1);
                }
            }
        }
    }
}

/// The GPU backend is named in one module of genetics, the one that the feature turns on.
#[test]
fn genetics_has_one_module_that_knows_the_gpu() {
    let all = code_under("genetics/src").into_iter();
    let knowing =
        all.filter(|(_, code)| words(code).any(|word| word == "polyarray_gpu")).map(|(path, _)| path);
    assert_eq!(knowing.collect::<Vec<_>>(), [Path::new(ROOT).join("genetics/src/gpu.rs")]);
    let lib = fs::read_to_string(Path::new(ROOT).join("genetics/src/lib.rs")).unwrap();
    assert!(lib.contains("#[cfg(feature = \"gpu\")]\nmod gpu;"));
}

#[test]
fn the_reader_of_sources_sees_code_only() {
    let code = bare("use a::b; // wgpu\nlet s = \"wgpu\"; let array_like = wgpu;\n");
    assert_eq!(words(&code).filter(|word| *word == "wgpu").count(), 1);
    assert!(!words(&code).any(|word| word == "array"));
}
