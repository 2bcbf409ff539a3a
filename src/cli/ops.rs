//! `polyarray ops`: the op table and the reductions, as core has them.
use polyarray_core::Kind;
use polyarray_core::expr::{OPS, REDUCTIONS};
use serde_json::json;

use super::Report;
use super::report::table;

const KINDS: [(Kind, &str); 4] =
    [(Kind::Bool, "bool"), (Kind::Int, "int"), (Kind::Float, "float"), (Kind::Complex, "complex")];

pub fn run() -> Report {
    let kinds_of = |op: &polyarray_core::expr::OpInfo| -> Vec<&str> {
        KINDS.iter().filter(|(kind, _)| op.kinds.has(*kind)).map(|&(_, name)| name).collect()
    };
    let mut text = String::new();
    let names: Vec<Vec<String>> = OPS
        .iter()
        .map(|op| vec![format!("{} ({})", op.name, op.arity), kinds_of(op).join(" "), op.doc.to_string()])
        .collect();
    // The last column is prose and reads better from the left: it is padded to be of one width.
    let longest = names.iter().map(|row| row[2].chars().count()).max().unwrap_or(0);
    let rows: Vec<Vec<String>> = names
        .into_iter()
        .map(|mut row| {
            row[2] = format!("{:<longest$}", row[2]);
            row
        })
        .collect();
    text.push_str("elementwise operations (operands), the kinds they compute in:\n");
    text.push_str(&table(&rows));
    text.push_str("\n\nreductions: ");
    text.push_str(&REDUCTIONS.map(|reduction| reduction.name()).join(", "));

    let elementwise: Vec<_> = OPS
        .iter()
        .map(|op| json!({ "name": op.name, "arity": op.arity, "kinds": kinds_of(op), "doc": op.doc }))
        .collect();
    let reductions = REDUCTIONS.map(|reduction| reduction.name());
    Report::new(text, json!({ "elementwise": elementwise, "reductions": reductions }))
}
