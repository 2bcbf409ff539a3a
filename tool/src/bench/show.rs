//! The record as text.
use super::cases::Bound;
use super::crossover::Crossover;
use super::record::{AUTO, Backend, Crossing, Group, Mode, Record, Row, Status, crossing, groups};
use crate::report::{Side, table_with};

/// The whole record, for a terminal.
pub fn text(record: &Record) -> String {
    let parts = [facts(record), rows(record), crossovers(record), regret(record), wrong(record), how(record)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn facts(record: &Record) -> String {
    let facts = facts_of(record).into_iter().map(|(name, fact)| vec![name, fact]).collect::<Vec<_>>();
    table_with(&[Side::Left; 2], &facts)
}

/// What the record says of machine, backends and build, by name.
pub fn facts_of(record: &Record) -> Vec<(String, String)> {
    let machine = &record.machine;
    let commit = record.commit.as_ref().map(|commit| format!(" at {commit}")).unwrap_or_default();
    let mut facts =
        vec![("polyarray".to_string(), format!("{}{commit}, {} build", record.version, record.build))];
    let memory = machine.memory_gib.map(|gib| format!(", {gib} GiB")).unwrap_or_default();
    let features = machine.features.join(" ");
    facts.push((
        "machine".into(),
        format!("{}, {} threads{memory}, {} {features}", machine.cpu, machine.threads, machine.system),
    ));
    for backend in &record.backends {
        facts.push((backend.name.clone(), describe(backend)));
    }
    facts
}

fn describe(backend: &Backend) -> String {
    if backend.name == AUTO {
        return "chooses among the others by what it measured of this machine (polyarray auto)".to_string();
    }
    let adapter = backend.adapter.as_ref().map(|adapter| {
        let known = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(
            "{adapter} ({}, {}, driver {}); ",
            known(&backend.device_type),
            known(&backend.interface),
            known(&backend.driver)
        )
    });
    let ceilings = &backend.ceilings;
    let copy = ceilings.copy_gbps.map(|gbps| format!("copies at {gbps:.1} GB/s"));
    let gemm =
        ceilings.gemm_gflops.iter().map(|(dtype, rate)| format!("{dtype} products at {rate:.1} GFLOP/s"));
    format!("{}{}", adapter.unwrap_or_default(), copy.into_iter().chain(gemm).collect::<Vec<_>>().join(", "))
}

/// One line per operation and size, one group of columns per side.
fn rows(record: &Record) -> String {
    let groups = groups(&record.rows);
    let mut sides: Vec<(&str, Mode)> = Vec::new();
    for side in groups.iter().flat_map(Group::sides) {
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    let mut lines = vec![vec![String::new(); 3], vec!["operation".into(), "size".into(), "dtype".into()]];
    let mut columns = vec![Side::Left, Side::Right, Side::Left];
    for side in &sides {
        lines[0].extend(["".to_string(), title(*side), String::new()]);
        let share = if side.1 == Mode::Resident { "of ceiling" } else { "" };
        lines[1].extend(["median", "rate", share].map(String::from));
        columns.extend([Side::Right; 3]);
    }
    for group in &groups {
        for size in group.sizes() {
            let mut line = vec![group.op.to_string(), size_name(size as f64), group.dtype.to_string()];
            for side in &sides {
                line.extend(group.row(*side, size).map_or_else(|| [const { String::new() }; 3], cells));
            }
            lines.push(line);
        }
    }
    table_with(&columns, &lines)
}

/// Median with its spread, rate, share of the ceiling.
fn cells(row: &Row) -> [String; 3] {
    let (Some(median), Some(q1), Some(q3)) = (row.median_s, row.q1_s, row.q3_s) else {
        let said = match row.status {
            Status::Wrong => "WRONG",
            Status::Unsupported => "unsupported",
            Status::Ok | Status::Failed => "failed",
        };
        return [said.to_string(), String::new(), String::new()];
    };
    let spread = format!("±{:.0}%", 50.0 * (q3 - q1) / median);
    let share = row.share_of_ceiling.map(|share| format!("{:.0}%", 100.0 * share));
    [format!("{} {spread:>5}", time(median)), rate(row), share.unwrap_or_default()]
}

/// The rate that the case is about.
pub fn rate(row: &Row) -> String {
    match row.bound {
        Bound::Gemm => row.gflops.map(|gflops| format!("{} {}", three(gflops), operations(row))),
        Bound::Copy => row.gbps.map(|gbps| format!("{} GB/s", three(gbps))),
        Bound::Latency if row.flops == 0 => row.gbps.map(|gbps| format!("{} GB/s", three(gbps))),
        Bound::Latency => {
            let calls = row.flops as f64 / row.size as f64;
            row.median_s.map(|median| format!("{} each", time(median / calls)))
        }
    }
    .unwrap_or_default()
}

/// What arithmetic is counted in.
pub fn operations(row: &Row) -> &'static str {
    if row.dtype.starts_with("float") { "GFLOP/s" } else { "Gop/s" }
}

/// What a side is called.
pub fn title(side: (&str, Mode)) -> String {
    match side.1 {
        Mode::Resident => side.0.to_string(),
        Mode::Copies => format!("{} with copies", side.0),
    }
}

/// A line per operation, two columns per device: from which size on, and how far ahead at the largest.
fn crossovers(record: &Record) -> String {
    let mut sides: Vec<(&str, Mode)> = Vec::new();
    for crossing in &record.crossovers {
        let side = (crossing.backend.as_str(), crossing.mode);
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    if sides.is_empty() {
        return String::new();
    }
    let mut lines = vec![vec!["faster than the host".to_string(), "dtype".to_string()]];
    lines[0].extend(sides.iter().flat_map(|side| [title(*side), "at the largest".to_string()]));
    for group in &groups(&record.rows) {
        let mut line = vec![group.op.to_string(), group.dtype.to_string()];
        for side in &sides {
            let said = crossing(record, group, *side).map(verdict);
            let lead = group.lead_at_largest(*side);
            let lead = lead.map(|(size, ratio)| format!("{} x at {}", three(ratio), size_name(size as f64)));
            line.extend([said.unwrap_or_default(), lead.unwrap_or_default()]);
        }
        if line[2..].iter().any(|cell| !cell.is_empty()) {
            lines.push(line);
        }
    }
    let columns: Vec<Side> =
        [Side::Left; 2].into_iter().chain(sides.iter().flat_map(|_| [Side::Right; 2])).collect();
    table_with(&columns, &lines)
}

/// What `auto` lost, in words; nothing where it was not measured.
pub fn regret(record: &Record) -> String {
    let said = record.auto.as_ref().map(|regret| {
        format!(
            "auto, against the better of the others from host to host: within a tenth at {} of {}; at worst {} x as \
             long, {} at {}",
            regret.within_a_tenth,
            regret.measured,
            three(regret.worst),
            regret.worst_op,
            size_name(regret.worst_size as f64)
        )
    });
    said.unwrap_or_default()
}

/// A crossover in words.
pub fn verdict(crossing: &Crossing) -> String {
    match crossing.crossover {
        Crossover::Always => "always".to_string(),
        Crossover::From(size) => format!("from {}", size_name(size)),
        Crossover::Never => "never".to_string(),
    }
}

/// What was not timed, and why.
fn wrong(record: &Record) -> String {
    let lines = record.rows.iter().filter_map(|row| {
        let side = title((&row.backend, row.mode));
        let detail = row.detail.as_ref()?;
        let what = match row.status {
            Status::Wrong => "WRONG, not timed",
            Status::Unsupported => "unsupported",
            Status::Ok | Status::Failed => "failed",
        };
        Some(format!("{} {} {} on {side}: {what}: {detail}", row.op, size_name(row.size as f64), row.dtype))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn how(record: &Record) -> String {
    let how = &record.how;
    format!(
        "medians ± half the distance of the quartiles; never and always are of this sweep. {}\nA side without \"with copies\": {}\n\
         \"with copies\": {}",
        how.rounds, how.resident, how.copies
    )
}

/// Seconds in the unit that leaves a number above 1, to three digits.
pub fn time(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    // What would be rounded to a thousand is one of the next unit.
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| seconds >= 0.9995 * unit).unwrap_or(UNITS[3]);
    format!("{} {name}", three(seconds / unit))
}

/// Three significant digits, all of them where there are more before the point.
pub fn three(number: f64) -> String {
    let digits = if number > 0.0 { number.log10().floor() as i32 + 1 } else { 1 };
    format!("{number:.*}", (3 - digits).clamp(0, 3) as usize)
}

/// A size as it would be given: `64Ki`, `1000`, `3.2Mi`.
pub fn size_name(size: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1_073_741_824.0, "Gi"), (1_048_576.0, "Mi"), (1024.0, "Ki")];
    for (unit, name) in UNITS {
        if size >= unit {
            let number = size / unit;
            return if number.fract() == 0.0 {
                format!("{number}{name}")
            } else {
                format!("{}{name}", three(number))
            };
        }
    }
    format!("{}", size.round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(
            ["12.3", "1.23", "123", "1234", "0.123", "0.00"].map(String::from),
            [12.34, 1.234, 123.4, 1234.4, 0.1234, 0.0].map(three)
        );
        assert_eq!(
            (time(0.0105), time(2.5e-7), time(3.0)),
            ("10.5 ms".into(), "250 ns".into(), "3.00 s".into())
        );
        assert_eq!(
            (size_name(65536.0), size_name(1000.0), size_name(3_400_000.0)),
            ("64Ki".into(), "1000".into(), "3.24Mi".into())
        );
    }
}
