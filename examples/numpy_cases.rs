//! The conformance suite's calls as lines of JSON, with their results, for a comparison with NumPy: see
//! `tests/numpy/compare.py`.
//!
//! `numpy_cases KIND SEED CALLS [METHOD…]`: at most so many calls of each method, or of these, on the first instance of a
//! kind (`cpu`, `gpu`).

use polyarray::testing::samples::Plain;
use polyarray::testing::{Conformance, Given};
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

fn array(x: &Plain) -> Value {
    let hex: String = x.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"dtype": x.dtype.name(), "shape": x.shape, "hex": hex})
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, seed, calls, methods @ ..] = args.as_slice() else {
        return Err("usage: numpy_cases KIND SEED CALLS [METHOD…]".into());
    };
    let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
    let suite = Conformance::of(kind).seed(seed.parse()?).most(calls.parse()?).only(&methods);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut closed = Ok(());
    suite.calls(|called| {
        let argument = |given: &Given| match given {
            Given::Array(x) => json!({"array": array(x)}),
            Given::Arrays(all) => json!({"arrays": all.iter().map(array).collect::<Vec<_>>()}),
            Given::Scalar(x) => json!({"scalar": array(&Plain::new(x.dtype(), &[], [*x]))}),
            Given::Device => json!({"device": null}),
            Given::Option(text) => json!({"option": text}),
        };
        let (results, error) = match &called.results {
            Ok(arrays) => (arrays.iter().map(array).collect(), None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let line = json!({
            "method": called.method.name,
            "domain": called.method.domain,
            "params": called.method.params.iter().map(|param| param.name).collect::<Vec<_>>(),
            "args": called.args.iter().map(argument).collect::<Vec<_>>(),
            "results": results,
            "error": error,
        });
        if closed.is_ok() {
            closed = writeln!(out, "{line}");
        }
    })?;
    closed?;
    Ok(out.flush()?)
}
