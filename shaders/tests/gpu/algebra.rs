//! Float algebra stays as written: long chains of operations in one kernel give exactly what one operation
//! after the other gives.

use crate::device::device;
use crate::fused::run;
use crate::kernels::{View, interpret, kernel, value};
use crate::random::random;
use polyarray_core::expr::{Instr, Op, Output, Value};
use polyarray_core::{DType, Scalar};

/// Values that make rewriting visible: cancellation, signed zeros, infinities, NaN.
fn values(dtype: DType, n: usize, state: &mut u64) -> Vec<Scalar> {
    (0..n)
        .map(|_| {
            let bits = random(state);
            let x = match bits % 12 {
                0 => 0.0,
                1 => -0.0,
                2 => f64::INFINITY,
                3 => f64::NAN,
                4 => 1e20,
                5 => 1.0,
                _ => f64::from((bits >> 40) as u32) * 1e-3 - 8e3,
            };
            Scalar::F64(x).cast(dtype)
        })
        .collect()
}

fn same(a: Scalar, b: Scalar) -> bool {
    let (a, b) = (a.to_f64(), b.to_f64());
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[track_caller]
fn check(dtype: DType, code: &[Value], params: &[Scalar], state: &mut u64) {
    let gpu = device();
    let views = [0, 1].map(|_| View::dense(dtype, &values(dtype, 999, state)));
    let k = kernel(&[999], 1, &views, params.to_vec(), code.to_vec(), Output::Map);
    let (got, want) = (run(gpu, &k, &gpu.profile), interpret(&k));
    for (i, (g, w)) in got.iter().zip(&want).enumerate() {
        assert!(same(*g, *w), "{code:?} at {i}: {g:?}, want {w:?}");
    }
}

fn dtypes() -> Vec<DType> {
    let double = device().profile.features.f64;
    if double { vec![DType::F32, DType::F64] } else { vec![DType::F32] }
}

/// A program over the inputs a = v0 and b = v1 and the parameter v2.
fn program(dtype: DType, maps: &[(Op, u16, u16)]) -> Vec<Value> {
    let mut code =
        vec![value(Instr::Load(0), dtype), value(Instr::Load(1), dtype), value(Instr::Param(0), dtype)];
    code.extend(maps.iter().map(|&(op, a, b)| value(Instr::Map(op, [a, b, 0]), dtype)));
    code
}

#[test]
fn the_traps_of_the_software_adapter() {
    use Op::{Add, Multiply, Subtract};
    let zero = Scalar::F32(0.0);
    let mut state = 3;
    for dtype in dtypes() {
        for maps in [
            // (a + b) - b; the error of a sum; x - x; x·0; x + 0; 0 - x; a·b + c without fusion.
            &[(Add, 0, 1), (Subtract, 3, 1)][..],
            &[
                (Add, 0, 1),
                (Subtract, 3, 0),
                (Subtract, 3, 4),
                (Subtract, 0, 5),
                (Subtract, 1, 4),
                (Add, 6, 7),
            ],
            &[(Add, 0, 1), (Subtract, 3, 3)],
            &[(Multiply, 0, 2)],
            &[(Add, 0, 2)],
            &[(Subtract, 2, 0)],
            &[(Multiply, 0, 1), (Add, 3, 1)],
        ] {
            check(dtype, &program(dtype, maps), &[zero.cast(dtype)], &mut state);
        }
        // Rounding to an integer by a magic number.
        let magic = Scalar::F64(if dtype == DType::F32 { 12_582_912.0 } else { 6_755_399_441_055_744.0 });
        check(dtype, &program(dtype, &[(Add, 0, 2), (Subtract, 3, 2)]), &[magic.cast(dtype)], &mut state);
    }
}

#[test]
fn random_chains_fused_equal_unfused() {
    let mut state = 17;
    let ops = [Op::Add, Op::Subtract, Op::Multiply, Op::Divide, Op::Negative, Op::Minimum, Op::Absolute];
    for dtype in dtypes() {
        for _ in 0..4 {
            let maps: Vec<(Op, u16, u16)> = (0..14u64)
                .map(|i| {
                    let mut pick = |n: u64| random(&mut state) % n;
                    (ops[pick(7) as usize], (i + 2 - pick(3)) as u16, pick(i + 3) as u16)
                })
                .collect();
            let scalar = values(dtype, 1, &mut state)[0];
            check(dtype, &program(dtype, &maps), &[scalar], &mut state);
        }
    }
}
