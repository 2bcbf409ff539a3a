//! Elementwise operations, casts, logic.

use super::arguments::{Arg, Case, Given, Sampler};
use super::op;
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Op;
use crate::expr::op::Typing;
use crate::memory::layout::broadcast;
use crate::testing::reference::{Want, compute_dtype, element};
use crate::testing::samples::{Lie, Plain, Random, SHAPES, Sample, random, special, unravel};

pub(super) const ENTRIES: super::Family = &[
    (&["astype"], casts, cast),
    (
        &["divmod"],
        |s, _| samples(s, "floor_divide"),
        |given, _| ["floor_divide", "remainder"].map(|name| reference(given, name).remove(0)).into(),
    ),
    (&["logical_and", "logical_or", "logical_xor", "logical_not"], logical_samples, logical),
];

/// Random elements after the special ones.
const MORE: usize = 240;

/// The special values that an operation is tested with. Where complex products overflow depends on the format: the reference
/// says only what becomes of infinite numbers.
fn special_for(op: Op, dtype: DType) -> Vec<Scalar> {
    let mut all = special(dtype);
    if op == Op::Multiply && dtype.is_complex() {
        all.retain(|x| [x.to_c128().re, x.to_c128().im].iter().all(|x| !x.is_finite() || x.abs() < 1e15));
    }
    all
}

/// One value: special or random.
pub(super) fn any(op: Op, dtype: DType, r: &mut Random) -> Scalar {
    if r.below(3) == 0 {
        let special = special_for(op, dtype);
        special[r.below(special.len())]
    } else {
        random(dtype, r)
    }
}

pub(super) fn samples(s: &mut Sampler, name: &str) -> Vec<Case> {
    let op = op(name).expect("it is in the op table");
    let info = op.info();
    let mut cases = Vec::new();
    for dtype in s.all(|d| info.kinds.has(d.kind())) {
        cases.push(values(s, op, dtype));
    }
    if info.typing == Typing::Test && info.arity == 2 {
        for dtype in s.some(|d| d.is_int() && !d.is_unsigned()) {
            let (down, across) = (special(dtype), special(DType::U64));
            let column = Plain::new(dtype, &[down.len(), 1], down);
            let row = Plain::new(DType::U64, &[across.len()], across);
            let [column, row] = [column, row].map(|x| Arg::Array(Sample::dense(x)));
            cases.extend([vec![column.clone(), row.clone()], vec![row, column]]);
        }
    }
    let integers = matches!(info.typing, Typing::Inexact | Typing::Parts);
    let takes = |d: DType| info.kinds.has(d.kind()) || (integers && d.kind() < Kind::Float);
    for shape in SHAPES {
        for dtype in s.some(takes) {
            let mut case = Vec::new();
            for operand in 0..info.arity {
                let condition = op == Op::Where && operand == 0;
                let dtype = match s.random.below(4) {
                    _ if condition => DType::Bool,
                    0 if operand > 0 && op != Op::Where => other(s, op, dtype),
                    _ => dtype,
                };
                let (shape, lie) = (if operand == 0 { shape.to_vec() } else { beside(shape, s) }, s.lie());
                case.push(Arg::Array(s.array(dtype, &shape, lie, |d, r| any(op, d, r))));
            }
            cases.push(case);
        }
    }
    // A scalar on either side.
    if info.arity == 2 {
        for dtype in s.some(takes) {
            let value = match dtype.kind() {
                Kind::Bool => Scalar::Bool(true),
                Kind::Int => Scalar::I64(3),
                Kind::Float => Scalar::F64(2.5),
                Kind::Complex => Scalar::C128(num_complex::Complex64::new(0.5, -1.5)),
            };
            let x = s.array(dtype, &[37], Lie::Dense, |d, r| any(op, d, r));
            cases.push(vec![Arg::Array(x.clone()), Arg::Weak(value)]);
            cases.push(vec![Arg::Weak(value), Arg::Array(x)]);
        }
    }
    cases
}

/// All special values, for two operands in all pairs, equal ones among them, and random ones.
fn values(s: &mut Sampler, op: Op, dtype: DType) -> Case {
    let special = special_for(op, dtype);
    let n = special.len();
    let more = (0..MORE).map(|_| random(dtype, &mut s.random)).collect::<Vec<_>>();
    let column = |pick: &dyn Fn(usize) -> Scalar, count: usize, rest: Vec<Scalar>| {
        let all: Vec<Scalar> = (0..count).map(pick).chain(rest).collect();
        Arg::Array(Sample::dense(Plain::new(dtype, &[all.len()], all)))
    };
    if op.info().arity == 1 {
        return vec![column(&|i| special[i], n, more)];
    }
    let mut others = (0..MORE).map(|_| random(dtype, &mut s.random)).collect::<Vec<_>>();
    others[..MORE / 4].copy_from_slice(&more[..MORE / 4]);
    if dtype.is_float() {
        // Quotients near whole numbers, small ones and such that floats hold little or no fraction of, and quotients of as
        // many bits as the formats hold.
        let near = (MORE / 4..MORE).map(|i| {
            let whole = [3.0, 7.0, 63.0, 1023.0, 4_194_303.0, 33_554_431.0];
            let mut bits = |from: f64| (from + 3.0 * s.random.unit()).exp2();
            let by = if i % 8 < 6 { whole[i % 8] } else { bits(if i % 8 == 6 { 24.0 } else { 53.0 }) };
            Scalar::F64(more[i].to_f64() / by).cast(dtype)
        });
        others[MORE / 4..].iter_mut().zip(near).step_by(2).for_each(|(other, near)| *other = near);
    }
    let pair = vec![column(&|i| special[i / n], n * n, more), column(&|i| special[i % n], n * n, others)];
    if op != Op::Where {
        return pair;
    }
    let conditions = (0..n * n + MORE).map(|_| Scalar::Bool(s.random.bits() & 1 == 1));
    let condition = Plain::new(DType::Bool, &[n * n + MORE], conditions);
    std::iter::once(Arg::Array(Sample::dense(condition))).chain(pair).collect()
}

/// Another dtype with which the operation is defined.
fn other(s: &mut Sampler, op: Op, dtype: DType) -> DType {
    let fits = s.all(|d| compute_dtype(op, &[(dtype, false), (d, false)], DType::F64).is_some());
    fits[s.random.below(fits.len())]
}

/// A shape that broadcasts to another: the same, fewer axes, or some of length 1.
pub(super) fn beside(shape: &[usize], s: &mut Sampler) -> Vec<usize> {
    match s.random.below(3) {
        0 => shape.to_vec(),
        1 => shape[s.random.below(shape.len() + 1)..].to_vec(),
        _ => shape.iter().map(|&n| if s.random.bits() & 1 == 0 { 1 } else { n }).collect(),
    }
}

/// An operation over operands cast to the dtype that it computes in.
fn map(op: Op, operands: &[Plain], compute: DType) -> Want {
    // Comparisons of integers are exact, also where no integer dtype holds both operands.
    let exact = op.info().typing == Typing::Test && operands.iter().all(|x| x.dtype.is_int());
    let compute = if exact { DType::I64 } else { compute };
    let as_it_is = |n: usize| exact || (op == Op::Where && n == 0);
    let cast = |(n, x): (usize, &Plain)| if as_it_is(n) { x.clone() } else { x.cast(compute) };
    let operands: Vec<Plain> = operands.iter().enumerate().map(cast).collect();
    let shape = operands
        .iter()
        .map(|x| x.shape.clone())
        .reduce(|a, b| broadcast(&a, &b).expect("samples broadcast").to_vec());
    let shape = shape.expect("there is an operand");
    let at = |flat: usize| {
        let index = unravel(flat, &shape);
        let x: Vec<Scalar> = operands.iter().map(|x| x.broadcast_at(&index)).collect();
        element(op, compute, &x)
    };
    Want::new(op.output(compute), &shape, (0..shape.iter().product()).map(at).collect())
}

pub(super) fn reference(given: &Given, name: &str) -> Vec<Want> {
    let op = op(name).expect("it is in the op table");
    let operands: Vec<(Plain, bool)> = given
        .args
        .iter()
        .map(|arg| match arg {
            Arg::Weak(value) => (Plain::new(value.dtype(), &[], [*value]), true),
            arg => (arg.samples()[0].values.clone(), false),
        })
        .collect();
    let dtypes: Vec<(DType, bool)> = operands.iter().map(|(x, weak)| (x.dtype, *weak)).collect();
    let compute = compute_dtype(op, &dtypes, given.float).expect("samples are of its dtypes");
    let operands: Vec<Plain> = operands.into_iter().map(|(x, _)| x).collect();
    vec![map(op, &operands, compute)]
}

fn casts(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for from in s.dtypes.clone() {
        for to in s.dtypes.clone() {
            let more = (0..MORE).map(|_| random(from, &mut s.random));
            // Near the middle between two halves, and between two floats.
            let ties = [(11, 40), (24, 50)].into_iter().flat_map(|(tie, more)| {
                let little = [0, more].map(|k| if k == 0 { 0.0 } else { 2f64.powi(-k) });
                little.map(|little| Scalar::F64(1.0 + 2f64.powi(-tie) + little).cast(from))
            });
            let all: Vec<Scalar> = special(from).into_iter().chain(ties).chain(more).collect();
            let x = Sample::dense(Plain::new(from, &[all.len()], all));
            cases.push(vec![Arg::Array(x), Arg::plain(to)]);
        }
    }
    for shape in SHAPES {
        for from in s.some(|_| true) {
            let (lie, to) = (s.lie(), s.dtypes[s.random.below(s.dtypes.len())]);
            cases.push(vec![Arg::Array(s.array(from, shape, lie, random)), Arg::plain(to)]);
        }
    }
    cases
}

fn cast(given: &Given, _: &str) -> Vec<Want> {
    let (x, to) = (given.array(0), *given.plain::<DType>(1));
    vec![Want::exact(x.cast(to))]
}

fn logical_samples(s: &mut Sampler, name: &str) -> Vec<Case> {
    let arity = if name == "logical_not" { 1 } else { 2 };
    // Half of them zero.
    let truth = |d: DType, r: &mut Random| {
        if r.bits() & 1 == 0 { Scalar::Bool(false).cast(d) } else { any(Op::Where, d, r) }
    };
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        let x = |s: &mut Sampler| Arg::Array(s.array(dtype, &[97], Lie::Dense, truth));
        cases.push((0..arity).map(|_| x(s)).collect());
    }
    for shape in SHAPES {
        for dtype in s.some(|_| true) {
            let mut case = vec![];
            for operand in 0..arity {
                let (shape, lie) = (if operand == 0 { shape.to_vec() } else { beside(shape, s) }, s.lie());
                case.push(Arg::Array(s.array(dtype, &shape, lie, truth)));
            }
            cases.push(case);
        }
    }
    cases
}

fn logical(given: &Given, name: &str) -> Vec<Want> {
    let op = match name {
        "logical_and" => Op::BitwiseAnd,
        "logical_or" => Op::BitwiseOr,
        "logical_xor" => Op::BitwiseXor,
        _ => Op::Invert,
    };
    let operands: Vec<Plain> = (0..given.args.len()).map(|n| given.array(n).clone()).collect();
    vec![map(op, &operands, DType::Bool)]
}
