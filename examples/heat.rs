//! The heat equation on a square plate: `cargo run --release --example heat`.
//!
//! ∂u/∂t = ∇²u by the explicit scheme of five points. One step is a fused kernel over shifted views of the plate, written
//! back into its inner part; the edges stay cold.
use polyarray::{self as np, Array, DType, Result};

/// The plate after so many steps, made and computed at a place.
pub fn run(place: &str, side: usize, steps: usize) -> Result<Array> {
    let mut u = np::zeros([side, side], np::dtype(DType::F32).device(place))?;
    let (from, to) = (side / 4, 3 * side / 4);
    u.assign(format!("{from}:{to}, {from}:{to}"), 100.0)?;
    for _ in 0..steps {
        let middle = u.slice("1:-1, 1:-1")?;
        let beside =
            u.slice(":-2, 1:-1")? + u.slice("2:, 1:-1")? + u.slice("1:-1, :-2")? + u.slice("1:-1, 2:")?;
        let next = &middle + (beside - &middle * 4.0) * 0.2;
        u.assign("1:-1, 1:-1", next)?;
    }
    Ok(u)
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let start = std::time::Instant::now();
        let hottest = np::max(&run(place, 128, 10_000)?, ())?.item()?;
        println!("{place}: {hottest:.3} after 10,000 steps, {:.2} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
