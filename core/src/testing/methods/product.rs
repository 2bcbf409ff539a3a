//! Matrix products.

use super::arguments::{Arg, Case, Sampler};
use crate::dtype::{DType, promote};
use crate::testing::reference::matmul;
use crate::testing::samples::{Lie, moderate, random};

pub(super) const ENTRIES: super::Family = &[
    (&["matmul"], products, |given, _| {
        let (a, b) = (given.array(0), given.array(1));
        vec![matmul(a, b, promote(a.dtype, b.dtype), false)]
    }),
    (&["matmul_as"], widened, |given, _| {
        let (a, b) = (given.array(0), given.array(1));
        vec![matmul(a, b, *given.plain(2), false)]
    }),
    (&["matmul_bits"], bits, |given, _| vec![matmul(given.array(0), given.array(1), DType::I32, true)]),
];

/// Shapes of operands: matrices, vectors, leading axes that broadcast, nothing to sum, odd sizes.
const SHAPES: [(&[usize], &[usize]); 9] = [
    (&[5], &[5]),
    (&[3, 4], &[4]),
    (&[4], &[4, 3]),
    (&[1, 1], &[1, 1]),
    (&[2, 1, 3, 4], &[5, 4, 2]),
    (&[3, 0], &[0, 2]),
    (&[0, 3], &[3, 2]),
    (&[33, 65], &[65, 17]),
    (&[2, 9, 8], &[8, 31]),
];

fn operands(s: &mut Sampler, dtype: DType, shapes: (&[usize], &[usize]), lies: [Lie; 2]) -> Case {
    let value = if dtype == DType::U32 { random } else { moderate };
    let a = s.array(dtype, shapes.0, lies[0], value);
    let b = s.array(dtype, shapes.1, lies[1], value);
    vec![Arg::Array(a), Arg::Array(b)]
}

fn products(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        cases.push(operands(s, dtype, (&[19, 37], &[37, 23]), [Lie::Dense; 2]));
    }
    for shapes in SHAPES {
        for dtype in s.some(|_| true) {
            let lies = [s.lie(), s.lie()];
            cases.push(operands(s, dtype, shapes, lies));
        }
    }
    cases
}

fn widened(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let pairs =
        [(DType::I8, DType::I32), (DType::U8, DType::U32), (DType::I8, DType::F32), (DType::I32, DType::I8)];
    for (shapes, (from, to)) in SHAPES.into_iter().zip(pairs.into_iter().cycle()) {
        let lies = [s.lie(), s.lie()];
        let mut case = operands(s, from, shapes, lies);
        case.push(Arg::plain(to));
        cases.push(case);
    }
    cases
}

fn bits(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for shapes in SHAPES {
        let lies = [s.lie(), s.lie()];
        cases.push(operands(s, DType::U32, shapes, lies));
    }
    cases
}
