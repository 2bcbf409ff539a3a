//! A tour: `cargo run --example tour`, or `cargo xtask demo`, which installs a software adapter where there is no GPU.
//!
//! One function runs on the host and on the GPU; [`np::explain`] shows how, [`np::determine_backend`] where. A call whose
//! arguments live in two places is refused, and copies them once a scope allows that. Last, both sides are timed.
//! With `--check` the tour only finds out whether there is a GPU.
use polyarray::dispatch::Argument;
use polyarray::{self as np, Array, DType, Result};
use std::time::Instant;

/// The mean of each row of log(1 + eˣ). It names no backend: it runs where `x` lives.
fn softplus_mean(x: &Array) -> Result<Array> {
    let y = np::log(&(np::exp(x)? + 1.0))?;
    np::mean(&y, -1)
}

fn main() -> Result<()> {
    let on_host = ramp(12)?.reshape([3, 4])?;
    let on_gpu = on_host.to("gpu")?;
    if std::env::args().any(|argument| argument == "--check") {
        return Ok(());
    }

    println!("# One function runs where the data lives");
    for x in [&on_host, &on_gpu] {
        let (result, how) = np::explain(|| softplus_mean(x)?.eval().cloned());
        println!("\non {}: {}\n{how}", x.residency(), result?);
    }

    println!("\n# Which backend do arguments select?\n");
    for x in [&on_host, &on_gpu] {
        let found = np::determine_backend(&[x as &dyn Argument], "numpy", false)?;
        println!("an array on {}: {}", x.residency(), found.instance);
    }

    println!("\n# Arguments in two places are refused: nothing is copied behind your back\n");
    let refused = np::add(&on_host, &on_gpu).expect_err("no scope allows copies");
    println!("{refused}");
    println!("\n# ... and copied where a scope allows it: `scope!(np::gpu, coerce)`\n");
    // An array that is on the GPU already, as `on_host` is, is not copied again.
    let fresh = ramp(12)?.reshape([3, 4])?;
    let (sum, how) = np::explain(|| {
        np::scope!(np::gpu, coerce);
        np::add(&fresh, &on_gpu)
    });
    println!("{how}\nthe sum is on {}", sum?.residency());

    println!("\n# Which side is faster? (milliseconds; results are compared first)\n");
    println!("{:32}{:>10}{:>10}{:>17}", "", "host", "GPU", "GPU with copies");
    for n in [1 << 10, 1 << 16, 1 << 22] {
        race(&format!("softplus_mean, {n} elements"), &ramp(n)?.reshape([-1, 64])?, softplus_mean)?;
    }
    for n in [32, 128, 512] {
        let x = ramp(n * n)?.reshape([n as isize, n as isize])?;
        race(&format!("matmul, {n} x {n}"), &x, |x| np::matmul(x, x))?;
    }
    Ok(())
}

/// `n` numbers from -3 to 3, on the host.
fn ramp(n: usize) -> Result<Array> {
    np::linspace(-3.0, 3.0, n, np::dtype(DType::F32).device("host"))
}

/// Compares the results of both sides, then times them: with the data there already, and from host memory to host memory.
fn race(name: &str, x: &Array, work: impl Fn(&Array) -> Result<Array>) -> Result<()> {
    let (there, values) = (x.to("gpu")?, x.to_vec::<f32>()?);
    let (host, gpu) = (work(x)?, work(&there)?);
    np::testing::assert_allclose(&gpu, &host, np::testing::Tolerance { absolute: 1e-2, relative: 1e-5 });
    let on_host = fastest(|| work(x)?.eval().map(drop))?;
    // Reading one element waits for all of them.
    let resident = fastest(|| work(&there)?.eval()?.reshape([-1])?.get(&[0]).map(drop))?;
    // A new array each time, as the copy of one is kept for its next use.
    let copying = fastest(|| {
        let there = Array::from_vec(values.clone(), x.shape())?.to("gpu")?;
        work(&there)?.to_vec::<f32>().map(drop)
    })?;
    let winner = if on_host < resident {
        "host"
    } else if on_host < copying {
        "GPU, without copies"
    } else {
        "GPU"
    };
    println!("{name:32}{on_host:>10.3}{resident:>10.3}{copying:>17.3}  {winner}");
    Ok(())
}

/// Milliseconds of the fastest of five runs.
fn fastest(run: impl Fn() -> Result<()>) -> Result<f64> {
    let mut fastest = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        run()?;
        fastest = fastest.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(fastest)
}
