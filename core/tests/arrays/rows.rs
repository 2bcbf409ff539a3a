//! Kernels that go on with reductions of what they compute. The naive backend takes rows of up to 16.

use polyarray_core::array::trace::KERNELS;
use polyarray_core::dispatch::explain;
use polyarray_core::{Array, Result, numpy as np};

/// Small floats that differ from row to row.
fn matrix(rows: usize, row: usize) -> Array {
    let x: Vec<f64> = (0..rows * row).map(|i| (i * 29 % 17) as f64 / 4.0 - 1.5).collect();
    Array::from_vec(x, &[rows, row]).unwrap()
}

fn softmax(x: &Array, axis: isize) -> Result<Array> {
    let e = np::exp(x - np::max(x, np::axis(axis).keepdims())?)?;
    Ok(&e / np::sum(&e, np::axis(axis).keepdims())?)
}

/// Elements and kernels of what is made.
#[track_caller]
fn made(make: impl FnOnce() -> Result<Array>) -> (Vec<f64>, u64, String) {
    let (out, how) = explain(|| make().unwrap().to_vec::<f64>().unwrap());
    (out, how.counters[KERNELS], how.to_string())
}

#[track_caller]
fn near(got: &[f64], want: impl Iterator<Item = f64>) {
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 1e-13 * want.abs().max(1.0), "{i}: {got}, want {want}");
    }
}

fn rows_of(x: &Array) -> Vec<Vec<f64>> {
    let row = *x.shape().last().unwrap();
    x.to_vec::<f64>().unwrap().chunks(row).map(<[f64]>::to_vec).collect()
}

fn softmax_of(row: &[f64]) -> Vec<f64> {
    let most = row.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let e: Vec<f64> = row.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

#[test]
fn softmax_is_one_kernel_where_rows_are_short_enough() {
    for (row, kernels) in [(2, 1), (16, 1), (17, 4)] {
        let x = matrix(5, row);
        let (got, run, how) = made(|| softmax(&x, -1));
        near(&got, rows_of(&x).iter().flat_map(|row| softmax_of(row)));
        assert_eq!(run, kernels, "rows of {row}: {how}");
        assert_eq!(how.contains("max subtract exp sum divide"), kernels == 1, "{how}");
    }
    // All elements are one row; a single one is not worth it.
    let x = matrix(4, 3);
    let all = || {
        let e = np::exp(&x - np::max(&x, ())?)?;
        Ok(&e / np::sum(&e, ())?)
    };
    let (got, run, how) = made(all);
    near(&got, softmax_of(&x.to_vec::<f64>().unwrap()).into_iter());
    assert_eq!(run, 1, "{how}");
    assert_eq!(made(|| softmax(&matrix(5, 1), -1)).0, [1.0; 5]);
}

#[test]
fn what_is_made_of_a_reduction_goes_along() {
    let (x, gain) = (matrix(6, 8), matrix(1, 8));
    // Mean, variance, root: values of rows, the mean twice; and a vector along them.
    let normal = || {
        let mean = np::sum(&x, np::axis(-1).keepdims())? / 8.0;
        let far = &x - &mean;
        let var = np::sum(&far * &far, np::axis(-1).keepdims())? / 8.0;
        Ok(&far / np::sqrt(var + 1e-3)? * &gain)
    };
    let (got, run, how) = made(normal);
    assert_eq!(run, 1, "{how}");
    let gain = gain.to_vec::<f64>().unwrap();
    let want = rows_of(&x).into_iter().flat_map(|row| {
        let mean = row.iter().sum::<f64>() / 8.0;
        let var = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 8.0;
        let gain = gain.clone();
        row.into_iter().zip(gain).map(move |(x, gain)| (x - mean) / (var + 1e-3).sqrt() * gain)
    });
    near(&got, want);
    // Without keepdims, brought back by a view; weights of rows that were there before.
    let weights = Array::from_vec((0..6).map(f64::from).collect::<Vec<_>>(), &[6, 1]).unwrap();
    let (got, run, how) = made(|| {
        let sum = np::sum(&x, -1)?.reshape([6, 1])?;
        Ok(&x - sum * &weights)
    });
    assert_eq!(run, 1, "{how}");
    let want = rows_of(&x).into_iter().enumerate().flat_map(|(i, row)| {
        let sum: f64 = row.iter().sum();
        row.into_iter().map(move |x| x - sum * i as f64)
    });
    near(&got, want);
}

#[test]
fn reductions_end_in_reductions() {
    let x = matrix(3, 10);
    // log(sum(exp(x - max))) + max: the result is one for each row, the maximum within.
    let (got, run, how) = made(|| {
        let most = np::max(&x, np::axis(-1).keepdims())?;
        np::sum(np::exp(&x - most)?, -1)
    });
    assert_eq!(run, 1, "{how}");
    let want = rows_of(&x).into_iter().map(|row| {
        let most = row.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        row.iter().map(|x| (x - most).exp()).sum::<f64>()
    });
    near(&got, want);
    // Axes in the middle are reduced by a reduction over the same ones, but nothing is stored across them.
    let cube = matrix(4, 6).reshape([2, 4, 3]).unwrap();
    let (got, run, how) = made(|| {
        let most = np::max(&cube, np::axis(1).keepdims())?;
        np::sum(&cube - most, 1)
    });
    assert!(run <= 2, "{how}");
    let at = |i: usize, j: usize, k: usize| cube.to_vec::<f64>().unwrap()[(i * 4 + j) * 3 + k];
    let want = (0..6).map(|o| {
        let column: Vec<f64> = (0..4).map(|j| at(o / 3, j, o % 3)).collect();
        let most = column.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        column.iter().map(|x| x - most).sum::<f64>()
    });
    near(&got, want);
}

#[test]
fn one_kernel_has_rows_of_one_kind() {
    // The maximum of all goes over what comes from sums of rows.
    let x = matrix(3, 5);
    let (got, run, how) = made(|| {
        let far = &x - np::sum(&x, np::axis(-1).keepdims())?;
        Ok(np::max(&far, ())? * &far)
    });
    assert!(run > 1, "{how}");
    let far: Vec<f64> = rows_of(&x)
        .into_iter()
        .flat_map(|row| {
            let sum: f64 = row.iter().sum();
            row.into_iter().map(move |x| x - sum)
        })
        .collect();
    let most = far.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    near(&got, far.iter().map(|x| x * most));
}

#[test]
fn columns_and_what_others_use_stay_apart() {
    let x = matrix(8, 6);
    let (got, run, how) = made(|| softmax(&x, 0));
    assert_eq!(run, 4, "what is stored lies across the rows: {how}");
    let turned = x.permute([1, 0]).unwrap();
    let want: Vec<Vec<f64>> = rows_of(&np::astype(&turned, polyarray_core::DType::F64).unwrap())
        .iter()
        .map(|row| softmax_of(row))
        .collect();
    near(&got, (0..48).map(|i| want[i % 6][i / 6]));
    // Read across its rows, each would be gathered several times.
    let (got, run, how) = made(|| softmax(&turned, -1));
    assert!(run > 1, "{how}");
    near(&got, want.into_iter().flatten());
    // A sum that something else was recorded on is computed once, on its own.
    let (out, how) = explain(|| {
        let sum = np::sum(&x, np::axis(-1).keepdims()).unwrap();
        let (part, more) = (&x / &sum, &sum + 1.0);
        part.eval().unwrap();
        assert!(!sum.is_pending(), "it has two users");
        more.to_vec::<f64>().unwrap()
    });
    assert_eq!(how.counters[KERNELS], 3, "{how}");
    near(&out, rows_of(&x).iter().map(|row| row.iter().sum::<f64>() + 1.0));
    // Positions are computed on their own.
    let (_, run, how) = made(|| Ok(&x * np::argmax(&x, np::axis(-1).keepdims())?));
    assert_eq!(run, 2, "{how}");
}

#[test]
fn what_is_not_read_anyway_stays_apart_and_what_is_held_is_kept() {
    let (x, b) = (matrix(6, 8), matrix(6, 8) + 1.0);
    b.eval().unwrap();
    // Nothing of the quotients is read by the sum: it is computed once, for all of them.
    let (_, how) = explain(|| {
        let sum = np::sum(np::exp(&x).unwrap(), np::axis(-1).keepdims()).unwrap();
        for i in 0..3 {
            (&b * f64::from(i) / &sum).eval().unwrap();
        }
    });
    assert_eq!(how.counters[KERNELS], 4, "{how}");
    // Gone on with once, asked for again by whoever holds it: computed on its own, and kept; the mean, too.
    let (sums, how) = explain(|| {
        let sum = np::sum(&x, np::axis(-1).keepdims()).unwrap();
        let mean = &sum / 8.0;
        for i in 0..4 {
            (&x * f64::from(i) - &mean).eval().unwrap();
        }
        sum.to_vec::<f64>().unwrap()
    });
    assert_eq!(how.counters[KERNELS], 6, "{how}");
    near(&sums, rows_of(&x).iter().map(|row| row.iter().sum::<f64>()));
    // Two reductions of one array that the rest does not read.
    let (got, run, how) = made(|| {
        let (sum, most) = (np::sum(&x, np::axis(-1).keepdims())?, np::max(&x, np::axis(-1).keepdims())?);
        Ok(&b * sum - most)
    });
    assert_eq!(run, 3, "{how}");
    let want = rows_of(&x).into_iter().zip(rows_of(&b)).flat_map(|(x, b)| {
        let (sum, most) = (x.iter().sum::<f64>(), x.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b)));
        b.into_iter().map(move |b| b * sum - most)
    });
    near(&got, want);
}

/// On a small stack.
fn deep(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_is_made_of_rows_counts_too() {
    // More scalars than a byte numbers, if all went into one kernel.
    let x = matrix(5, 8);
    let (sums, scalars) = (12, 30);
    let (got, ..) = made(|| {
        let mut total = np::add(&x, 0.0)?;
        for k in 0..sums {
            let mut sum = np::sum(&x * (1.0 + f64::from(k)), -1)?;
            for j in 0..scalars {
                sum += f64::from(k * scalars + j);
            }
            total += sum.expand_dims(-1)?;
        }
        Ok(total)
    });
    let (factor, more) = ((1..=sums).sum::<i32>(), (0..sums * scalars).sum::<i32>());
    let want = rows_of(&x).into_iter().flat_map(|row| {
        let sum = row.iter().sum::<f64>() * f64::from(factor) + f64::from(more);
        row.into_iter().map(move |x| x + sum)
    });
    near(&got, want);
    // Many steps for each row before each of many reductions, through views that nothing counts.
    deep(|| {
        let x = matrix(3, 4);
        let mut row = np::sum(&x, -1).unwrap();
        let mut want: Vec<f64> = rows_of(&x).iter().map(|row| row.iter().sum()).collect();
        for _ in 0..47 {
            for _ in 0..30 {
                row = np::sin(&row).unwrap();
            }
            row = np::sum(&x - row.expand_dims(-1).unwrap(), -1).unwrap();
            for (want, x) in want.iter_mut().zip(rows_of(&x)) {
                let sin = (0..30).fold(*want, |y, _| y.sin());
                *want = x.iter().map(|x| x - sin).sum();
            }
        }
        near(&row.to_vec::<f64>().unwrap(), want.into_iter());
    });
    // Elementwise operations seen through views of their own shape.
    deep(|| {
        let mut x = matrix(5, 8);
        for _ in 0..3000 {
            x = (x + 1.0).reshape([8, 5]).unwrap().reshape([5, 8]).unwrap();
        }
        near(
            &x.to_vec::<f64>().unwrap(),
            matrix(5, 8).to_vec::<f64>().unwrap().into_iter().map(|x| x + 3000.0),
        );
    });
}

#[test]
fn rows_are_bounded_like_other_kernels() {
    // Each step goes on with a reduction of the last one: kernels end somewhere, and the stack does not.
    deep(|| {
        let (mut x, mut want) = (matrix(1, 4), matrix(1, 4).to_vec::<f64>().unwrap());
        for _ in 0..2000 {
            x = &x / (np::sum(&x * &x, np::axis(-1).keepdims()).unwrap() + 1.0);
            let sum = want.iter().map(|x| x * x).sum::<f64>() + 1.0;
            want.iter_mut().for_each(|x| *x /= sum);
        }
        near(&x.to_vec::<f64>().unwrap(), want.into_iter());
    });
    // Seven inputs and three reductions are more than the naive backend's seven inputs: it would fail.
    let xs: Vec<Array> = (0..7).map(|i| matrix(2, 5) + f64::from(i)).collect();
    for x in &xs {
        x.eval().unwrap();
    }
    let (got, ..) = made(|| {
        let total = xs[1..].iter().fold(xs[0].clone(), |a, b| a + b);
        let (most, least) =
            (np::max(&total, np::axis(-1).keepdims())?, np::min(&total, np::axis(-1).keepdims())?);
        Ok((&total - &least) / (most - least))
    });
    assert!(got.iter().all(|x| (0.0..=1.0).contains(x)) && got.contains(&0.0) && got.contains(&1.0));
}
