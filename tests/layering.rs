//! The import rules of the house, read off `cargo metadata` and the sources.
//!
//! Core knows neither backend and not wgpu; its `dispatch/` knows no array. Backends import core (the GPU's
//! also the shaders), never each other. Genetics imports core, and names the GPU backend only in its feature
//! `gpu`. The shaders know no wgpu outside their tests. A program that needs only the host never compiles wgpu. The tool is
//! nobody's dependency, and the library compiles nothing that only the tool needs. Inside core each layer imports
//! only those below it, and the files of the dispatch engine form no circle.
use std::collections::{BTreeMap, BTreeSet};
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
        ("polyarray-cpu-fft", &["polyarray-core"]),
        ("polyarray-cpu-linalg", &["polyarray-core"]),
        ("polyarray-shaders", &["naga", "polyarray-core"]),
        ("polyarray-gpu", &["naga", "polyarray-core", "polyarray-shaders", "wgpu"]),
        ("polyarray-auto", &["polyarray-core"]),
        ("polyarray-genetics", &["polyarray-core", "polyarray-gpu"]),
        ("polyarray-files", &["polyarray-core"]),
        (
            "polyarray",
            &[
                "polyarray-auto",
                "polyarray-core",
                "polyarray-cpu",
                "polyarray-cpu-fft",
                "polyarray-cpu-linalg",
                "polyarray-files",
                "polyarray-gpu",
            ],
        ),
        ("polyarray-tool", &["polyarray", "polyarray-genetics", "polyarray-gpu"]),
        ("polyarray-python", &["polyarray", "polyarray-genetics", "polyarray-gpu"]),
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
        ("cpu-fft/src", &["polyarray_cpu", "polyarray_gpu"]),
        ("cpu-linalg/src", &["polyarray_cpu", "polyarray_gpu"]),
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

/// The layers of core, bottom up; a module names nothing of those above it. `dispatch` is the lowest, because
/// core's error type holds the dispatch error; `backend` is the face for authors of backends.
const LAYERS: [&str; 11] = [
    "dispatch", "dtype", "error", "memory", "expr", "device", "graph", "array", "numpy", "testing", "backend",
];

/// The paths that a path or use tree at the start of `code` stands for: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn use_tree(code: &str) -> Vec<Vec<String>> {
    let code = code.trim_start();
    if let Some(group) = code.strip_prefix('{') {
        let mut depth = 1;
        let mut members = vec![String::new()];
        for c in group.chars() {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            match c {
                _ if depth == 0 => break,
                ',' if depth == 1 => members.push(String::new()),
                c => members.last_mut().unwrap().push(c),
            }
        }
        return members.iter().flat_map(|member| use_tree(member)).collect();
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    if name.is_empty() {
        return Vec::new();
    }
    let tails = rest.strip_prefix("::").map(use_tree).filter(|tails| !tails.is_empty());
    let tails = tails.unwrap_or_else(|| vec![Vec::new()]);
    tails.into_iter().map(|tail| [vec![name.to_string()], tail].concat()).collect()
}

/// The absolute paths that code of a module names in its own crate. A macro's `$crate` belongs to where the macro is
/// used, and tests may use what they like.
fn named_paths(module: &[String], code: &str) -> BTreeSet<Vec<String>> {
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut found = BTreeSet::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(root) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || "_$:".contains(c)) {
                continue;
            }
            for path in use_tree(&code[at..]) {
                let mut absolute = module.to_vec();
                for name in path {
                    match name.as_str() {
                        "crate" => absolute.clear(),
                        "super" => drop(absolute.pop()),
                        "self" => {}
                        _ => absolute.push(name),
                    }
                }
                found.insert(absolute);
            }
        }
    }
    found
}

/// The modules of core that have a file, each with the paths that it names.
fn core_modules() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let sources = Path::new(ROOT).join("core/src");
    let module = |(path, code): (PathBuf, String)| {
        let path = path.strip_prefix(&sources).unwrap().with_extension("");
        let mut module: Vec<String> = path.iter().map(|part| part.to_str().unwrap().to_string()).collect();
        module.pop_if(|last| last == "mod" || last == "lib");
        let paths = named_paths(&module, &code);
        (module, paths)
    };
    code_under("core/src").into_iter().map(module).collect()
}

#[test]
fn each_layer_of_core_names_only_those_below_it() {
    let height = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    for (module, paths) in core_modules() {
        let Some(layer) = module.first() else { continue };
        let own =
            height(layer).unwrap_or_else(|| panic!("core's module {layer} has no place among its layers"));
        for path in paths {
            let name = path.first().map_or("", String::as_str);
            let path = path.join("::");
            let module = module.join("::");
            match height(name) {
                Some(other) => assert!(other <= own, "core's {module} names {path}, of a layer above it"),
                // What the root re-exports stands above every layer; macros (in lower case) are defined there.
                None => {
                    assert!(
                        !name.starts_with(char::is_uppercase),
                        "core's {module} names {path}, not its layer"
                    )
                }
            }
        }
    }
}

#[test]
fn the_files_of_the_dispatch_engine_form_no_circle() {
    let modules = core_modules();
    let engine = |module: &&Vec<String>| module.first().is_some_and(|layer| layer == "dispatch");
    let mut left: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
    for module in modules.keys().filter(engine) {
        // A path names a file by its longest beginning that is one.
        let file = |path: &Vec<String>| {
            let beginnings = (1..=path.len()).rev().map(|end| path[..end].to_vec());
            let known = beginnings.into_iter().find_map(|beginning| modules.get_key_value(&beginning));
            known.map(|(file, _)| file.as_slice())
        };
        let imports = modules[module].iter().filter_map(file).filter(|file| *file != module.as_slice());
        left.insert(module, imports.collect());
    }
    assert!(left.len() > 20 && left.values().flatten().count() > 60, "the reader misses imports: {left:?}");
    // Files that import none of those left, or that none of those left imports, are in no circle.
    loop {
        let imported: BTreeSet<&[String]> = left.values().flatten().copied().collect();
        let stands_apart = |file: &[String], imports: &BTreeSet<&[String]>| {
            !imported.contains(file) || !imports.iter().any(|import| left.contains_key(import))
        };
        let free: Vec<&[String]> = left
            .iter()
            .filter(|(file, imports)| stands_apart(file, imports))
            .map(|(file, _)| *file)
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|file, _| !free.contains(file));
    }
    assert!(left.is_empty(), "a circle is among {:?}", left.keys().collect::<Vec<_>>());
}

#[test]
fn the_reader_of_paths_resolves_them() {
    let code = "use crate::{dtype::{self, DType}, expr};\nfn f() { super::g::<u8>(); super::super::h::I }\n\
                macro_rules! m { () => { $crate::numpy::exp } }\n#[cfg(test)]\nmod tests { use crate::array; }";
    let found = named_paths(&["graph".into(), "node".into()], code);
    let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["dtype", "dtype::DType", "expr", "graph::g", "h::I"]);
}

#[test]
fn the_reader_of_sources_sees_code_only() {
    let code = bare("use a::b; // wgpu\nlet s = \"wgpu\"; let array_like = wgpu;\n");
    assert_eq!(words(&code).filter(|word| *word == "wgpu").count(), 1);
    assert!(!words(&code).any(|word| word == "array"));
}
