//! Elementwise operations, by the op table's references, and the dtypes in which they compute.

use super::Truth;
use crate::dtype::{DType, Kind, Scalar, promote, promote_weak};
use crate::expr::Op;
use crate::expr::op::{Reference, Typing};
use crate::testing::annex_g::{infinite_quotient, special_value};
use crate::testing::samples::integer;
use num_complex::Complex64;

/// The dtype in which an operation computes over operands of some dtypes, of which weak scalars raise only the kind;
/// `float` is the default float of the place. None if it is not defined there.
pub fn compute_dtype(op: Op, operands: &[(DType, bool)], float: DType) -> Option<DType> {
    let values = if op == Op::Where { &operands[1..] } else { operands };
    let strong = values.iter().filter(|(_, weak)| !weak).map(|(d, _)| *d).reduce(promote);
    let weak = values.iter().filter(|(_, weak)| *weak).map(|(d, _)| d.kind()).max();
    let met = match (strong, weak) {
        (Some(strong), Some(weak)) => promote_weak(strong, weak, float),
        (Some(strong), None) => strong,
        (None, Some(Kind::Bool)) => DType::Bool,
        (None, Some(Kind::Int)) => DType::I64,
        (None, Some(Kind::Complex)) => promote_weak(float, Kind::Complex, float),
        (None, _) => float,
    };
    let inexact = matches!(op.info().typing, Typing::Inexact | Typing::Parts) && met.kind() < Kind::Float;
    let compute = if inexact { float } else { met };
    op.info().kinds.has(compute.kind()).then_some(compute)
}

/// One element of an operation that computes in `compute`. Operands are of that dtype, but for the condition of `where`.
pub fn element(op: Op, compute: DType, x: &[Scalar]) -> Truth {
    let out = op.output(compute);
    let at = |n: usize| x[n].to_c128();
    match (op.info().reference, compute.kind()) {
        (Reference::Select, _) => Truth::Exact(if x[0] == Scalar::Bool(true) { x[1] } else { x[2] }),
        (reference, Kind::Bool | Kind::Int) => {
            let x: Vec<i128> = x.iter().filter_map(|x| x.to_i128()).collect();
            let value = match reference {
                Reference::Unary { int: Some(f), .. } => f(x[0]),
                Reference::Binary { int: Some(f), .. } => f(x[0], x[1]),
                _ => undefined(op, compute),
            };
            // Addition of bools is `or`: two bits would be lost.
            let or = compute == DType::Bool && op == Op::Add;
            Truth::Exact(integer(if or { value.min(1) } else { value }, out))
        }
        (Reference::Unary { real: Some(f), .. }, Kind::Float) => real(f(at(0).re), out),
        (Reference::Binary { real: Some(f), .. }, Kind::Float) => real(f(at(0).re, at(1).re), out),
        (Reference::Unary { complex: Some(f), .. }, Kind::Complex) => match special_value(op, at(0)) {
            Some(parts) => Truth::Special(parts),
            None => complex(f(at(0)), out),
        },
        (_, Kind::Complex) if op == Op::Divide && infinite_quotient(at(0), at(1)) => Truth::Infinite,
        (Reference::Binary { complex: Some(f), .. }, _) if out.is_complex() || compute.is_complex() => {
            complex(f(at(0), at(1)), out)
        }
        _ => undefined(op, compute),
    }
}

fn undefined(op: Op, compute: DType) -> ! {
    panic!("{op} has no reference in {compute}")
}

fn real(value: f64, out: DType) -> Truth {
    match out {
        DType::Bool => Truth::Exact(Scalar::Bool(value != 0.0)),
        _ => Truth::near(Complex64::new(value, 0.0)),
    }
}

fn complex(value: Complex64, out: DType) -> Truth {
    if out.is_complex() { Truth::near(value) } else { real(value.re, out) }
}
