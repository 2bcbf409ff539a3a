//! `polyarray auto`: the costs that the wrapper backend `auto` goes by, measured now if they are not known.
use polyarray::array::{ARRAY_KINDS, open};
use polyarray::dispatch::Kind;
use polyarray::offload::{Costs, Curve, directory};
use serde_json::json;

use crate::failure::{Code, Failure};
use crate::report::{Report, table};

/// A curve of the costs, what it is called, and the sizes shown of it.
type Row = (&'static str, fn(&Costs) -> Option<&Curve>, [f64; 3]);

const ROWS: [Row; 9] = [
    ("add, elements", |c| Some(&c.simple), [1e3, 1e5, 1e7]),
    ("exp, elements", |c| Some(&c.function), [1e3, 1e5, 1e7]),
    ("sum, elements", |c| Some(&c.reduction), [1e3, 1e5, 1e7]),
    ("matmul, multiplications", |c| Some(&c.product), [1e4, 1e6, 1e9]),
    ("matmul float64, multiplications", |c| c.wide_product.as_ref(), [1e4, 1e6, 1e9]),
    ("matmul int8, multiplications", |c| Some(&c.byte_product), [1e4, 1e6, 1e9]),
    ("matmul bits, words", |c| Some(&c.bit_product), [1e4, 1e6, 1e9]),
    ("copy from the host, bytes", |c| c.upload.as_ref(), [1e3, 1e6, 1e8]),
    ("copy to the host, bytes", |c| c.download.as_ref(), [1e3, 1e6, 1e8]),
];

pub fn run() -> Result<Report, Failure> {
    let mut text = Vec::new();
    let mut instances = Vec::new();
    for kind in ARRAY_KINDS {
        let instance = Kind::named(kind.name).map_err(|e| Failure::new(Code::Device, e))?.instance(0);
        // No GPU is an answer: `auto` then has the others to choose from.
        let costs = match open(instance).and_then(|_| Costs::of(instance)) {
            Ok(costs) => costs,
            Err(why) => {
                text.push(format!("{instance}: {why}"));
                continue;
            }
        };
        let micro = |curve: &Curve, size: f64| format!("{:.1} µs", curve.at(size) * 1e6);
        let shown = ROWS.iter().filter_map(|(name, curve, sizes)| {
            let curve = curve(costs)?;
            let cells = sizes.iter().map(|&size| format!("{size:.0e}: {}", micro(curve, size)));
            Some([name.to_string()].into_iter().chain(cells).collect())
        });
        let rows: Vec<Vec<String>> = shown.collect();
        text.push(format!("{instance}: {}\n{}", costs.identity, table(&rows)));
        instances.push(json!({ "name": instance.name(), "costs": costs }));
    }
    let kept = directory();
    text.push(match &kept {
        Some(kept) => format!("kept in {}; remove a file to have it measured again", kept.display()),
        None => "not kept: set POLYARRAY_CACHE_DIR or HOME".into(),
    });
    Ok(Report::new(
        text.join("\n\n"),
        json!({ "instances": instances, "kept": kept.map(|folder| folder.to_string_lossy().into_owned()) }),
    ))
}
