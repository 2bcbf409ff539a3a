//! CONTRIBUTING.md's walk through adding an operation: its three places are where the page says. (That every
//! operation has its row, its function and its WGSL, the compiler and the conformance suite see to. The walks through a
//! domain are documentation tests of the page; the one through a backend is core's own test backend.)

use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// White space folded, since the table's rows are broken into lines.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wgsl(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            wgsl(&path, out);
        } else {
            out.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn what_the_page_quotes_stands_where_it_says() {
    let page = read("CONTRIBUTING.md");
    let (_, walk) = page.split_once("## Adding an elementwise operation").unwrap();
    let (walk, _) = walk.split_once("## Adding a domain").unwrap();
    let quotes: Vec<&str> =
        walk.split("```text").skip(1).map(|q| q.split_once("```").expect("a quote ends").0.trim()).collect();
    let mut shaders = String::new();
    wgsl(&Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders/wgsl"), &mut shaders);
    let places = [read("core/src/expr/op_table.rs"), read("cpu-backend/src/fused/ops.rs"), shaders];
    assert_eq!(quotes.len(), places.len());
    for (quote, place) in quotes.iter().zip(&places) {
        assert!(folded(place).contains(&folded(quote)), "{quote:?} is not there any more");
    }
}

/// The Rust files below a folder, with their texts.
fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name =
                path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().replace('\\', "/");
            out.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn of(folder: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    all
}

/// The second walk: adding a method with kernels touches its family in core, in each backend's `methods` and in the
/// shaders, and the list of a crate's kernels. Nothing else in a backend knows what a spec describes (auto estimates what some of
/// them cost, and does without).
#[test]
fn a_method_with_kernels_touches_the_files_of_its_family() {
    let core = of("core/src/numpy");
    let specs: Vec<&str> = core
        .iter()
        .flat_map(|(_, text)| text.split("impl Spec for ").skip(1))
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        .collect();
    assert!(specs.len() > 20, "{specs:?}");
    // Joins are how an array in several buffers is read.
    let family = |file: &str| {
        let parts = [
            "/methods/",
            "/enrol.rs",
            "cpu-linalg/src/",
            "cpu-fft/src/",
            "shaders/src/fft/",
            "shaders/src/linalg/",
        ];
        parts.iter().any(|part| file.contains(part)) || file == "gpu-backend/src/array/parts.rs"
    };
    let mut named = std::collections::BTreeSet::<&str>::new();
    for crate_ in ["cpu-backend", "cpu-fft", "cpu-linalg", "gpu-backend", "shaders"] {
        for (file, text) in of(&format!("{crate_}/src")) {
            let words: std::collections::HashSet<&str> =
                text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let here: Vec<&&str> = specs.iter().filter(|spec| words.contains(**spec)).collect();
            if words.contains("specs") && !here.is_empty() {
                assert!(family(&file), "{file} names {here:?}");
                named.extend(here.into_iter().copied());
            }
        }
    }
    // Core has kernels of its own for none but the check of a factorisation.
    let unknown: Vec<&&str> = specs.iter().filter(|spec| !named.contains(**spec)).collect();
    assert_eq!(unknown, [&"Checked"], "no backend has a kernel for these");
}
