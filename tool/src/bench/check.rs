//! Is a result right? Asked before anything is timed.
use polyarray::{Array, DType, Result};

use super::cases::{Case, Given, Tolerance, values};

/// Elements of the reference that are computed from the definition, spread over the whole result.
const PROBES: usize = 64;

/// What a case's result should be.
pub struct Expected {
    values: Vec<f64>,
    tolerance: Tolerance,
}

impl Expected {
    /// The whole result in float64 from the host, held against the case's definition at up to [`PROBES`] places.
    ///
    /// # Errors
    /// What computing it fails with; outer, what is wrong with it, in words.
    pub fn of(case: &Case, inputs: &[Array]) -> Result<Result<Expected, String>> {
        let values = case.expected(inputs)?;
        let given = Given::of(inputs)?;
        let tolerance = (case.tolerance)(&given.shapes);
        let last = values.len().saturating_sub(1);
        let probes = values.len().min(PROBES);
        let spread = (0..probes).map(|k| if probes > 1 { k * last / (probes - 1) } else { 0 });
        let expected = Expected { tolerance, values };
        for at in spread {
            let (got, want) = (expected.values[at], (case.value_at)(&given, at));
            if tolerance.units_off(got, want, f64::EPSILON) > 1.0 {
                return Ok(Err(format!(
                    "the reference is wrong: element {at} computed on the host in float64 is {got:e}, by \
                     definition it is {want:e}"
                )));
            }
        }
        Ok(Ok(expected))
    }

    /// The largest distance of a result from what it should be, as a share of what is allowed.
    ///
    /// # Errors
    /// What evaluating or reading it fails with; inner, the first element that is further away, in words.
    pub fn check(&self, result: &Array, dtype: DType) -> Result<Result<f64, String>> {
        let got = values(result)?;
        if got.len() != self.values.len() {
            return Ok(Err(format!("it has {} elements, {} are right", got.len(), self.values.len())));
        }
        let eps = epsilon(dtype);
        let mut worst = 0.0f64;
        for (at, (&got, &want)) in got.iter().zip(&self.values).enumerate() {
            let off = self.tolerance.units_off(got, want, eps);
            if off > 1.0 {
                return Ok(Err(format!("element {at} is {got:e}, {want:e} is right")));
            }
            worst = worst.max(off);
        }
        Ok(Ok(worst))
    }
}

impl Tolerance {
    /// Distance over the distance allowed; infinite where either is no number and where nothing is allowed.
    fn units_off(self, got: f64, want: f64, eps: f64) -> f64 {
        if got == want {
            return 0.0;
        }
        let off = (got - want).abs() / (self.units * eps * want.abs().max(self.floor));
        if off.is_nan() { f64::INFINITY } else { off }
    }
}

/// The distance from 1 to the next number; nothing is rounded in integers.
fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2f64.powi(-10),
        DType::F32 => f64::from(f32::EPSILON),
        DType::F64 => f64::EPSILON,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table::table;

    fn case(name: &str) -> Case {
        table().into_iter().find(|case| case.name == name).unwrap()
    }

    fn made(case: &Case, size: usize) -> Vec<Array> {
        let inputs = (case.inputs)(size);
        inputs.iter().enumerate().map(|(k, input)| input.make(k, DType::F32).unwrap()).collect()
    }

    /// Two ways to the same values, of every row of the table.
    #[test]
    fn references_agree_with_definitions() {
        for case in table() {
            let size = if case.sizes.fixed { case.sizes.whole[0] } else { 4096 };
            for size in [1, 5, 100, size] {
                if let Err(wrong) = Expected::of(&case, &made(&case, size)).unwrap() {
                    panic!("{} of {size}: {wrong}", case.name);
                }
            }
        }
    }

    #[test]
    fn a_definition_that_is_another_is_found() {
        let wrong = Case { value_at: |x, i| x.data[0][i] * x.data[1][i] - x.data[2][i], ..case("a*b+c") };
        let message = Expected::of(&wrong, &made(&wrong, 10)).unwrap().err().unwrap();
        assert!(message.contains("element 0") && message.contains("by definition"), "{message}");
    }

    #[test]
    fn a_result_is_held_against_the_tolerance_of_its_dtype() {
        let case = case("a*b+c");
        let inputs = made(&case, 100);
        let expected = Expected::of(&case, &inputs).unwrap().unwrap();
        let shifted = |by: f64| {
            let mut values = case.expected(&inputs).unwrap();
            values[63] += by;
            Array::from(values)
        };
        assert_eq!(expected.check(&shifted(0.0), DType::F64).unwrap(), Ok(0.0));
        assert!(expected.check(&shifted(1e-7), DType::F32).unwrap().is_ok_and(|off| off > 0.0));
        assert!(expected.check(&shifted(1e-7), DType::F64).unwrap().unwrap_err().contains("element 63"));
        assert!(expected.check(&shifted(1e-4), DType::F32).unwrap().is_err());
        assert!(expected.check(&shifted(f64::NAN), DType::F32).unwrap().is_err());
        assert!(expected.check(&Array::from(vec![1.0]), DType::F32).unwrap().is_err());
    }
}
