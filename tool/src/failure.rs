//! What went wrong, and the exit code that says who can mend it.
use std::io::Write;
use std::process::ExitCode;

use polyarray::dispatch;
use serde_json::json;

/// Shown under `--help`.
pub const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 the work failed; 2 wrong arguments; 3 the input data is missing or damaged; \
4 there is no such backend or device; 5 what was compared differs, or can't be compared";

/// Why a command did not do its work.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    message: String,
}

/// The tool's exit codes; clap itself ends with 2.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Code {
    Work = 1,
    Arguments = 2,
    Data = 3,
    Device = 4,
    Differs = 5,
}

impl Failure {
    pub fn new(code: Code, message: impl ToString) -> Self {
        Self { code, message: message.to_string() }
    }

    /// Prints the message and gives the exit code: as text to standard error, as JSON to standard output.
    pub fn print(&self, json: bool) -> ExitCode {
        // Where nobody reads it, the exit code still tells.
        let _ = match json {
            true => {
                let document = json!({ "error": { "code": self.code as u8, "message": self.message } });
                writeln!(std::io::stdout().lock(), "{document}")
            }
            false => writeln!(std::io::stderr().lock(), "error: {}", self.message),
        };
        ExitCode::from(self.code as u8)
    }
}

impl From<polyarray_genetics::Error> for Failure {
    fn from(error: polyarray_genetics::Error) -> Self {
        use polyarray_genetics::Error as E;
        let code = match error {
            E::Argument { .. } | E::ChromosomeSelection { .. } | E::Exists { .. } => Code::Arguments,
            E::Array(error) => return error.into(),
            E::Write { .. } => Code::Work,
            _ => Code::Data,
        };
        Self::new(code, error)
    }
}

impl From<polyarray::Error> for Failure {
    fn from(error: polyarray::Error) -> Self {
        use polyarray::Error as E;
        let names_nothing = match &error {
            E::Unknown { .. } => true,
            E::Dispatch(error) => matches!(**error, dispatch::Error::UnknownBackend { .. }),
            _ => false,
        };
        Self::new(if names_nothing { Code::Device } else { Code::Work }, error)
    }
}
