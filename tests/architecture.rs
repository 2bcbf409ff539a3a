//! The call that ARCHITECTURE.md follows is run, and its trace compared with the page.

use polyarray as np;

const PAGE: &str = include_str!("../ARCHITECTURE.md");

fn total() -> np::Result<f64> {
    let a = np::Array::from(vec![1.0f32, 2.0, 3.0]);
    let b = np::Array::from(vec![4.0f32, 5.0, 6.0]);
    let total = np::sum(&(np::multiply(&a, &b)? + 1.0), ())?;
    Ok(total.item()?.to_f64())
}

#[test]
fn the_page_shows_what_the_call_does() {
    let (total, how) = np::explain(total);
    assert_eq!(total.unwrap(), 35.0);
    let (_, rest) = PAGE.split_once("```trace\n").expect("the page has a trace");
    let (shown, _) = rest.split_once("```").expect("the trace ends");
    assert_eq!(how.to_string(), shown, "the page and the call differ; the call's trace is on the left");
}

#[test]
fn the_pages_name_files_that_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/NUMERICS.md", "docs/BENCH.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let folder = root.join(page).parent().unwrap().to_path_buf();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let file = link.split_once('#').map_or(link, |(file, _)| file);
            assert!(folder.join(file).exists(), "{page} names {link}, which is not there");
        }
    }
}

/// Where the links of a page go.
fn links(page: &str) -> Vec<&str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
}

#[test]
fn links_are_found() {
    assert_eq!(links("[a](b.md), a [c\nd](e/f.rs#L1)\nand (g)"), ["b.md", "e/f.rs#L1"]);
    assert!(links(PAGE).contains(&"core/src/expr/op.rs"));
}
