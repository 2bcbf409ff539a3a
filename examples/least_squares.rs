//! Least squares and principal components: `cargo run --release --example least_squares`.
use polyarray::{self as np, Array, DType, Result, linalg, random::Generator};

/// The coefficients of a cubic, lowest first, from noisy values of 1 − 2x + x³/2.
pub fn fit(place: &str, points: usize) -> Result<Vec<f32>> {
    let mut rng = Generator::new(11).device(place)?.dtype(DType::F32);
    let x = np::linspace(-1.0, 1.0, points, np::dtype(DType::F32).device(place))?;
    let y = 1.0 - &x * 2.0 + np::pow(&x, 3.0)? * 0.5 + rng.normal(0.0, 0.01, points)?;
    // As NumPy's, its powers are doubles.
    let powers = np::vander(&x, np::Powers { columns: Some(4), increasing: true })?;
    let powers = np::astype(powers, DType::F32)?;
    let (coefficients, _, rank, _) = linalg::lstsq(&powers, &y, ())?;
    assert_eq!(rank.item()?.to_f64(), 4.0);
    coefficients.to_vec()
}

/// Points (n, 5) that two hidden quantities explain but for noise, and the directions (2, 5) of these.
fn points(place: &str, n: usize) -> Result<(Array, Array)> {
    let mut rng = Generator::new(13).device(place)?.dtype(DType::F32);
    let hidden = rng.standard_normal([n, 2])? * Array::from([3.0f32, 1.0]).to(place)?;
    let directions = Array::from([[0.6f32, 0.0, 0.8, 0.0, 0.0], [0.0, 0.8, 0.0, 0.6, 0.0]]).to(place)?;
    let noise = rng.normal(0.0, 0.05, [n, 5])?;
    Ok((np::matmul(&hidden, &directions)? + noise + 10.0, directions))
}

/// The shares of the variance that the principal components explain, largest first, and how well the first two are the
/// hidden directions: |cos| of each angle.
pub fn components(place: &str, n: usize) -> Result<(Vec<f32>, Vec<f32>)> {
    let (x, hidden) = points(place, n)?;
    let centred = &x - np::mean(&x, 0)?;
    let (_, scales, directions) = linalg::svd(&centred, false)?;
    let variance = np::square(&scales)?;
    let shares = &variance / np::sum(&variance, ())?;
    let found = np::absolute(np::vecdot(directions.slice(":2")?, &hidden, -1)?)?;
    Ok((shares.to_vec()?, found.to_vec()?))
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        println!("{place}: coefficients {:.3?}", fit(place, 1000)?);
        let (shares, found) = components(place, 100_000)?;
        println!("{place}: shares of the variance {shares:.4?}; the first two directions {found:.4?}");
    }
    Ok(())
}
