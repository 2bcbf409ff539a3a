//! What fails in a part of a method, or when its values are computed, names the method that was called; what asks for more
//! than there can be is refused before it is planned.

use polyarray::{self as np, Array, DType, Error, Result};
use polyarray::{fft, linalg};

/// The error of a call that is computed.
fn error(result: Result<Array>) -> Error {
    result.and_then(|x| x.eval().map(|_| ())).expect_err("it can't be computed")
}

#[test]
fn errors_of_a_later_evaluation_name_the_method() -> Result<()> {
    for place in ["host", "gpu:0"] {
        let nan = Array::from(vec![f32::NAN]).reshape([1, 1])?.to(place)?;
        let singular = np::zeros([2, 2], np::dtype(DType::F32).device(place))?;
        for (name, result) in [
            ("eigvals", linalg::eigvals(&nan)),
            ("eig", linalg::eig(&nan).map(|(values, _)| values)),
            ("svdvals", linalg::svdvals(&nan)),
            ("cond", linalg::cond(&singular, 1.0)),
            ("inv", linalg::inv(&singular)),
        ] {
            let text = error(result).to_string();
            assert!(text.starts_with(&format!("{name}:")), "{place}, {name}: {text}");
        }
    }
    Ok(())
}

#[test]
fn transforms_of_absurd_lengths_are_refused() -> Result<()> {
    // Some systems promise any memory.
    polyarray::set_host_memory_limit(Some(1 << 30));
    for place in ["host", "gpu:0"] {
        let x = np::ones([2, 4], np::dtype(DType::C64).device(place))?;
        for n in [1 << 40, usize::MAX / 2, usize::MAX] {
            for result in [fft::fft(&x, n), fft::irfft(&x, n), fft::hfft(&x, n)] {
                let error = error(result);
                // The shape itself, the memory for it, or a row on the device, which the host can't hold either.
                let text = error.to_string();
                let told = ["than an address can count", "can never fit", "no room for"];
                assert!(told.iter().any(|told| text.contains(told)), "{place}, {n}: {text}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_complex_power_is_taken_where_the_array_lives() -> Result<()> {
    let power = polyarray::num_complex::Complex64::new(0.5, 2.0);
    for place in ["host", "gpu:0"] {
        let x = Array::from(vec![1_i32, 4]).to(place)?;
        let got = np::real(np::pow(&x, power)?)?.to("host")?.astype(DType::F64)?.to_vec::<f64>()?;
        // 4^(½ + 2i) = 2·(cos(2 ln 4) + i sin(2 ln 4))
        let want = 2.0 * (2.0 * 4_f64.ln()).cos();
        assert!((got[0] - 1.0).abs() < 1e-12 && (got[1] - want).abs() < 1e-5, "{place}: {got:?}");
    }
    Ok(())
}
