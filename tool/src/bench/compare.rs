//! `--compare`: two records of one machine beside each other.
use std::path::Path;

use serde_json::{Value, json};

use super::record::{Backend, FORMAT, Machine, Record, Row};
use super::show::{size_name, three, time, title};
use crate::failure::{Code, Failure};
use crate::report::{Report, Side, table_with};

/// Reads a record.
pub fn read(path: &Path) -> Result<Record, Failure> {
    let fail = |error: &dyn std::fmt::Display| {
        let message =
            format!("cannot read {}: {error}; is it a record of `polyarray bench`?", path.display());
        Failure::new(Code::Data, message)
    };
    let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| fail(&error))?;
    match document["format"].as_u64() {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => return Err(fail(&format!("its format is {format}, this tool reads {FORMAT}"))),
        None => return Err(fail(&"it names no format")),
    }
    serde_json::from_value(document).map_err(|error| fail(&error))
}

/// Refuses runs whose times can't be compared, naming everything that differs.
pub fn same_machine(
    (old, old_backends, old_build): (&Machine, &[Backend], &str),
    (new, new_backends, new_build): (&Machine, &[Backend], &str),
) -> Result<(), Failure> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_string());
    let memory = |machine: &Machine| machine.memory_gib.map_or("unknown".into(), |gib| format!("{gib} GiB"));
    let mut pairs = vec![
        ("CPU".to_string(), old.cpu.clone(), new.cpu.clone()),
        ("instruction sets".into(), old.features.join(" "), new.features.join(" ")),
        ("threads".into(), old.threads.to_string(), new.threads.to_string()),
        ("memory".into(), memory(old), memory(new)),
        ("system".into(), old.system.clone(), new.system.clone()),
        ("build".into(), old_build.to_string(), new_build.to_string()),
    ];
    for backend in old_backends {
        let Some(other) = new_backends.iter().find(|other| other.name == backend.name) else { continue };
        let name = &backend.name;
        for (what, of) in [
            ("adapter", (|backend: &Backend| &backend.adapter) as fn(&Backend) -> &Option<String>),
            ("interface", |backend| &backend.interface),
            ("driver", |backend| &backend.driver),
        ] {
            pairs.push((format!("{what} of {name}"), text(of(backend)), text(of(other))));
        }
    }
    let differ: Vec<String> = pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(what, old, new)| format!("{what}: {old} / {new}"))
        .collect();
    if differ.is_empty() {
        return Ok(());
    }
    let message = format!("these runs can't be compared, they differ in {}", differ.join("; "));
    Err(Failure::new(Code::Differs, message))
}

/// Both records' times of what both measured.
pub fn compare(old: &Record, new: &Record) -> Result<Report, Failure> {
    same_machine((&old.machine, &old.backends, &old.build), (&new.machine, &new.backends, &new.build))?;
    let mut lines =
        vec![["operation", "size", "dtype", "on", "old", "new", "old / new", ""].map(String::from).to_vec()];
    let mut rows = Vec::new();
    for row in &new.rows {
        let Some(before) = old.rows.iter().find(|other| key(other) == key(row)) else { continue };
        let (Some(was), Some(is)) = (before.median_s, row.median_s) else { continue };
        let verdict = verdict(before, row);
        let side = title((&row.backend, row.mode));
        let ratio = format!("{} x", three(was / is));
        let cells =
            [&row.op, &size_name(row.size as f64), &row.dtype, &side, &time(was), &time(is), &ratio, verdict];
        lines.push(cells.map(str::to_string).to_vec());
        rows.push(json!({
            "op": row.op, "size": row.size, "dtype": row.dtype, "backend": row.backend, "mode": row.mode,
            "old_s": was, "new_s": is, "speedup": was / is, "verdict": verdict,
        }));
    }
    if rows.is_empty() {
        let message =
            "the two runs have no measurement in common: compare runs of the same operations and sizes";
        return Err(Failure::new(Code::Differs, message));
    }
    let name = |record: &Record| {
        let commit = record.commit.as_ref().map(|commit| format!(" at {commit}")).unwrap_or_default();
        format!("{}{commit}", record.version)
    };
    let (left, right) = (Side::Left, Side::Right);
    let text = format!(
        "old: {}, new: {}\n\n{}\n\n{} measurements in common, of {} and {}; \"same\": the quartiles overlap",
        name(old),
        name(new),
        table_with(&[left, right, left, left, right, right, right, left], &lines),
        rows.len(),
        old.rows.len(),
        new.rows.len(),
    );
    let json = json!({ "old": name(old), "new": name(new), "rows": rows });
    Ok(Report::new(text, json))
}

fn key(row: &Row) -> (&str, usize, &str, &str, super::record::Mode) {
    (&row.op, row.size, &row.dtype, &row.backend, row.mode)
}

/// Is the difference more than the runs' own spread?
fn verdict(old: &Row, new: &Row) -> &'static str {
    let quartiles = |row: &Row| (row.q1_s.unwrap_or(0.0), row.q3_s.unwrap_or(f64::INFINITY));
    let ((old_low, old_high), (new_low, new_high)) = (quartiles(old), quartiles(new));
    match () {
        () if new_high < old_low => "faster",
        () if new_low > old_high => "slower",
        () => "same",
    }
}
