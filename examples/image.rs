//! An image pipeline: `cargo run --release --example image`.
//!
//! A camera's picture of a disc is brought to linear light (gamma), blurred against its noise, stretched between two
//! percentiles, and cut at a threshold.
use polyarray::{self as np, Array, DType, Result, random::Generator, s};

/// The gamma of the camera.
const GAMMA: f64 = 2.2;
/// Radius of the blur, in pixels.
const RADIUS: usize = 4;

/// What the camera gives: a disc, a quarter of the side in radius, on a darker ground, with noise, its light encoded.
fn picture(place: &str, side: usize) -> Result<Array> {
    let across = np::linspace(-0.5, 0.5, side, np::dtype(DType::F32).device(place))?;
    let square = np::square(&across)?;
    let inside = np::less(square.expand_dims(1)? + &square, 1.0 / 16.0)?;
    let noise = Generator::new(7).device(place)?.dtype(DType::F32).normal(0.0, 0.1, [side, side])?;
    let light = np::astype(&inside, DType::F32)? * 0.5 + 0.2 + noise;
    np::pow(np::clip(&light, 0.0, 1.0)?, 1.0 / GAMMA)
}

/// A Gaussian blur, first down the columns and then along the rows. Beyond the edge the image is as at the edge.
fn blur(image: &Array) -> Result<Array> {
    let weights: Vec<f64> =
        (0..=2 * RADIUS).map(|k| (-(k as f64 - RADIUS as f64).powi(2) / 8.0).exp()).collect();
    let total: f64 = weights.iter().sum();
    let (height, width) = (image.shape()[0], image.shape()[1]);
    let wide = np::pad(image, RADIUS as isize, np::Pad::Edge)?;
    let rows = |k: usize| -> Result<Array> { Ok(wide.slice(s![k..k + height, ..])? * (weights[k] / total)) };
    let down = (1..weights.len()).try_fold(rows(0)?, |sum, k| Ok::<_, np::Error>(sum + rows(k)?))?;
    let columns =
        |k: usize| -> Result<Array> { Ok(down.slice(s![.., k..k + width])? * (weights[k] / total)) };
    (1..weights.len()).try_fold(columns(0)?, |sum, k| Ok(sum + columns(k)?))
}

/// The histogram of the blurred image in 64 bins, and the share of pixels above the threshold.
pub fn run(place: &str, side: usize) -> Result<(Array, f64)> {
    let linear = np::pow(picture(place, side)?, GAMMA)?;
    let smooth = blur(&linear)?;
    let ends = np::percentile(&smooth, [1.0, 99.0], ())?.to_vec::<f32>()?;
    let stretched = (smooth - ends[0]) / (ends[1] - ends[0]);
    let stretched = np::clip(stretched, 0.0, 1.0)?;
    let (counts, _) = np::histogram(&stretched, np::Bins::from(64).range(0.0, 1.0))?;
    let share = np::mean(np::greater(&stretched, 0.5)?, ())?.item()?.to_f64();
    Ok((counts, share))
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let start = std::time::Instant::now();
        let (counts, share) = run(place, 2048)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{place}: the disc covers {:.2} % of the image, {seconds:.2} s; {counts}", 100.0 * share);
    }
    Ok(())
}
