//! `polyarray ops`: every method that is linked, from the table of methods, and what elementwise operations compute in.
use polyarray::backend::{MethodRow, ParamKind, methods};
use polyarray::dtypes::Kind;
use polyarray::expr::OPS;
use serde_json::{Value, json};

use crate::Report;
use crate::report::{Side, table_with};

const KINDS: [(Kind, &str); 4] =
    [(Kind::Bool, "bool"), (Kind::Int, "int"), (Kind::Float, "float"), (Kind::Complex, "complex")];

pub fn run() -> Report {
    let rows = methods();
    let text: Vec<Vec<String>> =
        rows.iter().map(|row| vec![row.to_string(), signature(row), row.summary()]).collect();
    let document: Vec<Value> = rows.iter().map(|row| describe(row)).collect();
    Report::new(table_with(&[Side::Left; 3], &text), json!({ "methods": document }))
}

/// The parameters, arrays as they are called, options with their type.
fn signature(row: &MethodRow) -> String {
    let parameter = |param: &polyarray::backend::Param| match param.kind {
        ParamKind::Array => param.name.to_string(),
        _ => format!("{}: {}", param.name, param.type_name),
    };
    format!("({})", row.params.iter().map(parameter).collect::<Vec<_>>().join(", "))
}

fn describe(row: &MethodRow) -> Value {
    let op = OPS.iter().find(|op| row.domain == "numpy" && op.name == row.name.trim_end_matches('_'));
    let kinds = op.map(|op| -> Vec<&str> {
        KINDS.iter().filter(|(kind, _)| op.kinds.has(*kind)).map(|&(_, name)| name).collect()
    });
    let params: Vec<Value> =
        row.params.iter().map(|param| json!({ "name": param.name, "type": param.type_name })).collect();
    json!({
        "name": row.name,
        "domain": row.domain,
        "numpy": row.numpy(),
        "params": params,
        "returns": row.returns,
        "has_default": row.has_default(),
        "computes_in": kinds,
        "doc": row.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n"),
    })
}
