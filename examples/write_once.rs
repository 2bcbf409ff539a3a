//! One function, every place: `cargo run --example write_once`.
//!
//! The function knows no backend. It is called with the same values on the host and on each GPU there is (Mesa's
//! software adapter counts), and shows what each call did.

use polyarray as np;

/// Rows of `x`, shifted and scaled to mean 0 and variance 1.
fn standardised(x: &np::Array) -> np::Result<np::Array> {
    let centred = x - &np::mean(x, np::axis(-1).keepdims())?;
    let variance = np::mean(&centred * &centred, np::axis(-1).keepdims())?;
    Ok(&centred / &np::sqrt(variance + 1e-12)?)
}

fn main() -> np::Result<()> {
    let x = np::Array::from([[1.0f32, 2.0, 3.0, 4.0], [2.0, 4.0, 8.0, 16.0]]);
    for place in ["host", "gpu"] {
        let there = match x.to(place) {
            Ok(there) => there,
            Err(missing) => {
                println!("{place}: {missing}\n");
                continue;
            }
        };
        let (result, how) = np::explain(|| standardised(&there)?.eval().cloned());
        println!("on {}:\n{how}\n{}\n", there.residency(), result?);
    }
    Ok(())
}
