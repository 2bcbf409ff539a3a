//! What a command has to say: text for people, JSON for programs.
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use serde_json::Value;

use crate::failure::Code;

/// Both forms of a command's answer.
pub struct Report {
    /// For people; ends without a line break.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// 0, or the code of an answer that is no success ("they differ", "there is none").
    pub code: u8,
}

impl Report {
    /// The answer of a command that did its work.
    pub fn new(text: String, json: Value) -> Self {
        Self { text, json, code: 0 }
    }

    /// An answer that ends the process with a code of its own.
    pub fn with_code(self, code: Code) -> Self {
        Self { code: code as u8, ..self }
    }

    /// Prints it. A reader that closed the pipe early has what it wanted.
    pub fn print(&self, json: bool) -> ExitCode {
        let text = if json { format!("{:#}", self.json) } else { self.text.clone() };
        match writeln!(std::io::stdout().lock(), "{text}") {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                let _ = writeln!(std::io::stderr().lock(), "error: cannot write to standard output: {error}");
                ExitCode::FAILURE
            }
            _ => ExitCode::from(self.code),
        }
    }
}

/// Where the cells of a column stand.
#[derive(Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

/// A table with aligned columns: names to the left, numbers to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let sides: Vec<Side> =
        (0..columns).map(|column| if column == 0 { Side::Left } else { Side::Right }).collect();
    table_with(&sides, rows)
}

/// A table whose columns stand where `sides` says.
pub fn table_with(sides: &[Side], rows: &[Vec<String>]) -> String {
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..sides.len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for ((cell, side), width) in row.iter().zip(sides).zip(&widths) {
            let _ = match side {
                Side::Left => write!(line, "  {cell:<width$}"),
                Side::Right => write!(line, "  {cell:>width$}"),
            };
        }
        line.trim_end().to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Bytes in the largest binary unit that leaves a number above 1.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = (count.max(1).ilog2() / 10).min(UNITS.len() as u32 - 1);
    match unit {
        0 => format!("{count} B"),
        _ => format!("{:.1} {}", count as f64 / 1024f64.powi(unit as i32), UNITS[unit as usize]),
    }
}

/// Seconds as milliseconds below one, as seconds above.
pub fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// A count with its thousands apart: `14,266`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!((bytes(0), bytes(1023), bytes(1536)), ("0 B".into(), "1023 B".into(), "1.5 KiB".into()));
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
        assert_eq!(
            (count(7), count(14266), count(1_000_000)),
            ("7".into(), "14,266".into(), "1,000,000".into())
        );
        assert_eq!((seconds(0.0123), seconds(2.5)), ("12.3 ms".into(), "2.50 s".into()));
    }

    #[test]
    fn tables_are_aligned() {
        let rows = [vec!["a".to_string(), "10".to_string()], vec!["long".to_string(), "5".to_string()]];
        assert_eq!(table(&rows), "  a     10\n  long   5");
    }
}
