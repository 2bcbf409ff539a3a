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
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $kinds:expr, $typing:ident, $doc:literal, ($($x:literal),+) => $type:ident $result:literal, $reference:expr, $special:expr $(,)?)),* $(,)?) => {
        $( define_elementwise! { @$arity $f $name $typing $doc ($($x),+) $type $result } )*

        /// The elementwise multimethod of an op, by value.
        ///
        /// ```
        /// use polyarray_core::{Array, expr::Op, numpy as np};
        /// # use polyarray_cpu as _;
        /// let (a, b) = (Array::from([1, 2]), Array::from([10, 20]));
        /// assert_eq!(np::apply(Op::Add, &[&a, &b])?.to_vec::<i32>()?, [11, 22]);
        /// # Ok::<(), polyarray_core::Error>(())
        /// ```
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
    (@unary $f:ident $name:literal $typing:ident $doc:literal ($x:literal) $type:ident $result:literal) => { multimethod! {
        domain "numpy";
        #[doc = $doc]
        ///
        #[doc = concat!(" Shape: that of `x`. Dtype: ", define_elementwise!(@dtype unary $typing))]
        ///
        #[doc = concat!(" NumPy: `", define_elementwise!(@numpy $f $name "x"), "`.")]
        ///
        /// ```
        /// use polyarray_core::{Array, numpy as np};
        /// # use polyarray_core::num_complex::Complex64;
        /// # use std::f64::consts::PI;
        /// # use polyarray_cpu as _;
        #[doc = concat!(" let x = Array::from(", $x, ");")]
        #[doc = define_elementwise!(@shown $type $f "&x" $result)]
        /// # Ok::<(), polyarray_core::Error>(())
        /// ```
        ///
        /// # Errors
        /// [`Error::DType`] for a dtype in which it is not defined.
        pub fn $f(x: &Array) -> Result<Array>;
    } };
    (@binary $f:ident $name:literal $typing:ident $doc:literal ($a:literal, $b:literal) $type:ident $result:literal) => { multimethod! {
        domain "numpy";
        #[doc = $doc]
        ///
        #[doc = concat!(" Shape: that to which `a` and `b` broadcast. Dtype: ", define_elementwise!(@dtype binary $typing))]
        ///
        #[doc = concat!(" NumPy: `", define_elementwise!(@numpy $f $name "a, b"), "`.")]
        ///
        /// ```
        /// use polyarray_core::{Array, numpy as np};
        /// # use polyarray_core::num_complex::Complex64;
        /// # use std::f64::consts::PI;
        /// # use polyarray_cpu as _;
        #[doc = concat!(" let a = Array::from(", $a, ");")]
        #[doc = concat!(" let b = Array::from(", $b, ");")]
        #[doc = define_elementwise!(@shown $type $f "&a, &b" $result)]
        /// # Ok::<(), polyarray_core::Error>(())
        /// ```
        ///
        /// # Errors
        /// [`Error::DType`] for a dtype in which it is not defined, or which a scalar does not fit; [`Error::Shape`] if the
        /// operands don't broadcast.
        pub fn $f(a: &Array, b: &Array) -> Result<Array>;
    } };
    (@ternary $f:ident $name:literal $typing:ident $doc:literal ($condition:literal, $a:literal, $b:literal) $type:ident $result:literal) => { multimethod! {
        domain "numpy";
        #[doc = $doc]
        ///
        #[doc = concat!(" Shape: that to which the operands broadcast. Dtype: ", define_elementwise!(@dtype ternary $typing))]
        ///
        #[doc = concat!(" NumPy: `", define_elementwise!(@numpy $f $name "condition, a, b"), "`.")]
        ///
        /// ```
        /// use polyarray_core::{Array, numpy as np};
        /// # use polyarray_core::num_complex::Complex64;
        /// # use std::f64::consts::PI;
        /// # use polyarray_cpu as _;
        #[doc = concat!(" let condition = Array::from(", $condition, ");")]
        #[doc = concat!(" let a = Array::from(", $a, ");")]
        #[doc = concat!(" let b = Array::from(", $b, ");")]
        #[doc = define_elementwise!(@shown $type $f "&condition, &a, &b" $result)]
        /// # Ok::<(), polyarray_core::Error>(())
        /// ```
        ///
        /// # Errors
        /// [`Error::DType`] for a dtype in which it is not defined, or which a scalar does not fit; [`Error::Shape`] if the
        /// operands don't broadcast.
        pub fn $f(condition: &Array, a: &Array, b: &Array) -> Result<Array>;
    } };
    (@dtype unary Same) => { "that of `x`." };
    (@dtype binary Same) => { "the promoted one." };
    (@dtype unary Inexact) => { "that of `x`; integers become the default float." };
    (@dtype binary Inexact) => { "the promoted one; integers become the default float." };
    (@dtype $arity:ident Test) => { "bool." };
    (@dtype $arity:ident RealPart) => { "that of `x`, of complex numbers that of their parts." };
    (@dtype $arity:ident Parts) => { "the complex one of such parts, promoted; integers become the default float." };
    (@dtype $arity:ident Select) => { "that of `a` and `b`, promoted." };
    (@numpy complex $name:literal $operands:literal) => { "a + 1j * b" };
    (@numpy $f:ident $name:literal $operands:literal) => { concat!($name, "(", $operands, ")") };
    (@shown near $f:ident $operands:literal $result:literal) => {
        concat!(" assert!(np::allclose(np::", stringify!($f), "(", $operands, ")?, ", $result, ", ())?);")
    };
    (@shown $type:ident $f:ident $operands:literal $result:literal) => {
        concat!(" assert_eq!(np::", stringify!($f), "(", $operands, ")?.to_vec::<", stringify!($type), ">()?, ", $result, ");")
    };
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
    ///
    /// NumPy: `astype(x, dtype)`.
    ///
    /// ```
    /// use polyarray_core::{Array, DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.9, -1.9]);
    /// assert_eq!(np::astype(&x, DType::I32)?.to_vec::<i32>()?, [1, -1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn astype(x: &Array, dtype: DType) -> Result<Array>;

    /// Quotient and remainder: [`floor_divide()`] and [`remainder()`] of the same operands.
    ///
    /// NumPy: `divmod(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([7, -7]), Array::from([2, 2]));
    /// let (quotient, rest) = np::divmod(&a, &b)?;
    /// assert_eq!((quotient.to_vec::<i32>()?, rest.to_vec::<i32>()?), (vec![3, -4], vec![1, 1]));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`floor_divide()`].
    pub fn divmod(a: &Array, b: &Array) -> Result<(Array, Array)> {
        Ok((floor_divide(a, b)?, remainder(a, b)?))
    }

    /// True where both are non-zero. Shape: that to which `a` and `b` broadcast. Dtype: bool.
    ///
    /// NumPy: `logical_and(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([2, 1, 0]), Array::from([3, 0, 0]));
    /// assert_eq!(np::logical_and(&a, &b)?.to_vec::<bool>()?, [true, false, false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn logical_and(a: &Array, b: &Array) -> Result<Array> {
        bitwise_and(&truth(a)?, &truth(b)?)
    }

    /// True where either is non-zero. Shape: that to which `a` and `b` broadcast. Dtype: bool.
    ///
    /// NumPy: `logical_or(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([2, 1, 0]), Array::from([3, 0, 0]));
    /// assert_eq!(np::logical_or(&a, &b)?.to_vec::<bool>()?, [true, true, false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn logical_or(a: &Array, b: &Array) -> Result<Array> {
        bitwise_or(&truth(a)?, &truth(b)?)
    }

    /// True where exactly one is non-zero. Shape: that to which `a` and `b` broadcast. Dtype: bool.
    ///
    /// NumPy: `logical_xor(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([2, 1, 0]), Array::from([3, 0, 0]));
    /// assert_eq!(np::logical_xor(&a, &b)?.to_vec::<bool>()?, [false, true, false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn logical_xor(a: &Array, b: &Array) -> Result<Array> {
        bitwise_xor(&truth(a)?, &truth(b)?)
    }

    /// True where it is zero. Shape: that of `x`. Dtype: bool.
    ///
    /// NumPy: `logical_not(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2, 0]);
    /// assert_eq!(np::logical_not(&x)?.to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn logical_not(x: &Array) -> Result<Array> {
        bitwise_invert(&truth(x)?)
    }
}

/// As bool, without an operation where it is one already.
pub(super) fn truth(x: &Array) -> Result<Array> {
    if x.dtype() == DType::Bool { Ok(x.clone()) } else { astype(x, DType::Bool) }
}
