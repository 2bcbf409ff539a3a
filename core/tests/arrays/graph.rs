//! Recording, fusing, evaluating, letting go.

use super::naive::{FAR, alone};
use polyarray_core::array::trace::KERNELS;
use polyarray_core::dispatch::explain;
use polyarray_core::{Array, DType, Error, numpy as np};

fn ramp(n: usize) -> Array {
    Array::from((0..n).map(|i| i as f32).collect::<Vec<_>>())
}

#[test]
fn a_chain_is_one_kernel_and_no_temporary() {
    let (a, b, c) = (ramp(5), ramp(5), ramp(5));
    let (out, how) = explain(|| (&a * &b + &c).to_vec::<f32>().unwrap());
    assert_eq!(out, [0.0, 2.0, 6.0, 12.0, 20.0]);
    assert_eq!(how.counters[KERNELS], 1, "{how}");
    assert!(
        how.to_string().contains("kernel on host: multiply add (5 elements, 3 inputs of 60 bytes"),
        "{how}"
    );
}

#[test]
fn what_two_kernels_use_is_computed_once() {
    let x = ramp(4);
    let (_, how) = explain(|| {
        let t = np::exp(&x).unwrap();
        let u = &t + 1.0f32;
        let v = &t * 2.0f32;
        u.eval().unwrap();
        assert!(!t.is_pending(), "t has two consumers, so it was computed on its own");
        v.eval().unwrap();
    });
    assert_eq!(how.counters[KERNELS], 3, "{how}");
    // Inside one kernel it is computed once by sharing the value.
    let (_, how) = explain(|| {
        let t = np::exp(&x).unwrap();
        (&t + &t * 2.0f32).eval().unwrap();
        assert!(t.is_pending());
    });
    assert_eq!(how.counters[KERNELS], 1, "{how}");
    assert!(how.to_string().contains("exp multiply add"), "{how}");
}

#[test]
fn reductions_fuse_what_comes_before_them_over_any_axes() {
    let x = Array::from((0..24).collect::<Vec<i32>>()).reshape([2, 3, 4]).unwrap();
    let (s, how) = explain(|| np::sum(&x * 2, [0, 2]).unwrap().to_vec::<i64>().unwrap());
    assert_eq!(s, [120, 184, 248]);
    assert_eq!(how.counters[KERNELS], 1, "{how}");
    // Broadcasts inside a reduction's prologue.
    let w = Array::from(vec![1i64, 10, 100]).reshape([3, 1]).unwrap();
    assert_eq!(np::sum(&x * &w, ()).unwrap().item().unwrap().to_f64(), 60.0 + 92.0 * 10.0 + 124.0 * 100.0);
    assert_eq!(np::argmax(&x.flip([2]).unwrap(), 2).unwrap().to_vec::<i64>().unwrap(), [0; 6]);
    assert_eq!(np::argmin(&x, ()).unwrap().item().unwrap(), polyarray_core::Scalar::I64(0));
}

#[test]
fn long_chains_neither_overflow_nor_grow_one_kernel() {
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(|| {
            let mut x = ramp(2);
            for _ in 0..30_000 {
                x += 1.0f32;
            }
            assert_eq!(x.to_vec::<f32>().unwrap(), [30_000.0, 30_001.0]);
            // Dropped unevaluated, too.
            let mut y = ramp(2);
            for _ in 0..100_000 {
                y = &y * 1.0f32;
            }
            drop(y);
        })
        .unwrap()
        .join()
        .unwrap();
    // Counted by a listener of this thread: what other tests run beside it does not count.
    let ((), how) = explain(|| {
        let mut x = ramp(2);
        for _ in 0..480 {
            x += 1.0f32;
        }
        x.eval().unwrap();
    });
    let kernels = how.counters[KERNELS];
    assert!((10..=12).contains(&kernels), "480 operations in {kernels} kernels of at most 48");
    // Doubling grows as a tree: it must be cut, too.
    let mut x = ramp(2);
    for _ in 0..64 {
        x = &x + &x;
    }
    assert_eq!(x.to_vec::<f32>().unwrap()[1], 2f32.powi(64));
}

#[test]
fn kernels_stay_within_the_backends_inputs() {
    // The naive backend asserts that there are at most seven.
    let parts: Vec<Array> = (0..40).map(|i| &ramp(3) + i as f32).collect();
    let sum = parts.iter().cloned().reduce(|a, b| a + b).unwrap();
    assert_eq!(sum.to_vec::<f32>().unwrap(), [780.0, 820.0, 860.0]);
    let leaves: Vec<Array> = (0..20).map(|_| ramp(3)).collect();
    let sum = leaves.iter().cloned().reduce(|a, b| a + b).unwrap();
    assert_eq!(sum.to_vec::<f32>().unwrap(), [0.0, 20.0, 40.0]);
}

#[test]
fn an_input_counts_once_however_often_it_is_used() {
    let (a, b, c) = (ramp(5), ramp(5), ramp(5));
    let (out, how) = explain(|| {
        let mut t = a.clone();
        for _ in 0..20 {
            t = &t * &b + &c;
        }
        t.to_vec::<f32>().unwrap()
    });
    let step = |t: f32, x: f32| t * x + x;
    let want: Vec<f32> = (0..5).map(|i| (0..20).fold(i as f32, |t, _| step(t, i as f32))).collect();
    assert_eq!(out, want);
    assert_eq!(how.counters[KERNELS], 1, "40 operations of three arrays are one kernel\n{how}");
    assert!(how.to_string().contains("3 inputs of 60 bytes"), "{how}");

    // Seen in five ways it is five.
    let table = ramp(16).reshape([4, 4]).unwrap();
    let (_, how) = explain(|| {
        let mut t = np::exp(&table).unwrap();
        for k in 0..9 {
            t = &t + &table.slice(&*format!("{}", k % 2)).unwrap();
            t = &t + &table.slice(&*format!(":,{}", k % 2)).unwrap();
        }
        t.eval().unwrap();
    });
    assert_eq!(how.counters[KERNELS], 1, "{how}");
    assert!(how.to_string().contains("5 inputs of 320 bytes"), "{how}");
}

#[test]
fn operands_that_get_other_users_later_do_not_pass_the_backends_inputs() {
    let (a, b) = (ramp(5), ramp(5));
    let values = || (0..5).map(|i| i as f32);
    let made: Vec<Array> = (0..12).map(|k| &a * (k as f32) + &b).collect();
    let mut sum = &made[0] + &made[1];
    for t in &made[2..] {
        sum = &sum + t;
    }
    // Of two inputs, when they were recorded; now every term is one.
    let others: Vec<Array> = made.iter().map(|t| t * 2.0f32).collect();
    let (_, how) = explain(|| sum.eval().unwrap());
    assert_eq!(sum.to_vec::<f32>().unwrap(), values().map(|x| 66.0 * x + 12.0 * x).collect::<Vec<_>>());
    for (k, other) in others.iter().enumerate() {
        let want: Vec<f32> = values().map(|x| (x * k as f32 + x) * 2.0).collect();
        assert_eq!(other.to_vec::<f32>().unwrap(), want);
    }
    assert!(how.counters[KERNELS] >= 14, "twelve terms, and their sum in two\n{how}");
}

#[test]
fn operands_that_got_values_later_do_not_cut_at_every_operation() {
    let (a, b) = (ramp(5), ramp(5));
    let terms: Vec<Array> = (0..30).map(|k| &a * (k as f32) + &b).collect();
    let sum = terms[1..].iter().fold(terms[0].clone(), |sum, t| &sum + t);
    terms.iter().for_each(|t| drop(t.to_vec::<f32>().unwrap()));
    let (_, how) = explain(|| sum.eval().unwrap());
    assert_eq!(sum.to_vec::<f32>().unwrap(), (0..5).map(|i| (435 * i + 30 * i) as f32).collect::<Vec<_>>());
    assert!(how.counters[KERNELS] <= 6, "29 additions, six to a kernel\n{how}");
}

/// Only the position is read: the velocity is computed in passing, and a step later from the one before.
#[test]
fn a_state_that_is_held_is_not_computed_from_its_beginning_in_every_step() {
    let (mut x, mut v, a) = (ramp(5), ramp(5), ramp(5));
    let (mut xs, mut vs) = (x.to_vec::<f32>().unwrap(), v.to_vec::<f32>().unwrap());
    for step in 0..30 {
        v = &v + &a * 0.5;
        x = &x + &v * 0.25;
        let (_, how) = explain(|| x.eval().unwrap());
        for (i, (x, v)) in xs.iter_mut().zip(&mut vs).enumerate() {
            *v += i as f32 * 0.5;
            *x += *v * 0.25;
        }
        assert_eq!(x.to_vec::<f32>().unwrap(), xs, "step {step}");
        let operations = how.to_string().matches("add").count();
        assert!(operations <= 4 && how.counters[KERNELS] <= 2, "step {step}\n{how}");
    }
    assert_eq!(v.to_vec::<f32>().unwrap(), vs);
}

/// What is read twice is computed in passing once, then kept; numbers from nothing need no keeping.
#[test]
fn what_is_held_is_kept_the_second_time() {
    let (x, y) = (ramp(6), ramp(6));
    let held = &x * &y;
    let kernels = |consumer: Array| explain(|| consumer.eval().unwrap()).1.counters[KERNELS];
    assert_eq!(kernels(&held + 1.0), 1);
    assert_eq!(kernels(&held + 2.0), 2);
    assert_eq!(kernels(&held + 3.0), 1);
    assert!(!held.is_pending());
    let count = np::range(0.0, 6.0, 1.0, DType::F32).unwrap();
    (0..3).for_each(|k| assert_eq!(kernels(&count + k as f32), 1));
}

#[test]
fn a_full_memory_is_not_remembered_and_a_lost_device_is() {
    let _turn = alone();
    let x = ramp(3).to("far:1").unwrap();
    let y = &x + 1.0f32;
    *FAR[1].fault.lock() =
        Some(Error::OutOfMemory { place: "far:1".into(), bytes: 12, detail: "test".into() });
    assert!(matches!(y.eval(), Err(Error::OutOfMemory { .. })));
    // A limit may be raised.
    *FAR[1].fault.lock() = Some(Error::TooLarge { place: "far:1".into(), bytes: 12, detail: "test".into() });
    assert!(matches!(y.eval(), Err(Error::TooLarge { .. })));
    assert_eq!(y.to_vec::<f32>().unwrap(), [1.0, 2.0, 3.0]);
    let z = &x + 2.0f32;
    *FAR[1].fault.lock() = Some(Error::DeviceLost { device: "far:1".into(), reason: "test".into() });
    assert!(matches!(z.eval(), Err(Error::DeviceLost { .. })));
    assert!(matches!(z.to_vec::<f32>(), Err(Error::DeviceLost { .. })));
    assert!(z.to_string().contains("far:1 was lost"), "{z}");
    assert_eq!(format!("{z:?}"), "Array([3], float32, far:1, pending)");
}

#[test]
fn a_reduction_of_much_does_not_keep_it() {
    let big = Array::from(vec![1.0f32; 9 << 20]);
    // 36 MiB would stay alive for four bytes: evaluated as it is recorded.
    assert!(!np::any(&big.slice("::65536").unwrap(), ()).unwrap().is_pending());
    assert!(np::sum(&ramp(100), ()).unwrap().is_pending());
}

#[test]
fn a_scalar_takes_the_dtype_it_meets_and_stays_a_parameter() {
    let x = ramp(3);
    let s = Array::from(2.0);
    assert_eq!(s.to_vec::<f64>().unwrap(), [2.0]);
    assert_eq!((&x * &s).dtype(), DType::F32);
    let far = x.to("far:0").unwrap();
    assert_eq!((&far * &s).to_vec::<f32>().unwrap(), [0.0, 2.0, 4.0]);
    assert_eq!((2 * &far).dtype(), DType::F32);
    let bytes = Array::from(vec![250u8, 3]);
    assert_eq!((&bytes + 10).to_vec::<u8>().unwrap(), [4, 13]);
    assert!(matches!(np::add(&bytes, 300), Err(Error::DType { .. })));
    assert_eq!(
        np::add(2, 3.5f32).map(|a: Array| a.item().unwrap()).unwrap(),
        polyarray_core::Scalar::F64(5.5)
    );
}

#[test]
fn threads_may_race_for_one_value() {
    let x = ramp(64);
    let y = np::exp(&x).unwrap();
    let z = &y + &np::sum(&y, ()).unwrap();
    let all: Vec<Vec<f32>> = std::thread::scope(|s| {
        let handles: Vec<_> = (0..8).map(|_| s.spawn(|| z.to_vec::<f32>().unwrap())).collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert!(all.windows(2).all(|w| w[0] == w[1]));
}
