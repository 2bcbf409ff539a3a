//! The errors of functions in float32 on the host and on a GPU: the table in docs/NUMERICS.md holds, and the contract.

use polyarray::testing::accuracy;
use std::path::Path;

/// Arguments of each function: every 8,192nd float32.
const POINTS: usize = 1 << 19;
/// What is promised of every function but those below.
const CONTRACT: f64 = 4.0;
/// What is promised of functions that several others make up.
const ROUGHER: &[(&str, f64)] = &[("i0", 8.0)];
/// Where the table stands.
const MARKS: [&str; 2] = ["<!-- accuracy: begin -->\n", "<!-- accuracy: end -->"];

#[test]
fn functions_are_as_near_as_the_page_says() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/NUMERICS.md");
    let page = std::fs::read_to_string(&path)?;
    let (before, rest) = page.split_once(MARKS[0]).ok_or("the table has no beginning")?;
    let (table, behind) = rest.split_once(MARKS[1]).ok_or("the table has no end")?;
    let measured = accuracy(&["cpu", "gpu"], POINTS)?;
    assert!(measured.len() > 30, "{measured:?}");
    let mut wrong = Vec::new();
    for function in &measured {
        let name = function.method;
        let most = ROUGHER.iter().find(|(rough, _)| *rough == name).map_or(CONTRACT, |&(_, most)| most);
        for (i, place) in ["host", "GPU"].into_iter().enumerate() {
            let (ulps, at) = (function.ulps[i], &function.at[i]);
            if ulps > most {
                wrong.push(format!("{name}{at:?} on the {place}: {ulps:.2} ULP"));
            }
        }
    }
    assert!(wrong.is_empty(), "beyond the contract:\n{}", wrong.join("\n"));
    let up = |ulps: f64| (ulps * 10.0).ceil() / 10.0;
    let rows = measured
        .iter()
        .map(|f| format!("| `{}` | {:.1} | {:.1} |\n", f.method, up(f.ulps[0]), up(f.ulps[1])));
    let rows: String = rows.collect();
    if std::env::var_os("POLYARRAY_RENEW").is_some() {
        let head = "| function | host | llvmpipe |\n|---|---|---|\n";
        std::fs::write(&path, [before, MARKS[0], head, &rows, MARKS[1], behind].concat())?;
        return Ok(());
    }
    // Another GPU, or another C library, may round in other places.
    for function in &measured {
        let row = table.lines().find(|row| row.starts_with(&format!("| `{}` |", function.method)));
        let row = row.ok_or_else(|| format!("{} is not in the table", function.method))?;
        let said = row.split('|').skip(2).filter_map(|cell| cell.trim().parse::<f64>().ok());
        for (said, ulps) in said.zip(&function.ulps) {
            assert!(*ulps <= said + 0.5, "{}: {ulps:.2} ULP, the page says {said}", function.method);
        }
    }
    Ok(())
}
