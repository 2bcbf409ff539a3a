//! The record as one self-contained page: plots as inline SVG, nothing fetched, no script.
use std::fmt::Write;

use super::cases::Bound;
use super::crossover::Crossover;
use super::plot::{COLOURS, Ceiling, Dot, Line, Plot, Style, escape};
use super::record::{Backend, Group, Mode, Record, Row, Status, crossing, groups};
use super::show::{facts_of, operations, rate, regret, size_name, three, time, title, verdict};
use super::table::table;

/// The whole page.
pub fn page(record: &Record) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>polyarray bench</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    page.push_str(
        "<h1>polyarray bench</h1>\n<p class=\"lead\">Does a GPU pay here, and from which size on?</p>\n",
    );
    page.push_str(&facts(record));
    page.push_str(&verdicts(record));
    if record.auto.is_some() {
        let _ = writeln!(page, "<p>{}</p>", escape(&regret(record)));
    }
    for (number, group) in groups(&record.rows).iter().enumerate() {
        page.push_str(&section(record, group, number));
    }
    page.push_str(&how(record));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn facts(record: &Record) -> String {
    let mut list = "<dl class=\"facts\">\n".to_string();
    let taken = ("taken".to_string(), date(record.taken_at));
    for (name, fact) in facts_of(record).into_iter().chain([taken]) {
        let _ = writeln!(list, "<div><dt>{}</dt><dd>{}</dd></div>", escape(&name), escape(&fact));
    }
    list + "</dl>\n"
}

/// The table that answers the question: a row per operation, a column per device.
fn verdicts(record: &Record) -> String {
    let groups = groups(&record.rows);
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
    let mut table =
        "<h2 id=\"crossover\">Where it is faster than the host</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n\
                     <thead><tr><th scope=\"col\">operation</th>"
            .to_string();
    for side in &sides {
        let _ = write!(table, "<th scope=\"col\">{}</th>", escape(&title(*side)));
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    for (number, group) in groups.iter().enumerate() {
        let found: Vec<_> = sides.iter().map(|side| crossing(record, group, *side)).collect();
        if found.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(
            table,
            "<tr><th scope=\"row\"><a href=\"#op{number}\">{}</a></th>",
            heading(group, record)
        );
        for (side, crossing) in sides.iter().zip(found) {
            let Some(crossing) = crossing else {
                table.push_str("<td>–</td>");
                continue;
            };
            let class = match crossing.crossover {
                Crossover::Always => "always",
                Crossover::From(_) => "from",
                Crossover::Never => "never",
            };
            let said = verdict(crossing);
            let ahead = group.lead_at_largest(*side).map(|(size, ratio)| {
                format!(" <small>{} × at {}</small>", three(ratio), size_name(size as f64))
            });
            let _ = write!(table, "<td class=\"{class}\">{said}{}</td>", ahead.unwrap_or_default());
        }
        table.push_str("</tr>\n");
    }
    table
        + "</tbody></table></div>\n<p class=\"note\">The size from which on the device stays ahead, read off the \
           lines below; never and always are of this sweep. Small: how many times as fast as the host it is at the \
           largest size.</p>\n"
}

/// The operation's name, with the dtype where there are several.
fn heading(group: &Group<'_>, record: &Record) -> String {
    let alone = groups(&record.rows).iter().filter(|other| other.op == group.op).count() == 1;
    match alone && group.dtype == "float32" {
        true => escape(group.op),
        false => format!("{} <small>{}</small>", escape(group.op), escape(group.dtype)),
    }
}

fn section(record: &Record, group: &Group<'_>, number: usize) -> String {
    let mut section = format!(
        "<section id=\"op{number}\" data-op=\"{}\">\n<h2>{}</h2>\n",
        escape(group.op),
        heading(group, record)
    );
    if let Some(case) = table().into_iter().find(|case| case.name == group.op) {
        let _ = writeln!(
            section,
            "<p class=\"note\">{}: <code>{}</code></p>",
            escape(case.doc),
            escape(case.numpy)
        );
    }
    for row in group.rows.iter().filter(|row| row.status != Status::Ok) {
        let (class, what) = match row.status {
            Status::Wrong => ("wrong", "wrong, and therefore not timed"),
            Status::Unsupported => ("note", "unsupported"),
            Status::Ok | Status::Failed => ("wrong", "failed"),
        };
        let _ = writeln!(
            section,
            "<p class=\"{class}\">{} on {}: {what}: {}</p>",
            size_name(row.size as f64),
            escape(&title((&row.backend, row.mode))),
            escape(row.detail.as_deref().unwrap_or_default())
        );
    }
    let times = Plot {
        id: format!("t{number}"),
        title: format!("Time of {} in {} against size", group.op, group.dtype),
        x: "elements",
        y: "time (median, quartiles)",
        lines: lines(record, group, |row| {
            Some(Dot { x: row.size as f64, y: row.median_s?, low: row.q1_s?, high: row.q3_s? })
        }),
        ceilings: Vec::new(),
        x_name: size_name,
        y_name: tick_time,
    };
    section.push_str(&legend(&times.lines));
    section.push_str("<div class=\"plots\">\n");
    section.push_str(&figure(times.svg()));
    section.push_str(&figure(rates(record, group, number)));
    section.push_str("</div>\n");
    section.push_str(&numbers(group));
    section + "</section>\n"
}

/// A line for each side that has something to show.
fn lines(record: &Record, group: &Group<'_>, value: fn(&Row) -> Option<Dot>) -> Vec<Line> {
    let line = |side: (&str, Mode)| Line {
        style: style(record, side),
        name: title(side),
        points: group.sizes().iter().filter_map(|&size| value(group.row(side, size)?)).collect(),
    };
    group.sides().into_iter().map(line).filter(|line| !line.points.is_empty()).collect()
}

/// A dot of a rate: what was counted over the quartiles of time.
fn rate_dot(row: &Row, count: u64) -> Option<Dot> {
    let of = |seconds: f64| count as f64 / seconds / 1e9;
    Some(Dot { x: row.size as f64, y: of(row.median_s?), low: of(row.q3_s?), high: of(row.q1_s?) })
}

/// The second plot: how much of what the memory, or the arithmetic, can do is reached.
fn rates(record: &Record, group: &Group<'_>, number: usize) -> Option<String> {
    let row = group.rows.first()?;
    let (what, y, lines) = match row.bound {
        Bound::Gemm => ("Arithmetic", operations(row), lines(record, group, |row| rate_dot(row, row.flops))),
        Bound::Latency if row.flops > 0 => return None,
        Bound::Copy | Bound::Latency => {
            ("Bandwidth", "GB/s", lines(record, group, |row| rate_dot(row, row.bytes)))
        }
    };
    let plot = Plot {
        id: format!("r{number}"),
        title: format!(
            "{what} of {} in {} against size, under the machine's ceilings",
            group.op, group.dtype
        ),
        x: "elements",
        y,
        lines,
        ceilings: ceilings(record, row),
        x_name: size_name,
        y_name: short,
    };
    plot.svg()
}

/// The ceilings over an operation, one line for places that share one.
fn ceilings(record: &Record, row: &Row) -> Vec<Ceiling> {
    let of = |backend: &Backend| match row.bound {
        Bound::Copy => backend.ceilings.copy_gbps,
        Bound::Gemm => backend.ceilings.gemm(&row.dtype),
        Bound::Latency => None,
    };
    let what = match row.bound {
        Bound::Gemm if !row.dtype.starts_with("float") => "float32 product",
        Bound::Gemm => "product",
        Bound::Copy | Bound::Latency => "copy",
    };
    let mut levels: Vec<Ceiling> = Vec::new();
    for (colour, backend) in record.backends.iter().enumerate() {
        let Some(y) = of(backend) else { continue };
        match levels.iter_mut().find(|level| (level.y / y - 1.0).abs() < 0.02) {
            Some(level) => level.name.push_str(&format!(", {}", backend.name)),
            None => levels.push(Ceiling { name: backend.name.clone(), colour, y }),
        }
    }
    for level in &mut levels {
        level.name = format!("{what} on {}: {}", level.name, short(level.y));
    }
    levels
}

fn style(record: &Record, side: (&str, Mode)) -> Style {
    let colour = record.backends.iter().position(|backend| backend.name == side.0).unwrap_or_default();
    Style { colour, dashed: side.1 == Mode::Copies }
}

fn legend(lines: &[Line]) -> String {
    let entries = lines.iter().map(|line| {
        let dashes = if line.style.dashed { " dashed" } else { "" };
        format!(
            "<li class=\"c{}{dashes}\"><svg viewBox=\"0 0 34 12\" aria-hidden=\"true\"><path class=\"line\" \
             d=\"M1 6H33\"/><circle cx=\"17\" cy=\"6\" r=\"3.5\"/></svg>{}</li>",
            line.style.colour % COLOURS,
            escape(&line.name)
        )
    });
    format!("<ul class=\"legend\">{}</ul>\n", entries.collect::<String>())
}

fn figure(svg: Option<String>) -> String {
    svg.map(|svg| format!("<figure>{svg}</figure>\n")).unwrap_or_default()
}

/// The numbers behind the lines.
fn numbers(group: &Group<'_>) -> String {
    let mut table =
        "<details><summary>numbers</summary><div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"
            .to_string();
    let heads =
        ["size", "shapes", "on", "median", "quartiles", "rounds", "rate", "of ceiling", "GPU's own clock"];
    for head in heads {
        let _ = write!(table, "<th scope=\"col\">{head}</th>");
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    for row in group.rows.iter().filter(|row| row.status == Status::Ok) {
        let shapes: Vec<String> = row.shape.iter().map(|shape| shape_name(shape)).collect();
        let quartiles = row.q1_s.zip(row.q3_s).map(|(q1, q3)| format!("{} – {}", time(q1), time(q3)));
        let cells = [
            size_name(row.size as f64),
            shapes.join(", "),
            title((&row.backend, row.mode)),
            row.median_s.map(time).unwrap_or_default(),
            quartiles.unwrap_or_default(),
            row.rounds.to_string(),
            rate(row),
            row.share_of_ceiling.map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default(),
            row.device_s.map(time).unwrap_or_default(),
        ];
        table.push_str("<tr>");
        for cell in cells {
            let _ = write!(table, "<td>{}</td>", escape(&cell));
        }
        table.push_str("</tr>\n");
    }
    table + "</tbody></table></div></details>\n"
}

fn shape_name(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

fn how(record: &Record) -> String {
    let how = &record.how;
    let entries = [
        (
            "checked first",
            "Every result is held against a float64 reference of the host before it is timed; a wrong \
                           one is shown as wrong and has no time.",
        ),
        ("rounds", how.rounds.as_str()),
        ("data already there", how.resident.as_str()),
        ("with copies", how.copies.as_str()),
        ("GPU's own clock", how.device_clock.as_str()),
        ("bytes", "inputs and result, each counted once; an upload or download counts what is moved"),
        (
            "ceilings",
            "the fastest copy (read and written bytes) and the fastest square product that were measured \
                      before and after the sweep; an adapter that runs on the CPU has the host's copy as ceiling",
        ),
    ];
    let mut list = "<h2>How time was taken</h2>\n<dl class=\"facts\">\n".to_string();
    for (name, text) in entries {
        let _ = writeln!(list, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(text));
    }
    list + "</dl>\n"
}

/// Seconds on an axis: `10 µs`.
fn tick_time(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    // Ticks are powers of ten times one, two or five, which arithmetic may miss by a hair.
    let (unit, name) =
        UNITS.into_iter().find(|(unit, _)| seconds >= *unit * (1.0 - 1e-9)).unwrap_or(UNITS[3]);
    format!("{} {name}", short(seconds / unit))
}

/// A number of three digits without the zeros that say nothing.
fn short(number: f64) -> String {
    let text = three(number);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A day and a time of that day in UTC, from seconds since 1970.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is their last.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, january) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + january;
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest / 60 % 60)
}

const STYLE: &str = include_str!("page.css");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(date(1_798_761_599), "2026-12-31 23:59 UTC");
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!(
            [1e-6, 2e-3, 0.5, 10.0, 3.2e-8].map(tick_time),
            ["1 µs", "2 ms", "500 ms", "10 s", "32 ns"]
        );
        assert_eq!([0.05, 20.0, 1234.0].map(short), ["0.05", "20", "1234"]);
    }
}
