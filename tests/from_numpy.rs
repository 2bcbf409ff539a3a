//! docs/FROM_NUMPY.md: NumPy's names beside this library's, from the rows of the methods.

use polyarray::backend::{MethodRow, methods};
use std::collections::BTreeMap;
use std::path::Path;

const RENEW: &str = "POLYARRAY_RENEW=1 cargo test --test from_numpy";

/// What comes before the tables.
const BEGINNING: &str = "\
# From NumPy

For those who know NumPy: what it is called here. A test writes this page from the rows of the methods; renew it with
`RENEW`.

- Arrays are positional; what else a function takes are options with natural conversions: `()` for the defaults, an axis,
  several axes, a dtype, or an option built up: `sum(&x, ())`, `sum(&x, [0, 1])`, `sum(&x, axis(0).keepdims())`.
- Every function gives a `Result`. Operators (`&a + &b`) panic where the function gives an error.
- Nothing is computed before its values are needed, and what is elementwise runs as one kernel; `x.eval()?` computes now.
- Arrays stay where they live: `x.to(\"gpu:0\")?` copies, `scope!(gpu, coerce)` allows copies in a block.
- A slice is text: `x.slice(\"1:, ::2\")?` for `x[1:, ::2]`; `x.assign(\"1:\", 0.0)?` for `x[1:] = 0`.
- Integers that meet a function of floats become the device's default float, never float16.
- A scalar takes the dtype of the array that it meets, as in NumPy 2.

| NumPy | here |
|---|---|
| `np.array([1.0, 2.0])` | `Array::from([1.0, 2.0])` |
| `np.zeros((2, 3), dtype=np.float32)` | `np::zeros([2, 3], np::dtype(DType::F32))` |
| `x.astype(np.float32)` | `x.astype(DType::F32)?` |
| `x.T` | `x.permute([1, 0])?` |
| `x[mask]` | `x.select(&mask)?` |
| `x[None, :]` | `x.expand_dims(0)?` |
| `float(x)` | `x.item()?.to_f64()` |
| `np.asarray(x)` from a GPU | `x.to_vec::<f32>()?` |
| `np.random.default_rng(7).normal(size=5)` | `np::random::default_rng(7).normal(0.0, 1.0, 5)?` |
| `np.load(\"x.npy\")` | `np::files::load(\"x.npy\")?` |
| `@np.vectorize` | `np::ufunc(\"f\", \\|x\\| x.exp() + 1.0)`, which fuses |
";

/// A call of a method: its parameters by name.
fn call(row: &MethodRow) -> String {
    let path = row.domain.strip_prefix("numpy").unwrap_or(row.domain).replace('.', "::");
    let params: Vec<String> =
        row.params
            .iter()
            .map(|param| {
                if param.type_name.starts_with('&') { format!("&{}", param.name) } else { param.name.into() }
            })
            .collect();
    format!("np{path}::{}({})", row.name, params.join(", "))
}

/// NumPy's signature: what the row's documentation names first, else the method's name.
fn numpy(row: &MethodRow) -> String {
    let line = row.doc.iter().find_map(|line| line.trim().strip_prefix("NumPy:"));
    let quoted = line.and_then(|line| line.split('`').nth(1)).map(str::to_owned);
    quoted.unwrap_or_else(|| {
        let params: Vec<&str> = row.params.iter().map(|param| param.name).collect();
        format!("{}({})", row.name.trim_end_matches('_'), params.join(", "))
    })
}

fn page() -> String {
    let mut domains: BTreeMap<&str, Vec<&MethodRow>> = BTreeMap::new();
    for row in methods().into_iter().filter(|row| row.domain.starts_with("numpy")) {
        domains.entry(row.domain).or_default().push(row);
    }
    let mut page = BEGINNING.replace("RENEW", RENEW);
    for (domain, rows) in domains.into_iter().filter(|(domain, _)| PUBLIC.contains(domain)) {
        page += &format!("\n## `{domain}`\n\n| NumPy | here | |\n|---|---|---|\n");
        for row in rows {
            // Links of rustdoc lead nowhere here.
            let summary = row.summary().replace(['[', ']'], "").replace("()`()", "()`").replace('|', "\\|");
            page += &format!("| `{}` | `{}` | {summary} |\n", numpy(row).replace('|', "\\|"), call(row));
        }
    }
    page
}

/// The domains of the library itself: tests link others.
const PUBLIC: [&str; 4] = ["numpy", "numpy.fft", "numpy.linalg", "numpy.random"];

#[test]
fn the_page_has_every_method() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FROM_NUMPY.md");
    let page = page();
    if std::env::var_os("POLYARRAY_RENEW").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let new = page.lines().find(|line| !there.lines().any(|old| old == *line));
    assert!(there == page, "docs/FROM_NUMPY.md is stale (first new line: {new:?}); renew it with: {RENEW}");
}

#[test]
fn every_method_says_what_it_does() {
    let mute: Vec<String> = methods()
        .into_iter()
        .filter(|row| PUBLIC.contains(&row.domain) && row.summary().trim().len() < 4)
        .map(|row| row.to_string())
        .collect();
    assert!(mute.is_empty(), "without documentation: {mute:?}");
}

/// The domains whose functions have examples in their documentation.
const SHOWN: [&str; 3] = ["numpy", "numpy.fft", "numpy.linalg"];

#[test]
fn every_method_shows_an_example() {
    // A block that is opened, with an assertion in it: examples run as documentation tests.
    let shown = |row: &MethodRow| {
        let code = row.doc.iter().skip_while(|line| line.trim() != "```").skip(1);
        code.take_while(|line| line.trim() != "```").any(|line| line.trim().starts_with("assert"))
    };
    let rows = methods().into_iter().filter(|row| SHOWN.contains(&row.domain));
    let without: Vec<String> = rows.filter(|row| !shown(row)).map(|row| row.to_string()).collect();
    assert!(without.is_empty(), "{} without an example: {}", without.len(), without.join(", "));
}
