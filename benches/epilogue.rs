//! Matmul with a fused epilogue, compared with the same when the product is computed first: minimum and median of
//! both in turn, in milliseconds, on the host and on `gpu:0`.
//!
//! `cargo bench --bench epilogue`, with parts of names after `--` for some of them.

use polyarray::{self as np, Array, DType, Result};
use std::time::Instant;

/// An elementwise consumer of a product and a row.
type Tail = fn(Array, &Array) -> Result<Array>;

const TAILS: [(&str, Tail); 3] = [
    ("bias relu", |p, row| np::maximum(np::add(p, row)?, 0.0)),
    ("scale", |p, _| np::multiply(p, 0.5)),
    ("float16", |p, row| np::astype(np::add(p, row)?, DType::F16)),
];

const SHAPES: [[usize; 3]; 6] =
    [[64, 64, 64], [256, 256, 256], [1024, 1024, 1024], [64, 4096, 64], [4096, 64, 64], [2048, 16, 2048]];

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    println!("{:<36} {:>19} {:>19}", "milliseconds", "one after the other", "together");
    for place in ["host", "gpu:0"] {
        for [m, k, n] in SHAPES {
            for (name, tail) in TAILS {
                let name = format!("{place} {m}x{k}x{n} {name}");
                if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
                    compare(&name, place, [m, k, n], tail)?;
                }
            }
        }
    }
    Ok(())
}

fn compare(name: &str, place: &str, [m, k, n]: [usize; 3], tail: Tail) -> Result<()> {
    let array = |shape: &[usize]| -> Result<Array> {
        let len: usize = shape.iter().product();
        let values: Vec<f32> = (0..len).map(|i| (i * 7919 % 2003) as f32 / 1000.0 - 1.0).collect();
        let x = Array::from_vec(values, shape)?;
        if place == "host" { Ok(x) } else { x.to(place) }
    };
    let (a, b, row) = (array(&[m, k])?, array(&[k, n])?, array(&[n])?);
    // Waits for the whole result, and reads one element.
    let done = |y: Array| -> Result<()> {
        y.eval()?;
        np::sum(y.slice("0, :1")?, ())?.item().map(drop)
    };
    let apart = || {
        let p = np::matmul(&a, &b)?;
        p.eval()?;
        done(tail(p, &row)?)
    };
    let together = || done(tail(np::matmul(&a, &b)?, &row)?);
    let mut times = [vec![], vec![]];
    let begin = Instant::now();
    while times[0].len() < 9 || begin.elapsed().as_secs_f64() < 1.5 {
        for (times, run) in times.iter_mut().zip([&apart as &dyn Fn() -> Result<()>, &together]) {
            let start = Instant::now();
            run()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    // The first rounds compile kernels.
    times.iter_mut().for_each(|times| drop(times.drain(..2)));
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let [[a, b], [c, d]] = times.map(|times| [times[0], times[times.len() / 2]]);
    println!("{name:<36} {a:9.3} {b:9.3} {c:9.3} {d:9.3}   {:.2}", d / b);
    Ok(())
}
