//! Loops keep flat memory: thousands of steps of each family of methods hold no more at their end than at their beginning,
//! by the pools' statistics and by the process's resident size.
//!
//! One test, and nothing else in its process.

use polyarray::random::Generator;
use polyarray::{self as np, Array, DType, Result, fft, linalg, s};
use polyarray_gpu::GpuBackend;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Steps of a loop, and when it may end before that.
const STEPS: usize = 10_000;
const LONGEST: Duration = Duration::from_secs(3);
/// At least so many, however long they take.
const LEAST: usize = 1000;
/// Resident bytes that a loop may add for each step: half a small allocation. What allocators and drivers keep apart from
/// that is bounded.
const EACH: usize = 64;
const KEPT: usize = 3 << 20;

/// A family: what a step does on arrays of so many elements.
type Step = fn(&Place, usize) -> Result<()>;

/// What steps use.
struct Place {
    name: &'static str,
    x: Array,
    matrix: Array,
    file: std::path::PathBuf,
}

const FAMILIES: [(&str, Step); 14] = [
    ("elementwise", |p, n| {
        let x = p.x.slice(s![..n])?;
        read(np::exp(np::sin(&x)? * 0.5 + np::sqrt(np::absolute(&x)?)?)?)
    }),
    ("reductions", |p, n| {
        let x = p.x.slice(s![..n])?;
        read(np::sum(&x, ())? + np::max(&x, ())? + np::var(&x, ())?)
    }),
    ("scans", |p, n| read(np::cumulative_sum(p.x.slice(s![..n])?, ())?)),
    ("sorting", |p, n| {
        let x = p.x.slice(s![..n])?;
        read(np::sort(&x, ())?)?;
        read(np::argsort(&x, ())?)
    }),
    ("searching", |p, n| {
        let x = p.x.slice(s![..n])?;
        read(np::argmax(&x, ())?)?;
        np::nonzero(np::greater(&x, 0.0)?)?.into_iter().try_for_each(read)?;
        read(np::searchsorted(np::linspace(-1.0, 1.0, 33, on(p))?, &x, np::Side::Left)?)
    }),
    ("indexing and assignment", |p, n| {
        let mut y = p.x.slice(s![..n])? * 1.0;
        y.assign("::3", 1.0)?;
        y.assign("1::3", p.x.slice(s![1..n;3])?)?;
        read(np::take(&y, np::arange(3, np::device(p.name))?, 0)?)
    }),
    ("sets", |p, n| {
        let x = np::floor(p.x.slice(s![..n])? * 50.0)?;
        read(np::unique_values(&x)?)?;
        read(np::isin(&x, x.slice(s![..10])?, false)?)
    }),
    ("statistics", |p, n| {
        let x = p.x.slice(s![..n])?;
        read(np::median(&x, ())?)?;
        read(np::histogram(&x, (16, -1.0, 1.0))?.0)
    }),
    ("random", |p, n| {
        let mut rng = Generator::new(n as u64).device(p.name)?.dtype(DType::F32);
        read(rng.standard_normal(n)?)?;
        read(rng.integers(0, 10, n)?)
    }),
    ("products", |p, n| {
        read(np::matmul(&p.matrix, &p.matrix)?)?;
        let x = p.x.slice(s![..n])?;
        read(np::einsum("i,i->", &[&x, &x])?)
    }),
    ("linalg", |p, _| {
        read(linalg::solve(&p.matrix, &p.matrix)?)?;
        read(linalg::qr(&p.matrix, ())?.1)
    }),
    ("fft", |p, n| read(np::absolute(fft::fft(p.x.slice(s![..n])?, ())?)?)),
    ("files", |p, n| {
        let other = |e| np::Error::Other(Arc::new(e));
        np::files::save(&p.file, &p.x.slice(s![..n])?).map_err(other)?;
        read(np::files::load(&p.file).map_err(other)?)
    }),
    ("copies between host and device", |p, n| {
        let host = (p.x.slice(s![..n])? * 2.0).to("host")?;
        read(host.to(p.name)? + 1.0)
    }),
];

fn on(p: &Place) -> np::Create {
    np::dtype(DType::F32).device(p.name)
}

/// Computes all of it, and copies one element to the host.
fn read(x: Array) -> Result<()> {
    x.eval()?;
    if !x.is_empty() {
        np::reshape(&x, -1)?.slice(s![..1])?.to("host")?.eval()?;
    }
    Ok(())
}

/// The resident bytes of this process; none where the system has no such file.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// What is held: on the host, on the device, and by the process.
fn held() -> [usize; 3] {
    let device = GpuBackend::open(0).unwrap().device().pool_stats().in_use as usize;
    [np::host_memory().live, device, resident().unwrap_or(0)]
}

fn run(p: &Place, name: &str, step: Step) -> std::result::Result<(), String> {
    let steps = |from: usize, count: usize| -> std::result::Result<usize, String> {
        let start = Instant::now();
        for i in from..from + count {
            // A few lengths, so that pools and caches meet others than their last one.
            step(p, 1000 + 100 * (i % 5)).map_err(|e| format!("{name} on {}: {e}", p.name))?;
            if i - from + 1 >= LEAST && start.elapsed() > LONGEST {
                return Ok(i - from + 1);
            }
        }
        Ok(count)
    };
    // Kernels are compiled, and pools filled.
    steps(0, LEAST / 4)?;
    let before = held();
    let done = steps(0, STEPS)?;
    let after = held();
    println!("{name} on {}: {done} steps, resident {} to {} KiB", p.name, before[2] >> 10, after[2] >> 10);
    if after[..2] != before[..2] {
        return Err(format!("{name} on {}: arrays hold {after:?} bytes, before {before:?}", p.name));
    }
    if after[2] > before[2] + KEPT + EACH * done {
        return Err(format!(
            "{name} on {}: {} bytes resident after {done} steps, before {}",
            p.name, after[2], before[2]
        ));
    }
    Ok(())
}

#[test]
fn loops_keep_flat_memory() {
    let file = std::env::temp_dir().join(format!("polyarray-memory-{}.npy", std::process::id()));
    let failures: Vec<String> = ["host", "gpu:0"]
        .into_iter()
        .flat_map(|name| {
            let mut rng = Generator::new(1).device(name).unwrap().dtype(DType::F32);
            let place = Place {
                name,
                x: rng.standard_normal(1500).unwrap(),
                matrix: rng.standard_normal([16, 16]).unwrap(),
                file: file.clone(),
            };
            place.x.eval().unwrap();
            place.matrix.eval().unwrap();
            let ran = FAMILIES.iter().filter_map(|&(name, step)| run(&place, name, step).err());
            ran.collect::<Vec<_>>()
        })
        .collect();
    let _ = std::fs::remove_file(&file);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
