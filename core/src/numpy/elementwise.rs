//! The op table as multimethods, casts, and what is written in terms of them.

use super::{Answer, typing};
use crate::array::Array;
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::Op;
use crate::expr::op_table::op_table;
use crate::multimethod;

macro_rules! define_elementwise {
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $kinds:expr, $typing:expr, $doc:literal, $reference:expr, $special:expr $(,)?)),* $(,)?) => {
        $( define_elementwise! { @$arity $f $doc } )*

        /// The elementwise multimethod of an op, by value.
        ///
        /// # Errors
        /// Those of the operation; [`Error::Shape`] if the number of operands is not its arity.
        pub fn apply(op: Op, args: &[&Array]) -> Result<Array> {
            match op { $( Op::$op => define_elementwise! { @apply $arity $f args op }, )* }
        }

        /// Registers a recorder for every row of the op table.
        pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
            $( define_elementwise! { @register $arity $f $op r kind } )*
            r.register::<astype>(kind, |cx: Cx, x: &Array, dtype: DType| -> Answer {
                Ok(crate::graph::record::cast(&x.dense, dtype, cx.instance)?.into())
            });
        }
    };
    (@unary $f:ident $doc:literal) => { multimethod! { domain "numpy"; #[doc = $doc] pub fn $f(x: &Array) -> Result<Array>; } };
    (@binary $f:ident $doc:literal) => { multimethod! { domain "numpy"; #[doc = $doc] pub fn $f(a: &Array, b: &Array) -> Result<Array>; } };
    (@ternary $f:ident $doc:literal) => { multimethod! { domain "numpy"; #[doc = $doc] pub fn $f(condition: &Array, a: &Array, b: &Array) -> Result<Array>; } };
    (@apply unary $f:ident $args:ident $op:ident) => { match $args { [x] => $f(*x), _ => Err(arity($op, $args)) } };
    (@apply binary $f:ident $args:ident $op:ident) => { match $args { [a, b] => $f(*a, *b), _ => Err(arity($op, $args)) } };
    (@apply ternary $f:ident $args:ident $op:ident) => { match $args { [c, a, b] => $f(*c, *a, *b), _ => Err(arity($op, $args)) } };
    (@register unary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<$f>($kind, |cx: Cx, x: &Array| -> Answer { typing::map(Op::$op, [x], cx.instance) });
    };
    (@register binary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<$f>($kind, |cx: Cx, a: &Array, b: &Array| -> Answer { typing::map(Op::$op, [a, b], cx.instance) });
    };
    (@register ternary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<$f>($kind, |cx: Cx, c: &Array, a: &Array, b: &Array| -> Answer {
            typing::map(Op::$op, [c, a, b], cx.instance)
        });
    };
}
op_table!(define_elementwise);

fn arity(op: Op, args: &[&Array]) -> Error {
    Error::Shape {
        op: op.name(),
        operands: format!("{} operands", args.len()),
        fix: format!("it takes {}", op.info().arity),
    }
}

multimethod! {
    domain "numpy";

    /// The array in another dtype. Integers wrap; floats become integers towards zero, saturating, NaN becomes
    /// 0; complex to real keeps the real part; anything non-zero is true. The same dtype gives a dense copy.
    pub fn astype(x: &Array, dtype: DType) -> Result<Array>;

    /// Quotient and remainder: [`floor_divide()`] and [`remainder()`] of the same operands.
    ///
    /// NumPy: `divmod(a, b)`.
    pub fn divmod(a: &Array, b: &Array) -> Result<(Array, Array)> {
        Ok((floor_divide(a, b)?, remainder(a, b)?))
    }

    /// True where both are non-zero.
    pub fn logical_and(a: &Array, b: &Array) -> Result<Array> {
        bitwise_and(&truth(a)?, &truth(b)?)
    }

    /// True where either is non-zero.
    pub fn logical_or(a: &Array, b: &Array) -> Result<Array> {
        bitwise_or(&truth(a)?, &truth(b)?)
    }

    /// True where exactly one is non-zero.
    pub fn logical_xor(a: &Array, b: &Array) -> Result<Array> {
        bitwise_xor(&truth(a)?, &truth(b)?)
    }

    /// True where it is zero.
    pub fn logical_not(x: &Array) -> Result<Array> {
        bitwise_invert(&truth(x)?)
    }
}

/// As bool, without an operation where it is one already.
pub(super) fn truth(x: &Array) -> Result<Array> {
    if x.dtype() == DType::Bool { Ok(x.clone()) } else { astype(x, DType::Bool) }
}
