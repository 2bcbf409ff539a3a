//! Fourier transforms in float32 on the host and on `gpu:0`: minimum and median in milliseconds. Beside them SciPy's, in turn:
//! `python -m timeit -s "import numpy, scipy.fft; x = numpy.ones(2**20, 'c8')" "scipy.fft.fft(x, workers=2)"`.
//!
//! `cargo bench --bench transforms`, with parts of names after `--` for some of them.

use num_complex::Complex32;
use polyarray::{self as np, Array, DType, Result, fft};
use std::time::Instant;

/// A name, the shape, and the transform.
type Case = (&'static str, [usize; 2], fn(&Array) -> Result<Array>);

const CASES: [Case; 7] = [
    ("2^20", [1, 1 << 20], |x| fft::fft(x, ())),
    ("2^20, back", [1, 1 << 20], |x| fft::ifft(x, ())),
    ("2^20, real", [1, 1 << 20], |x| fft::rfft(np::real(x)?, ())),
    ("2^20, float64", [1, 1 << 20], |x| fft::fft(np::astype(x, DType::C128)?, ())),
    ("1024 rows of 1024", [1024, 1024], |x| fft::fft(x, ())),
    ("1024 x 1024", [1024, 1024], |x| fft::fft2(x, ())),
    ("1024 rows of 1009", [1024, 1009], |x| fft::fft(x, ())),
];

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for place in ["host", "gpu:0"] {
        for (name, shape, transform) in CASES {
            let name = format!("{place} {name}");
            if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
                continue;
            }
            let values = (0..shape[0] * shape[1]).map(|i| Complex32::new((i % 17) as f32, (i % 5) as f32));
            let x = Array::from_vec(values.collect(), &shape)?.to(place)?;
            let mut times = Vec::new();
            for _ in 0..25 {
                let start = Instant::now();
                let y = transform(&x)?;
                y.eval()?;
                // Waits for the whole result, and reads one element.
                y.slice("0, 0")?.item()?;
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
            times.sort_by(f64::total_cmp);
            println!("{name:<28} {:8.2} {:8.2}", times[0], times[times.len() / 2]);
        }
    }
    Ok(())
}
