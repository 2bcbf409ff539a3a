//! Commands as steps: a header, the output as it comes, the time.
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the tests of one or more steps came to.
#[derive(Default)]
pub struct Tally {
    /// Tests, and steps without tests, that passed.
    pub passed: usize,
    /// Those that failed.
    pub failed: usize,
    /// Tests not run, by name filter.
    pub left_out: usize,
    /// Names of what failed.
    pub failures: Vec<String>,
}

impl Tally {
    /// Counts something that failed.
    pub fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.failures.push(name.to_string());
    }

    /// Reads a line of a test program's output.
    fn line(&mut self, line: &str) {
        let plain = without_colour(line);
        if let Some(counts) = plain.trim_start().strip_prefix("test result: ") {
            let count = |word: &str| {
                let before = counts.split(word).next().filter(|before| before.len() < counts.len())?;
                before.trim_end().rsplit([' ', '.', ';']).next()?.parse::<usize>().ok()
            };
            self.passed += count(" passed").unwrap_or(0);
            self.failed += count(" failed").unwrap_or(0);
            self.left_out += count(" filtered out").unwrap_or(0);
        } else if let Some(name) =
            plain.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_string());
        }
    }
}

/// A line without terminal colours.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// Prints a step's header.
pub fn header(title: &str) {
    println!("\n=== {title}");
    let _ = std::io::stdout().flush();
}

/// Prints how long a step took.
pub fn footer(title: &str, took: Duration, ok: bool) {
    println!("--- {title}: {} in {:.1} s", if ok { "ok" } else { "FAILED" }, took.as_secs_f64());
}

/// `cargo` with these arguments, in the workspace's root.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::root());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        // Cargo sets these for us; passed on, they would make it build everything anew.
        let ours = name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name == "CARGO_PRIMARY_PACKAGE";
        // What the user's programs are told is not for tests: only where the data is, and which adapter to test.
        let users =
            name.starts_with("POLYARRAY_") && !["POLYARRAY_DATA", "POLYARRAY_ADAPTER"].contains(&&*name);
        if ours || users {
            command.env_remove(name);
        }
    }
    command
}

/// A program that cargo has built: it lies where we do.
pub fn built(name: &str) -> PathBuf {
    beside_us(name).with_extension(std::env::consts::EXE_EXTENSION)
}

/// A file or folder among the build outputs.
pub fn beside_us(name: &str) -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name(name)
}

/// Runs a step that counts as one.
pub fn run(title: &str, command: Command, tally: &mut Tally) -> bool {
    let ok = timed(title, command, |_| {});
    match ok {
        true => tally.passed += 1,
        false => tally.fail(title),
    }
    ok
}

/// Runs a step of tests, adding up what its test programs report.
pub fn run_tests(title: &str, command: Command, tally: &mut Tally) -> bool {
    let failed_before = tally.failed;
    let ok = timed(title, command, |line| tally.line(line));
    // A program that crashed, or never compiled, reports nothing.
    if !ok && tally.failed == failed_before {
        tally.fail(title);
    }
    ok
}

/// Runs a command, handing over each line of its standard output, which is passed on as it comes.
fn timed(title: &str, mut command: Command, mut line_read: impl FnMut(&str)) -> bool {
    header(title);
    let start = Instant::now();
    let child = command.stdout(Stdio::piped()).spawn();
    let ok = match child {
        Ok(mut child) => {
            let mut output = BufReader::new(child.stdout.take().expect("it was piped"));
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line);
                print!("{text}");
                let _ = std::io::stdout().flush();
                line_read(text.trim_end());
                line.clear();
            }
            child.wait().is_ok_and(|status| status.success())
        }
        Err(error) => {
            println!("cannot start {}: {error}", command.get_program().display());
            false
        }
    };
    footer(title, start.elapsed(), ok);
    ok
}

/// libtest prints colours only on a terminal, and through us it sees none.
pub fn colour() -> &'static str {
    if std::io::stdout().is_terminal() { "--color=always" } else { "--color=never" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut tally = Tally::default();
        tally.line(
            "test result: ok. 14 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s",
        );
        tally.line(
            "test result: \x1b[31mFAILED\x1b[m. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out;",
        );
        tally.line("test a::b ... \x1b[31mFAILED\x1b[m");
        tally.line("test c ... ok");
        assert_eq!((tally.passed, tally.failed, tally.left_out), (19, 2, 3));
        assert_eq!(tally.failures, ["a::b"]);
    }
}
