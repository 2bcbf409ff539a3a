//! What whole calls cost on the host: functions written with the public multimethods, evaluated. Minimum, median and
//! mean processor time of several rounds, in milliseconds: `cargo bench -p polyarray-cpu --bench calls`, with parts of names after `--`
//! for some of them.

use polyarray_core::array::Array;
use polyarray_core::numpy::{self as np, axis};
use polyarray_core::{DType, Result};
use polyarray_cpu as _;
use std::time::Instant;

fn report(name: &str, f: &dyn Fn() -> Result<Array>) {
    let mut wanted = std::env::args().skip(1).filter(|a| !a.starts_with('-')).peekable();
    if wanted.peek().is_some() && !wanted.any(|part| name.contains(&part)) {
        return;
    }
    let once = || {
        let start = Instant::now();
        f().and_then(|x| x.eval().map(drop)).expect("it fits");
        start.elapsed()
    };
    once();
    let least = std::env::var("SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(0.3);
    let (begin, used) = (Instant::now(), processor_time());
    let mut times = vec![];
    while times.len() < 7 || begin.elapsed().as_secs_f64() < least {
        times.push(once().as_secs_f64() * 1e3);
    }
    let used = (processor_time() - used) * 1e3 / times.len() as f64;
    times.sort_by(f64::total_cmp);
    println!("{name:<32} {:9.3} {:9.3} {used:9.3}", times[0], times[times.len() / 2]);
}

/// Seconds that this process's threads have run, where Linux counts them: what a busy machine does not distort.
fn processor_time() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = |line: String| line.split(' ').next()?.parse::<f64>().ok();
    tasks.filter_map(|t| nanoseconds(std::fs::read_to_string(t.path().join("schedstat")).ok()?)).sum::<f64>()
        * 1e-9
}

fn data(shape: &[usize], dtype: DType) -> Array {
    let n: usize = shape.iter().product();
    let x: Vec<f32> = (0..n).map(|i| ((i * 7919) % 1009) as f32 * 0.01 - 5.0).collect();
    let x = Array::from_vec(x, shape).and_then(|x| np::astype(&x, dtype)).expect("it fits");
    x.eval().expect("it fits");
    x
}

/// Numbers in no order: in 0..1, half of them 0 if asked for.
fn random(n: usize, sparse: bool) -> Array {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let x: Vec<f32> = (0..n)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            let x = (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f32 / (1 << 24) as f32;
            if sparse && x < 0.5 { 0.0 } else { x }
        })
        .collect();
    Array::from(x)
}

fn softmax(x: &Array) -> Result<Array> {
    let e = np::exp(&np::subtract(x, &np::max(x, axis(-1).keepdims())?)?)?;
    np::divide(&e, &np::sum(&e, axis(-1).keepdims())?)
}

fn layer_norm(x: &Array) -> Result<Array> {
    let d = np::subtract(x, &np::mean(x, axis(-1).keepdims())?)?;
    let v = np::mean(&np::multiply(&d, &d)?, axis(-1).keepdims())?;
    np::divide(&d, &np::sqrt(&np::add(&v, &Array::weak(1e-5.into()))?)?)
}

fn chain(x: &Array, y: &Array) -> Result<Array> {
    let weak = |v: f64| Array::weak(v.into());
    let a = np::add(&np::multiply(x, y)?, x)?;
    let b = np::subtract(&np::multiply(&a, &weak(0.5))?, y)?;
    let c = np::sqrt(&np::add(&np::absolute(&b)?, &weak(1.0))?)?;
    np::maximum(&np::minimum(&np::divide(&c, &weak(3.0))?, &weak(2.0))?, x)
}

fn main() -> Result<()> {
    let n = 16 << 20;
    let [a, b, c] = [0, 1, 2].map(|_| data(&[n], DType::F32));
    report("a*b+c", &|| np::add(&np::multiply(&a, &b)?, &c));
    report("copy", &|| np::negative(&a));
    report("exp", &|| np::exp(&a));
    report("log", &|| np::log(&np::absolute(&a)?));
    report("sin", &|| np::sin(&a));
    report("cos", &|| np::cos(&a));
    report("tanh", &|| np::tanh(&a));
    report("exp(sin x)", &|| np::exp(&np::sin(&a)?));
    report("chain of 10", &|| chain(&a, &b));
    let double = data(&[n / 2], DType::F64);
    report("exp f64 8 Mi", &|| np::exp(&double));
    report("sin f64 8 Mi", &|| np::sin(&double));
    report("tanh f64 8 Mi", &|| np::tanh(&double));
    report("log f64 8 Mi", &|| np::log(&np::absolute(&double)?));
    // Beside NumPy: np.sort(x), np.argsort(x), np.cumsum(x), np.nonzero(x), x[mask].
    let (x, sparse) = (random(n, false), random(n, true));
    report("sort", &|| np::sort(&x, ()));
    report("argsort", &|| np::argsort(&x, ()));
    let rows = x.reshape([65536, 256])?;
    report("sort 65536x256", &|| np::sort(&rows, ()));
    report("argsort 65536x256", &|| np::argsort(&rows, ()));
    report("sort i64", &|| {
        np::sort(&np::astype(&np::multiply(&x, &Array::weak(1e18.into()))?, DType::I64)?, ())
    });
    report("cumulative_sum", &|| np::cumulative_sum(&x, ()));
    report("cumulative_sum columns", &|| np::cumulative_sum(&x.reshape([4096, 4096])?, 0));
    report("nonzero", &|| Ok(np::nonzero(&sparse)?.remove(0)));
    let mask = np::not_equal(&sparse, &Array::weak(0.0.into()))?;
    mask.eval()?;
    report("nonzero mask", &|| Ok(np::nonzero(&mask)?.remove(0)));
    report("select", &|| np::select(&x, &mask));
    let square = data(&[4096, 4096], DType::F32);
    let short = data(&[65536, 256], DType::F32);
    for (name, x) in [("4096x4096", &square), ("65536x256", &short)] {
        report(&format!("softmax {name}"), &|| softmax(x));
        report(&format!("layer-norm {name}"), &|| layer_norm(x));
    }
    report("sum all", &|| np::sum(&square, ()));
    report("sum rows", &|| np::sum(&square, 1));
    report("sum columns", &|| np::sum(&square, 0));
    report("mean all", &|| np::mean(&square, ()));
    report("mean rows", &|| np::mean(&square, 1));
    report("mean columns", &|| np::mean(&square, 0));
    report("max all", &|| np::max(&square, ()));
    report("max rows", &|| np::max(&square, 1));
    report("max columns", &|| np::max(&square, 0));
    report("argmax all", &|| np::argmax(&square, ()));
    report("argmax rows", &|| np::argmax(&square, 1));
    report("argmax columns", &|| np::argmax(&square, 0));
    report("var all", &|| np::var(&square, ()));
    report("var rows", &|| np::var(&square, 1));
    report("var columns", &|| np::var(&square, 0));
    report("copy transposed", &|| np::negative(&square.t()));
    report("a + b.T", &|| np::add(&square, &square.t()));
    for size in [256, 512, 1024, 2048] {
        for dtype in [DType::F32, DType::F64] {
            let (x, y) = (data(&[size, size], dtype), data(&[size, size], dtype));
            report(&format!("matmul {size} {dtype}"), &|| np::matmul(&x, &y));
        }
    }
    let x = data(&[1024, 1024], DType::F32);
    report("matmul 1024 a.T b", &|| np::matmul(&x.t(), &x));
    report("matmul 1024 a b.T", &|| np::matmul(&x, &x.t()));
    let (tall, head) = (data(&[65536, 64], DType::F32), data(&[64, 64], DType::F32));
    report("matmul tall 65536x64x64", &|| np::matmul(&tall, &head));
    report("matmul wide 64x65536x64", &|| np::matmul(&tall.t(), &tall));
    report("matmul 64x64x65536", &|| np::matmul(&head, &tall.t()));
    let narrow = data(&[64, 8192], DType::F32);
    report("matmul 64x64x8192", &|| np::matmul(&head, &narrow));
    report("matmul 64x8192x64", &|| np::matmul(&narrow, &narrow.t()));
    for (batch, size) in [(4096, 16), (1024, 64), (64, 128), (64, 256)] {
        let x = data(&[batch, size, size], DType::F32);
        report(&format!("matmul {batch} of {size}"), &|| np::matmul(&x, &x));
    }
    for size in [256, 1024, 2048] {
        let x = data(&[size, size], DType::I8);
        report(&format!("i8 matmul {size}"), &|| np::matmul_as(&x, &x, DType::I32));
        let x = data(&[size, size], DType::U32);
        report(&format!("bits matmul {size}x{}x{size}", size * 32), &|| np::matmul_bits(&x, &x));
    }
    for dtype in [DType::F16, DType::C64, DType::C128] {
        for size in [64, 512] {
            let x = data(&[size, size], dtype);
            report(&format!("matmul {size} {dtype}"), &|| np::matmul(&x, &x));
        }
    }
    let (v, w) = (data(&[64], DType::F32), data(&[64], DType::F32));
    report("100 tiny", &|| {
        let mut x = v.clone();
        for i in 0..100 {
            x = if i % 2 == 0 { np::add(&x, &w)? } else { np::multiply(&x, &w)? };
        }
        Ok(x)
    });
    report("100 tiny with scalars, each evaluated", &|| {
        let mut x = v.clone();
        for _ in 0..100 {
            x = np::multiply(&x, &Array::weak(1.01.into()))?;
            x.eval()?;
        }
        Ok(x)
    });
    let h = data(&[n], DType::F16);
    report("a*b f16", &|| np::multiply(&h, &h));
    report("sum f16", &|| np::sum(&h, ()));
    report("exp f16", &|| np::exp(&h));
    report("a < 0", &|| np::less(&a, &Array::weak(0.0.into())));
    report("2*a i32", &|| np::multiply(np::astype(&a, DType::I32)?, &Array::weak(2.into())));
    let z = data(&[n / 4], DType::C64);
    report("a*b c64 4 Mi", &|| np::multiply(&z, &z));
    report("100 tiny, each evaluated", &|| {
        let mut x = v.clone();
        for i in 0..100 {
            x = if i % 2 == 0 { np::add(&x, &w)? } else { np::multiply(&x, &w)? };
            x.eval()?;
        }
        Ok(x)
    });
    Ok(())
}
