//! A small network trained by hand: `cargo run --release --example network`.
//!
//! Two spirals of points are told apart by a layer of tanh and a logistic one; the gradients are written out.
use polyarray::{self as np, Array, DType, Result, random::Generator};

/// Points on two spirals (n, 2), and which one each lies on (n, 1).
fn spirals(place: &str, n: usize) -> Result<(Array, Array)> {
    let mut rng = Generator::new(3).device(place)?.dtype(DType::F32);
    let which = np::remainder(np::arange(n, np::device(place))?, 2)?;
    let which = np::astype(which, DType::F32)?;
    let turn = rng.uniform(0.5, 3.0, n)?;
    let angle = &turn * 2.5 + &which * std::f64::consts::PI;
    let noise = rng.normal(0.0, 0.05, [n, 2])?;
    let points = np::stack(&[&turn * np::cos(&angle)?, &turn * np::sin(&angle)?], 1)? + noise;
    Ok((points, which.expand_dims(1)?))
}

/// The loss before and after so many steps of gradient descent with momentum, and the share of points told apart.
pub fn run(place: &str, hidden: usize, steps: usize) -> Result<(f64, f64, f64)> {
    let (x, y) = spirals(place, 400)?;
    let n = x.shape()[0] as f64;
    let mut rng = Generator::new(5).device(place)?.dtype(DType::F32);
    let mut weights = [
        rng.standard_normal([2, hidden])? * 2.0,
        rng.standard_normal([1, hidden])?,
        rng.standard_normal([hidden, 1])? * (1.0 / (hidden as f64).sqrt()),
        np::zeros([1, 1], np::dtype(DType::F32).device(place))?,
    ];
    let mut speed: Vec<Array> = weights.iter().map(|w| np::full_like(w, 0.0, ())).collect::<Result<_>>()?;
    let mut losses = Vec::new();
    let mut right = 0.0;
    for step in 0..=steps {
        let [w1, b1, w2, b2] = &weights;
        let h = np::tanh(np::matmul(&x, w1)? + b1)?;
        let z = np::matmul(&h, w2)? + b2;
        let p = np::reciprocal(np::exp(-&z)? + 1.0)?;
        if step == 0 || step == steps {
            // ln(1 + eᶻ) − y·z, which no large z makes infinite.
            let loss = np::mean(np::logaddexp(&z, 0.0)? - &y * &z, ())?;
            losses.push(loss.item()?.to_f64());
            let told = np::equal(np::greater(&p, 0.5)?, np::greater(&y, 0.5)?)?;
            right = np::mean(told, ())?.item()?.to_f64();
        }
        let dz = (p - &y) * (1.0 / n);
        let dh = np::matmul(&dz, w2.permute([1, 0])?)? * (1.0 - np::square(&h)?);
        let gradients = [
            np::matmul(x.permute([1, 0])?, &dh)?,
            np::sum(&dh, np::axis(0).keepdims())?,
            np::matmul(h.permute([1, 0])?, &dz)?,
            np::sum(&dz, np::axis(0).keepdims())?,
        ];
        for ((w, v), g) in weights.iter_mut().zip(&mut speed).zip(gradients) {
            *v = &*v * 0.9 - g * 0.5;
            *w = &*w + &*v;
            w.eval()?;
            v.eval()?;
        }
    }
    Ok((losses[0], losses[1], right))
}

#[allow(dead_code, reason = "the tests run the function")]
fn main() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let start = std::time::Instant::now();
        let (before, after, right) = run(place, 32, 2000)?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{place}: loss {before:.3} to {after:.3}, {:.1} % told apart, {seconds:.2} s",
            100.0 * right
        );
    }
    Ok(())
}
