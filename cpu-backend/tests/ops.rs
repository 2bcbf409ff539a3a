//! Every operation of the table, in every dtype that it is defined in, over every way an array can lie.

mod common;

use common::*;
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, OPS, Op, OpInfo};
use polyarray_core::{DType, Kind, Scalar};

/// Units of the last place that an operation may be off: none where IEEE 754 rounds correctly.
fn allowed(op: Op, dtype: DType) -> f64 {
    let function = op.is_function();
    match (op, dtype.kind()) {
        (Op::Complex | Op::Negative | Op::Conj | Op::Real | Op::Imag | Op::Where, _) => 0.0,
        (_, Kind::Complex) => 4.0,
        // The zero's sign is either one's; a NaN is a NaN.
        (Op::Minimum | Op::Maximum, _) => f64::MIN_POSITIVE,
        (_, Kind::Float) if function => 4.0,
        // One rounding from a wider format can round twice: the halfway cases of f16.
        (_, Kind::Float) => 0.5,
        _ => 0.0,
    }
}

fn operands(row: &OpInfo, dtype: DType, shape: &[usize], lies: [Lie; 3]) -> Vec<View> {
    (0..row.arity)
        .map(|i| {
            let dtype = if row.op == Op::Where && i == 0 { DType::Bool } else { dtype };
            view(dtype, shape, lies[i], 0x9E37_79B9 * (i as u64 + 1))
        })
        .collect()
}

fn code(row: &OpInfo, views: &[View], dtype: DType) -> Vec<(Instr, DType)> {
    let mut code: Vec<(Instr, DType)> =
        views.iter().enumerate().map(|(i, v)| (Instr::Load(i as u8), v.dtype())).collect();
    let mut args = [0; 3];
    (0..row.arity).for_each(|i| args[i] = i as u16);
    code.push((Instr::Map(row.op, args), row.op.output(dtype)));
    code
}

fn check_op(row: &OpInfo, dtype: DType, shape: &[usize], lies: [Lie; 3]) {
    let views = operands(row, dtype, shape, lies);
    let got = run(&kernel(shape, &views, &[], &code(row, &views, dtype), None));
    let want = |index: &[usize]| {
        let args: Vec<Scalar> = views.iter().map(|v| v.at(index)).collect();
        (truth(row.op, dtype, &args), format!("{args:?}"))
    };
    check(&format!("{} in {dtype}, {lies:?}", row.name), shape, &got, want, allowed(row.op, dtype));
}

fn each_op(mut body: impl FnMut(&'static OpInfo, DType)) {
    for row in OPS {
        for dtype in DTYPES.into_iter().filter(|d| row.kinds.has(d.kind())) {
            body(row, dtype);
        }
    }
}

#[test]
fn every_operation_in_every_dtype_over_several_blocks() {
    // A block is 32 KiB of the widest value.
    each_op(|row, dtype| check_op(row, dtype, &[(80 << 10) / dtype.size() + 3], [Lie::Dense; 3]));
}

#[test]
fn every_operation_over_every_lie() {
    use Lie::*;
    let shapes: [&[usize]; 5] = [&[], &[1], &[7], &[5, 3, 4], &[3, 150]];
    each_op(|row, dtype| {
        for shape in shapes {
            for (i, &lie) in LIES.iter().enumerate() {
                check_op(row, dtype, shape, [lie, LIES[(i + 3) % 7], LIES[(i + 5) % 7]]);
            }
        }
        check_op(row, dtype, &[2, 3, 150], [Broadcast, BroadcastLast, Transposed]);
        check_op(row, dtype, &[1000], [Constant, Dense, Reversed]);
        check_op(row, dtype, &[1000], [Dense, Constant, Constant]);
    });
}

#[test]
fn large_arrays_are_shared_among_threads() {
    for lies in [[Lie::Dense; 3], [Lie::Transposed, Lie::Dense, Lie::Broadcast], [Lie::Reversed; 3]] {
        for op in [Op::Add, Op::Exp, Op::Equal, Op::Where] {
            for dtype in [DType::F32, DType::I16, DType::C64] {
                if op.info().kinds.has(dtype.kind()) {
                    check_op(op.info(), dtype, &[311, 701], lies);
                }
            }
        }
    }
}

#[test]
fn special_cases_of_the_table() {
    for row in OPS {
        for &(x, want) in row.special {
            for dtype in [DType::F16, DType::F32, DType::F64] {
                let views: Vec<View> = x
                    .iter()
                    .map(|&x| View {
                        buffer: host(dtype, &[Scalar::F64(x).cast(dtype)]),
                        layout: polyarray_core::expr::Layout::dense(&[]),
                    })
                    .collect();
                let got = run(&kernel(&[], &views, &[], &code(row, &views, dtype), None))[0].to_f64();
                let want = Scalar::F64(want).cast(row.op.output(dtype)).to_f64();
                let same = got == want && (got != 0.0 || got.is_sign_negative() == want.is_sign_negative());
                assert!(same || (got.is_nan() && want.is_nan()), "{}({x:?}) in {dtype}: {got}", row.name);
            }
        }
    }
}

#[test]
fn every_cast() {
    for from in DTYPES {
        for to in DTYPES {
            for lie in [Lie::Dense, Lie::Transposed] {
                let v = view(from, &[40, 61], lie, 77);
                let code = [(Instr::Load(0), from), (Instr::Cast(0), to)];
                let got = run(&kernel(&[40, 61], std::slice::from_ref(&v), &[], &code, None));
                for (got, x) in got.iter().zip(v.elements()) {
                    let want = x.cast(to);
                    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                    let (g, w) = (got.to_c128(), want.to_c128());
                    let equal = same(g.re, w.re) && same(g.im, w.im) && got.to_i128() == want.to_i128();
                    assert!(equal, "{from} {x:?} to {to}: got {got:?}, want {want:?}");
                }
            }
        }
    }
}

#[test]
fn a_kernel_may_be_a_copy_a_parameter_or_an_index() {
    for lie in LIES {
        let v = view(DType::I32, &[9, 200], lie, 5);
        let got =
            run(&kernel(&[9, 200], std::slice::from_ref(&v), &[], &[(Instr::Load(0), DType::I32)], None));
        assert_eq!(got, v.elements(), "{lie:?}");
    }
    let fill = kernel(&[100_000], &[], &[Scalar::U16(9)], &[(Instr::Param(0), DType::U16)], None);
    assert_eq!(run(&fill), vec![Scalar::U16(9); 100_000]);
    let iota = kernel(&[300, 400], &[], &[], &[(Instr::Iota, DType::I64)], None);
    assert_eq!(run(&iota), (0..120_000).map(Scalar::I64).collect::<Vec<_>>());
    // Beside a transposed input the index counts row-major all the same.
    let v = view(DType::I64, &[150, 130], Lie::Transposed, 6);
    let code = [
        (Instr::Load(0), DType::I64),
        (Instr::Iota, DType::I64),
        (Instr::Map(Op::Add, [0, 1, 0]), DType::I64),
    ];
    let got = run(&kernel(&[150, 130], std::slice::from_ref(&v), &[], &code, None));
    for (i, (got, x)) in got.iter().zip(v.elements()).enumerate() {
        assert_eq!(got.to_i128().unwrap(), x.to_i128().unwrap().wrapping_add(i as i128) as i64 as i128);
    }
}

/// A long chain with shared subexpressions, many dtypes and dead values: registers are reused, never mixed up.
#[test]
fn registers_are_never_mixed_up() {
    let mut random = Random(2026);
    for round in 0..60 {
        let shape: &[usize] = [&[6000][..], &[30, 170], &[4, 5, 6]][round % 3];
        let views: Vec<View> =
            (0..3).map(|i| view(DType::I32, shape, LIES[(round + i) % 7], 11 * (i as u64 + 1))).collect();
        let mut code: Vec<(Instr, DType)> = (0..3).map(|i| (Instr::Load(i), DType::I32)).collect();
        code.push((Instr::Param(0), DType::I32));
        let wide = code.len();
        for _ in 0..25 {
            let n = code.len() as u64;
            let mut pick = || (random.bits() % n) as u16;
            let (a, b) = (pick(), pick());
            let op = [Op::Add, Op::Subtract, Op::Multiply, Op::Minimum][(pick() % 4) as usize];
            code.push((Instr::Map(op, [a, b, 0]), DType::I32));
        }
        let got = run(&kernel(shape, &views, &[Scalar::I32(3)], &code, None));
        for (i, index) in indices(shape).enumerate() {
            let mut v: Vec<i32> = views.iter().map(|x| x.at(&index).to_i128().unwrap() as i32).collect();
            v.push(3);
            for &(instr, _) in &code[wide..] {
                let Instr::Map(op, [a, b, _]) = instr else { unreachable!() };
                let (a, b) = (v[a as usize], v[b as usize]);
                v.push(match op {
                    Op::Add => a.wrapping_add(b),
                    Op::Subtract => a.wrapping_sub(b),
                    Op::Multiply => a.wrapping_mul(b),
                    _ => a.min(b),
                });
            }
            assert_eq!(got[i], Scalar::I32(v[v.len() - 1]), "round {round} at {index:?}");
        }
    }
}
