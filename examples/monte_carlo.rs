//! The price of an option by simulation: `cargo run --release --example monte_carlo`.
//!
//! A European call under geometric Brownian motion, beside the formula of Black and Scholes (1973). Random numbers are made
//! where they are used, and are the same on every device.
use polyarray::{self as np, DType, Result, random::Generator};

/// Price today, price to buy at, interest, volatility, years.
pub const OPTION: [f64; 5] = [100.0, 105.0, 0.03, 0.2, 1.0];

/// The price from so many paths, and its standard error.
pub fn run(place: &str, paths: usize) -> Result<(f64, f64)> {
    let [price, strike, rate, volatility, years] = OPTION;
    let mut rng = Generator::new(42).device(place)?.dtype(DType::F32);
    let z = rng.standard_normal(paths)?;
    let end =
        np::exp(z * (volatility * years.sqrt()) + (rate - 0.5 * volatility * volatility) * years)? * price;
    let gain = np::maximum(end - strike, 0.0)? * (-rate * years).exp();
    let mean = np::mean(&gain, ())?.item()?.to_f64();
    let error = np::std(&gain, ())?.item()?.to_f64() / (paths as f64).sqrt();
    Ok((mean, error))
}

/// The same by the formula.
pub fn exact() -> f64 {
    let [price, strike, rate, volatility, years] = OPTION;
    let spread = volatility * years.sqrt();
    let d1 = ((price / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    price * cdf(d1) - strike * (-rate * years).exp() * cdf(d1 - spread)
}

/// The normal distribution function by the series of Marsaglia (2004).
fn cdf(x: f64) -> f64 {
    let (mut sum, mut term) = (x, x);
    for i in 1..100 {
        term *= x * x / f64::from(2 * i + 1);
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let start = std::time::Instant::now();
        let (price, error) = run(place, 1 << 22)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{place}: {price:.4} ± {error:.4}, {seconds:.2} s; by the formula {:.4}", exact());
    }
    Ok(())
}
