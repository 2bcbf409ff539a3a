//! The suite's calls as data, for a comparison with another library.

use super::conformance::Conformance;
use super::methods::Arg;
use super::samples::Plain;
use crate::array::packed::MethodRow;
use crate::dtype::Scalar;
use crate::error::Result;

/// One argument, as another library is to take it.
#[derive(Clone, Debug)]
pub enum Given {
    /// An array's elements.
    Array(Plain),
    /// Those of several.
    Arrays(Vec<Plain>),
    /// A scalar in place of an array.
    Scalar(Scalar),
    /// The device.
    Device,
    /// An option, as `Debug` prints it.
    Option(String),
}

impl From<&Arg> for Given {
    fn from(arg: &Arg) -> Given {
        match arg {
            Arg::Array(sample) => Given::Array(sample.values.clone()),
            Arg::Arrays(samples) => Given::Arrays(samples.iter().map(|s| s.values.clone()).collect()),
            Arg::Weak(value) => Given::Scalar(*value),
            Arg::Place => Given::Device,
            Arg::Plain(_, text) => Given::Option(text.clone()),
        }
    }
}

/// A call of the suite, and what it gave.
#[derive(Clone, Debug)]
pub struct Called {
    /// The method.
    pub method: &'static MethodRow,
    /// Its arguments.
    pub args: Vec<Given>,
    /// The arrays that it gave, or why it gave none.
    pub results: Result<Vec<Plain>, String>,
}

impl Conformance<'_> {
    /// Makes the suite's calls and hands each to `each`, compared with nothing.
    ///
    /// # Errors
    /// As [`run`](Conformance::run).
    pub fn calls(&self, mut each: impl FnMut(Called)) -> Result<()> {
        let place = self.place()?;
        for row in self.rows() {
            for case in self.cases(row, &place).unwrap_or_default() {
                let results = self.results(row, &case, &[], &place, usize::MAX);
                let results = results.map(|(_, read)| read).map_err(|why| why.to_string());
                each(Called { method: row, args: case.iter().map(Given::from).collect(), results });
            }
        }
        Ok(())
    }
}
