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
