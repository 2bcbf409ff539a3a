//! A noisy signal, filtered: `cargo run --release --example filter`.
//!
//! A convolution is a product of spectra, which for a long filter takes far less than its sums do.
use polyarray::{self as np, Array, DType, Result, fft, random::Generator};
use std::f64::consts::TAU;

/// A filter of `taps` weights, an odd number, that passes what is below `cutoff` cycles a sample: a sinc under a Hann window.
fn low_pass(place: &str, taps: usize, cutoff: f64) -> Result<Array> {
    let half = (taps / 2) as f64;
    let t = np::arange(taps, np::dtype(DType::F32).device(place))? - half;
    let window = np::cos(&t * (TAU / (taps + 1) as f64))? * 0.5 + 0.5;
    let weights = np::sinc(&t * (2.0 * cutoff))? * window;
    &weights / np::sum(&weights, ())?
}

/// The middle of the convolution of a signal with a shorter filter, as long as the signal: zeros behind both make the circular
/// convolution of their spectra the wanted one.
fn filtered(x: &Array, filter: &Array) -> Result<Array> {
    let (n, taps) = (x.len(), filter.len());
    let len = (n + taps - 1).next_power_of_two();
    let product = fft::rfft(x, len)? * fft::rfft(filter, len)?;
    fft::irfft(&product, len)?.slice(format!("{}:{}", taps / 2, taps / 2 + n))
}

/// The signal without noise, with noise, and with the noise filtered by spectra and by sums, made and computed at a place.
pub fn run(place: &str, n: usize, taps: usize) -> Result<[Array; 4]> {
    let t = np::arange(n, np::dtype(DType::F32).device(place))? * (1.0 / n as f64);
    let clean = np::sin(&t * (TAU * 5.0))? + np::sin(&t * (TAU * 12.0))? * 0.5;
    let noise = Generator::new(11).device(place)?.dtype(DType::F32).normal(0.0, 0.5, n)?;
    let noisy = &clean + noise;
    let filter = low_pass(place, taps, 4.0 / taps as f64)?;
    let (fast, direct) = (filtered(&noisy, &filter)?, np::convolve(&noisy, &filter, np::Mode::Same)?);
    Ok([clean, noisy, fast, direct])
}

/// The root of the mean square of the difference.
pub fn apart(a: &Array, b: &Array) -> Result<f64> {
    Ok(np::sqrt(np::mean(np::square(a - b)?, ())?)?.item()?.to_f64())
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let [clean, noisy, fast, direct] = run(place, 1 << 16, 401)?;
        println!(
            "{place}: noise {:.3}, filtered {:.3}, spectra and sums apart {:.1e}",
            apart(&noisy, &clean)?,
            apart(&fast, &clean)?,
            apart(&fast, &direct)?
        );
    }
    Ok(())
}
