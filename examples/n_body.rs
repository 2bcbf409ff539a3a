//! Bodies under their own gravity: `cargo run --release --example n_body`.
//!
//! The leapfrog scheme keeps the energy. All pairs at once: differences of shape (n, n, 3) are never stored, as they are
//! fused into the sums over them.
use polyarray::{self as np, Array, Result, random::Generator};

/// Softens encounters.
const SOFTENING: f64 = 0.1;

/// Accelerations of bodies of mass 1 / n.
fn acceleration(x: &Array) -> Result<Array> {
    let apart = x.expand_dims(0)? - x.expand_dims(1)?;
    let square = np::sum(&apart * &apart, -1)? + SOFTENING * SOFTENING;
    let inverse_cube = np::pow(&square, -1.5)?;
    np::mean(apart * inverse_cube.expand_dims(-1)?, 1)
}

/// Kinetic and potential energy.
pub fn energy(x: &Array, v: &Array) -> Result<f64> {
    let n = x.shape()[0] as f64;
    let apart = x.expand_dims(0)? - x.expand_dims(1)?;
    let distance = np::sqrt(np::sum(&apart * &apart, -1)? + SOFTENING * SOFTENING)?;
    // A body beside itself counts in the double sum; its share is taken away again.
    let pairs = np::sum(np::reciprocal(distance)?, ())?.item()?.to_f64() - n / SOFTENING;
    Ok(np::sum(v * v, ())?.item()?.to_f64() / (2.0 * n) - pairs / (2.0 * n * n))
}

/// Places and velocities of bodies after so many steps, and the share of its energy that the system lost.
pub fn run(place: &str, bodies: usize, steps: usize) -> Result<(Array, Array, f64)> {
    let mut rng = Generator::new(1).device(place)?;
    let mut x = rng.standard_normal([bodies, 3])?;
    let mut v = rng.standard_normal([bodies, 3])? * 0.3;
    let before = energy(&x, &v)?;
    let dt = 0.001;
    let mut a = acceleration(&x)?;
    for _ in 0..steps {
        let half = &v + &a * (0.5 * dt);
        x = &x + &half * dt;
        a = acceleration(&x)?;
        v = half + &a * (0.5 * dt);
        // Each step is computed when it is made: a chain of thousands would be kept until somebody reads it.
        v.eval()?;
        x.eval()?;
    }
    let lost = (energy(&x, &v)? - before).abs() / before.abs();
    Ok((x, v, lost))
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let start = std::time::Instant::now();
        let (.., lost) = run(place, 256, 10_000)?;
        println!(
            "{place}: lost {lost:.1e} of the energy in 10,000 steps, {:.2} s",
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
