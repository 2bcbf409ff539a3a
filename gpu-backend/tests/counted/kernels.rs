//! How many compiled kernels are kept.

use polyarray_core::{Array, Result, numpy as np};

use crate::alone;

/// An expression of its own structure for each number.
fn expression(x: &Array, number: usize) -> Result<Array> {
    let (mut y, mut left) = (x.clone(), number);
    for _ in 0..5 {
        y = match left % 5 {
            0 => np::add(&y, x)?,
            1 => np::multiply(&y, x)?,
            2 => np::maximum(&y, x)?,
            3 => np::subtract(&y, x)?,
            _ => np::minimum(&y, x)?,
        };
        left /= 5;
    }
    np::sin(&y)
}

/// Resident bytes of this process.
#[cfg(target_os = "linux")]
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    1024.0 * line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn ever_new_expressions_keep_no_more_kernels_and_no_more_memory() {
    let (_guard, gpu) = alone();
    let x = Array::from(vec![1.0_f32; 100]).to("gpu:0").unwrap();
    let run = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let y = expression(&x, number).unwrap().to_vec::<f32>().unwrap();
            assert!((y[99].abs()) <= 1.0, "{number}: {}", y[99]);
        }
    };
    let most = 16;
    gpu.set_kernel_limit(most);
    let before = gpu.kernel_stats();
    let start = resident();
    run(0..60);
    let (middle, between) = (resident(), gpu.kernel_stats());
    run(60..200);
    let (end, after) = (resident(), gpu.kernel_stats());
    // Used again and again, a kernel stays whatever else comes.
    run(200..201);
    let compiled = gpu.kernel_stats().compiled;
    for number in 201..240 {
        run(number..number + 1);
        run(200..201);
    }
    let again = gpu.kernel_stats().compiled - compiled;
    gpu.set_kernel_limit(512);
    assert!(after.kept <= most && between.kept <= most, "{after:?}");
    assert_eq!(after.compiled - before.compiled, 200);
    assert!(after.let_go - before.let_go >= 200 - most && after.bytes < 2 * between.bytes, "{after:?}");
    assert_eq!(again, 39, "the kernel that is used is kept");
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    let (first, second) = (mib(middle - start), mib(end - middle));
    assert!(second < 6.0 + first / 4.0, "60 expressions: {first:.1} MiB, 140 more: {second:.1} MiB");
}
