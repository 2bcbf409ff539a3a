//! What differentiation is checked by: finite differences, and a softmax regression that learns.
use super::diff::{gradients, value, variable};
use polyarray::{self as np, Array, Result};
use polyarray_outside::softmax;

type Function = fn(&Array) -> Result<Array>;

fn loss(weights: &Array, x: &Array, wanted: &Array) -> Result<Array> {
    let likely = softmax(&np::matmul(x, weights)?)?;
    let picked = np::sum(np::multiply(np::log(&likely)?, wanted)?, -1)?;
    np::negative(np::mean(&picked, ())?)
}

#[test]
fn gradients_are_those_of_finite_differences() -> Result<()> {
    let functions: [(&str, Function); 7] = [
        ("exp, log", |x| np::log(np::add(np::exp(x)?, 1.0)?)),
        ("powers", |x| np::multiply(np::multiply(x, x)?, x)),
        ("a mean", |x| np::divide(np::mean(x, ()).and_then(|m| np::exp(&m))?, 3.0)),
        ("broadcast", |x| np::multiply(x.slice("0")?.broadcast_to([4, 3])?, x)),
        ("slices", |x| np::multiply(x.slice("1:, ::-1")?, x.slice(":3")?)),
        ("a product", |x| np::matmul(x, np::exp(x.t())?)),
        ("softmax, reshaped", |x| softmax(&x.reshape([2, 6])?)),
    ];
    for place in ["host", "gpu:0"] {
        // A GPU may have no float64; what is differentiated there is compared with the host's.
        let start: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 12) / 10.0 - 0.4).collect();
        for (name, f) in functions {
            let weigh = |y: &Array| {
                let n = y.len();
                let weights = Array::from((0..n).map(|i| (i % 5) as f64 - 1.5).collect::<Vec<_>>());
                let weights = np::astype(weights.reshape([-1])?, y.dtype())?;
                let home = value(y).residency();
                np::sum(np::multiply(y.reshape([-1])?, weights.to(home.name())?)?, ())
            };
            let at = |values: &[f64]| -> Result<f64> {
                let x = Array::from(values.to_vec()).reshape([4, 3])?;
                Ok(weigh(&f(&x)?)?.item()?.to_f64())
            };
            let x = np::astype(Array::from(start.clone()).reshape([4, 3])?, np::DType::F32)?.to(place)?;
            let x = variable(&x);
            let got = gradients(&weigh(&f(&x)?)?, &[&x])?.remove(0);
            assert_eq!((got.shape(), got.residency().name()), (&[4, 3][..], place), "{name}");
            let got = got.to_vec::<f32>()?;
            for n in 0..12 {
                let moved = |by: f64| {
                    let mut values = start.clone();
                    values[n] += by;
                    at(&values)
                };
                let want = (moved(1e-5)? - moved(-1e-5)?) / 2e-5;
                assert!(
                    (f64::from(got[n]) - want).abs() < 2e-4 * (1.0 + want.abs()),
                    "{name} on {place}: {} {want}",
                    got[n]
                );
            }
        }
    }
    Ok(())
}

#[test]
fn a_softmax_regression_learns() -> Result<()> {
    for place in ["host", "gpu:0"] {
        // Three clouds on a circle.
        let (mut x, mut wanted) = (Vec::new(), Vec::new());
        for n in 0..90 {
            let (class, angle) = (n % 3, (n % 3) as f32 * 2.1 + (n as f32 * 0.7).sin() * 0.6);
            x.extend([angle.cos(), angle.sin(), 1.0]);
            wanted.extend((0..3).map(|c| f32::from(c == class)));
        }
        let x = Array::from(x).reshape([90, 3])?.to(place)?;
        let wanted = Array::from(wanted).reshape([90, 3])?.to(place)?;
        let mut weights = np::zeros([3, 3], np::dtype(np::DType::F32).device(place))?;
        let first = loss(&weights, &x, &wanted)?.item()?.to_f64();
        for _ in 0..60 {
            let w = variable(&weights);
            let gradient = gradients(&loss(&w, &x, &wanted)?, &[&w])?.remove(0);
            weights = np::subtract(&weights, np::multiply(&gradient, 2.0)?)?;
            weights.eval()?;
        }
        let last = loss(&weights, &x, &wanted)?.item()?.to_f64();
        let right = np::equal(np::argmax(np::matmul(&x, &weights)?, -1)?, np::argmax(&wanted, -1)?)?;
        let right = np::sum(&right, ())?.item()?.to_f64();
        assert!(
            (first - 3f64.ln()).abs() < 1e-5 && last < 0.25 && right >= 85.0,
            "{place}: {first} {last} {right}"
        );
    }
    Ok(())
}
