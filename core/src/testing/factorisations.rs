//! Factorisations of matrices of any size: of every form, by their residuals.

use super::conformance::Conformance;
use super::methods::{Given, Sampler, entry, of_shape};
use crate::error::Result;

/// What is wrong with factorisations (methods of `numpy.linalg`, by name) of matrices of a shape (…, m, n) on the first
/// instance of a kind: nothing, if each holds to n · ε, in every dtype, for random matrices, dense and transposed, for zeros, for
/// those of rank two, with rows of very different size, and for Hilbert's.
///
/// # Errors
/// The kind is not linked, or its first instance doesn't open.
pub fn factorisations(kind: &str, methods: &[&str], shape: &[usize]) -> Result<Vec<String>> {
    let suite = Conformance::of(kind).domains(&["numpy.linalg"]).only(methods);
    let place = suite.place()?;
    let mut wrong = Vec::new();
    for row in suite.rows() {
        let mut sampler = Sampler::new(0x5eed, place.dtypes.clone(), false);
        for case in of_shape(row.name, &mut sampler, shape) {
            let Some((_, reference)) = entry(row) else { continue };
            let want = reference(&Given { args: &case, float: place.float }, row.name);
            if let Err(what) = suite.case(row, &case, &want, &place) {
                let args: Vec<String> = case.iter().map(ToString::to_string).collect();
                wrong.push(format!("{}({}): {what}", row.name, args.join(", ")));
            }
        }
    }
    Ok(wrong)
}
