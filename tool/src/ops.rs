//! `polyarray ops`: the op table and the reductions, as core has them.
use polyarray::dtypes::Kind;
use polyarray::expr::{OPS, REDUCTIONS};
use serde_json::json;

use crate::Report;
use crate::report::{Side, table_with};

const KINDS: [(Kind, &str); 4] =
    [(Kind::Bool, "bool"), (Kind::Int, "int"), (Kind::Float, "float"), (Kind::Complex, "complex")];

pub fn run() -> Report {
    let kinds_of = |op: &polyarray::expr::OpInfo| -> Vec<&str> {
        KINDS.iter().filter(|(kind, _)| op.kinds.has(*kind)).map(|&(_, name)| name).collect()
    };
    let rows: Vec<Vec<String>> = OPS
        .iter()
        .map(|op| vec![format!("{} ({})", op.name, op.arity), kinds_of(op).join(" "), op.doc.to_string()])
        .collect();
    let reductions = REDUCTIONS.map(|reduction| reduction.name());
    let text = format!(
        "elementwise operations (number of operands), the kinds they compute in:\n{}\n\nreductions: {}",
        table_with(&[Side::Left; 3], &rows),
        reductions.join(", ")
    );
    let elementwise: Vec<_> = OPS
        .iter()
        .map(|op| json!({ "name": op.name, "arity": op.arity, "kinds": kinds_of(op), "doc": op.doc }))
        .collect();
    Report::new(text, json!({ "elementwise": elementwise, "reductions": reductions }))
}
