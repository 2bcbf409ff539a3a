//! User-defined functions of elements: traced once, run fused on every residency.

use super::concat;
use super::elementwise::{apply, astype};
use crate::array::{Array, Marker};
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::expr::Op;
use crate::expr::axes::wrap_axis;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// One step of a traced function; operands are earlier steps.
#[derive(Clone, Debug)]
enum Step {
    Argument(usize),
    Constant(Scalar),
    Map(Op, Vec<usize>),
    /// A symbol of another function's trace was met: the steps that it stands for are not here.
    Foreign,
}

/// A symbol inside a traced function: what the closure of [`ufunc`] computes with.
/// Operators and methods record the operations of their names; constants are Rust scalars.
///
/// ```
/// use polyarray_core::{Array, numpy::ufunc};
/// # use polyarray_cpu as _;
/// let distance = ufunc("distance", |x| (&x * &x + 16.0).sqrt().max(6.0));
/// assert_eq!(distance.call(&[&Array::from([3.0, 0.0, 7.5])])?.to_vec::<f64>()?, [6.0, 6.0, 8.5]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sym {
    steps: Rc<RefCell<Vec<Step>>>,
    at: usize,
}

impl Sym {
    fn push(steps: &Rc<RefCell<Vec<Step>>>, step: Step) -> Sym {
        steps.borrow_mut().push(step);
        Sym { steps: steps.clone(), at: steps.borrow().len() - 1 }
    }

    fn map(op: Op, args: &[&Sym]) -> Sym {
        if args.iter().any(|s| !Rc::ptr_eq(&s.steps, &args[0].steps)) {
            // Whichever of the two traces is being made, its function is told when it is called.
            args.iter().for_each(|s| s.steps.borrow_mut().push(Step::Foreign));
        }
        Sym::push(&args[0].steps, Step::Map(op, args.iter().map(|s| s.at).collect()))
    }

    /// `self` where the condition holds, else `other`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc};
    /// # use polyarray_cpu as _;
    /// let leaky = ufunc("leaky", |x| x.select(&x.gt(0.0), &(&x * 0.5)));
    /// assert_eq!(leaky.call(&[&Array::from([-2.0, 3.0])])?.to_vec::<f64>()?, [-1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn select(&self, condition: &Sym, other: &Sym) -> Sym {
        Sym::map(Op::Where, &[condition, self, other])
    }
}

macro_rules! sym_methods {
    (unary: $($u:ident = $uop:ident),*; binary: $($b:ident = $bop:ident),*;) => {
        impl Sym {
            $( #[doc = concat!("See [`", stringify!($uop), "`](crate::expr::Op::", stringify!($uop), ").")]
            #[must_use] pub fn $u(&self) -> Sym { Sym::map(Op::$uop, &[self]) } )*
            $( #[doc = concat!("See [`", stringify!($bop), "`](crate::expr::Op::", stringify!($bop), ").")]
            #[must_use] pub fn $b(&self, other: impl IntoSym) -> Sym {
                let other = other.into_sym(self);
                Sym::map(Op::$bop, &[self, &other])
            } )*
        }
    };
}
sym_methods! {
    unary: exp = Exp, exp_m1 = Expm1, ln = Log, ln_1p = Log1p, log2 = Log2, log10 = Log10, sqrt = Sqrt, sin = Sin,
        cos = Cos, tanh = Tanh, abs = Absolute, floor = Floor, ceil = Ceil, trunc = Trunc, round = Round, conj = Conj, re = Real, im = Imag, is_nan = IsNan;
    binary: min = Minimum, max = Maximum, eq = Equal, ne = NotEqual, lt = Less, le = LessEqual, gt = Greater,
        ge = GreaterEqual, floor_div = FloorDivide, pow = Pow, atan2 = Atan2, copysign = CopySign,
        complex = Complex, and = BitwiseAnd, or = BitwiseOr, xor = BitwiseXor, shift_left = LeftShift,
        shift_right = RightShift, gcd = Gcd;
}

/// A symbol or a Rust scalar.
pub trait IntoSym {
    #[doc(hidden)]
    fn into_sym(self, beside: &Sym) -> Sym;
}
impl IntoSym for Sym {
    fn into_sym(self, _: &Sym) -> Sym {
        self
    }
}
impl IntoSym for &Sym {
    fn into_sym(self, _: &Sym) -> Sym {
        self.clone()
    }
}
macro_rules! scalar_syms {
    ($($t:ty),*) => { $( impl IntoSym for $t {
        fn into_sym(self, beside: &Sym) -> Sym { Sym::push(&beside.steps, Step::Constant(Scalar::from(self))) }
    } )* };
}
scalar_syms!(bool, i32, i64, u32, u64, f32, f64, num_complex::Complex64);

macro_rules! sym_operators {
    ($($trait:ident $f:ident $op:ident),*) => { $(
        impl<T: IntoSym> std::ops::$trait<T> for Sym {
            type Output = Sym;
            fn $f(self, other: T) -> Sym { let o = other.into_sym(&self); Sym::map(Op::$op, &[&self, &o]) }
        }
        impl<T: IntoSym> std::ops::$trait<T> for &Sym {
            type Output = Sym;
            fn $f(self, other: T) -> Sym { let o = other.into_sym(self); Sym::map(Op::$op, &[self, &o]) }
        }
        sym_operators! { @left $trait $f $op; i32, i64, f32, f64 }
    )* };
    (@left $trait:ident $f:ident $op:ident; $($t:ty),*) => { $(
        impl std::ops::$trait<Sym> for $t {
            type Output = Sym;
            fn $f(self, s: Sym) -> Sym { let c = self.into_sym(&s); Sym::map(Op::$op, &[&c, &s]) }
        }
        impl std::ops::$trait<&Sym> for $t {
            type Output = Sym;
            fn $f(self, s: &Sym) -> Sym { let c = self.into_sym(s); Sym::map(Op::$op, &[&c, s]) }
        }
    )* };
}
sym_operators!(Add add Add, Sub sub Subtract, Mul mul Multiply, Div div Divide, Rem rem Remainder);

impl std::ops::Neg for Sym {
    type Output = Sym;
    fn neg(self) -> Sym {
        Sym::map(Op::Negative, &[&self])
    }
}
impl std::ops::Neg for &Sym {
    type Output = Sym;
    fn neg(self) -> Sym {
        Sym::map(Op::Negative, &[self])
    }
}

/// A function of elements, traced: see [`ufunc`].
#[derive(Clone)]
pub struct Ufunc {
    name: &'static str,
    arity: usize,
    body: Body,
    associative: bool,
}

type Function = dyn Fn(&[&Array]) -> Result<Array> + Send + Sync;

#[derive(Clone)]
enum Body {
    Traced { steps: Vec<Step>, result: usize },
    Function(Arc<Function>),
}

impl std::fmt::Debug for Ufunc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ufunc {} of {}", self.name, self.arity)
    }
}

/// Traces a function of one element once; it then runs fused wherever its array lives. Functions of two and
/// three elements: [`ufunc2`], [`ufunc3`].
///
/// ```
/// use polyarray_core::{Array, numpy::ufunc};
/// # use polyarray_cpu as _;
/// let softsign = ufunc("softsign", |x| &x / (x.abs() + 1.0));
/// assert_eq!(softsign.call(&[&Array::from([-1.0, 0.0, 3.0])])?.to_vec::<f64>()?, [-0.5, 0.0, 0.75]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn ufunc(name: &'static str, f: impl FnOnce(Sym) -> Sym) -> Ufunc {
    traced(name, |[x]| f(x))
}

/// Traces a function of two elements: see [`ufunc`]. It can also be reduced, accumulated and taken over all
/// pairs.
///
/// ```
/// use polyarray_core::{Array, numpy::ufunc2};
/// # use polyarray_cpu as _;
/// let hypot = ufunc2("hypot", |a, b| (&a * &a + &b * &b).sqrt());
/// assert_eq!(hypot.call(&[&Array::from([3.0, 6.0]), &Array::from([4.0, 8.0])])?.to_vec::<f64>()?, [5.0, 10.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn ufunc2(name: &'static str, f: impl FnOnce(Sym, Sym) -> Sym) -> Ufunc {
    traced(name, |[a, b]| f(a, b))
}

/// Traces a function of three elements: see [`ufunc`].
///
/// ```
/// use polyarray_core::{Array, numpy::ufunc3};
/// # use polyarray_cpu as _;
/// let between = ufunc3("between", |x, low, high| x.max(low).min(high));
/// let (x, low, high) = (Array::from([-5.0, 0.5, 5.0]), Array::from([0.0]), Array::from([1.0]));
/// assert_eq!(between.call(&[&x, &low, &high])?.to_vec::<f64>()?, [0.0, 0.5, 1.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn ufunc3(name: &'static str, f: impl FnOnce(Sym, Sym, Sym) -> Sym) -> Ufunc {
    traced(name, |[a, b, c]| f(a, b, c))
}

fn traced<const N: usize>(name: &'static str, f: impl FnOnce([Sym; N]) -> Sym) -> Ufunc {
    let steps = Rc::new(RefCell::new(Vec::new()));
    let args = std::array::from_fn(|i| Sym::push(&steps, Step::Argument(i)));
    let result = f(args);
    if !Rc::ptr_eq(&result.steps, &steps) {
        steps.borrow_mut().push(Step::Foreign);
    }
    let steps = steps.borrow().clone();
    Ufunc { name, arity: N, body: Body::Traced { steps, result: result.at }, associative: false }
}

impl Ufunc {
    /// A function that is called with the arrays themselves, in place of a trace: for interpreters. What it does with them
    /// is to be done element by element; then it is recorded, and fused, as a trace is.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, Ufunc}};
    /// # use polyarray_cpu as _;
    /// let twice = Ufunc::of("twice", 1, |args| np::multiply(args[0], 2.0));
    /// assert_eq!(twice.call(&[&Array::from([1.0, 2.0])])?.to_vec::<f64>()?, [2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn of(
        name: &'static str,
        arity: usize,
        function: impl Fn(&[&Array]) -> Result<Array> + Send + Sync + 'static,
    ) -> Ufunc {
        Ufunc { name, arity, body: Body::Function(Arc::new(function)), associative: false }
    }

    /// Declares that `f(f(a, b), c)` may be computed as `f(a, f(b, c))`: reductions then take logarithmically
    /// many steps instead of one per element.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc2};
    /// # use polyarray_cpu as _;
    /// let largest = ufunc2("largest", |a, b| a.max(b)).associative();
    /// assert_eq!(largest.reduce(&Array::from([3.0, 7.0, 5.0]), 0)?.item()?.to_f64(), 7.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn associative(mut self) -> Ufunc {
        self.associative = true;
        self
    }

    /// Its name.
    ///
    /// ```
    /// use polyarray_core::numpy::ufunc;
    /// assert_eq!(ufunc("twice", |x| x * 2.0).name(), "twice");
    /// ```
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self, given: usize, wanted: usize) -> Result<()> {
        if given == wanted && self.arity == wanted {
            return Ok(());
        }
        Err(Error::Shape {
            op: self.name,
            operands: format!("{given} operands"),
            fix: format!("the function takes {}", self.arity),
        })
    }

    /// The function of every element, operands broadcast.
    ///
    /// NumPy: the call of a `ufunc`, as `numpy.frompyfunc` makes one.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc2};
    /// # use polyarray_cpu as _;
    /// let scaled = ufunc2("scaled", |x, by| x * by + 1.0);
    /// let y = scaled.call(&[&Array::from([[1.0, 2.0], [3.0, 4.0]]), &Array::from([10.0, 100.0])])?;
    /// assert_eq!(y.to_vec::<f64>()?, [11.0, 201.0, 31.0, 401.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the operations that it is made of; [`Error::Shape`] for a wrong number of operands.
    pub fn call<R: Marker>(&self, args: &[&Array<R>]) -> Result<Array<R>> {
        self.check(args.len(), self.arity)?;
        let args: Vec<Array> = args.iter().map(|a| a.as_dyn()).collect();
        self.run(&args.iter().collect::<Vec<_>>())?.retyped()
    }

    fn run(&self, args: &[&Array]) -> Result<Array> {
        let (steps, result) = match &self.body {
            Body::Traced { steps, result } => (steps, *result),
            Body::Function(function) => return function(args),
        };
        let mut values: Vec<Array> = Vec::with_capacity(steps.len());
        for step in steps {
            values.push(match step {
                Step::Argument(i) => args[*i].clone(),
                Step::Constant(c) => Array::weak(*c),
                Step::Foreign => {
                    return Err(Error::Unknown {
                        what: "symbol",
                        name: "of another function's trace".into(),
                        known: format!("the arguments of {}, and what is computed from them", self.name),
                    });
                }
                Step::Map(op, at) => apply(*op, &at.iter().map(|&i| &values[i]).collect::<Vec<_>>())?,
            });
        }
        Ok(values.swap_remove(result))
    }

    /// The binary function folded along an axis from the first element on, in order; an associative one by a
    /// balanced tree of fixed shape.
    ///
    /// NumPy: `ufunc.reduce(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc2};
    /// # use polyarray_cpu as _;
    /// let less = ufunc2("less", |a, b| a - b);
    /// assert_eq!(less.reduce(&Array::from([10.0, 3.0, 2.0]), 0)?.item()?.to_f64(), 5.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`call`](Ufunc::call); [`Error::Axis`]; [`Error::Shape`] along an axis of length 0.
    pub fn reduce<R: Marker>(&self, x: &Array<R>, axis: isize) -> Result<Array<R>> {
        self.check(2, 2)?;
        let x = x.as_dyn();
        let axis = self.along(&x, axis)?;
        if !self.associative {
            let mut total = at(&x, axis, 0)?;
            for i in 1..x.shape()[axis] {
                total = self.run(&[&total, &at(&x, axis, i)?])?;
            }
            return total.retyped();
        }
        let mut x = x;
        while x.shape()[axis] > 1 {
            let n = x.shape()[axis];
            let half = n / 2;
            let folded = self.run(&[&part(&x, axis, 0, 2 * half, 2)?, &part(&x, axis, 1, 2 * half, 2)?])?;
            x = if n % 2 == 1 {
                concat(&[&folded, &part(&x, axis, n - 1, n, 1)?], axis as isize)?
            } else {
                folded
            };
        }
        at(&x, axis, 0)?.retyped()
    }

    /// Every intermediate result of [`reduce`](Ufunc::reduce) in order: a scan. The shape is that of `x`.
    ///
    /// NumPy: `ufunc.accumulate(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc2};
    /// # use polyarray_cpu as _;
    /// let less = ufunc2("less", |a, b| a - b);
    /// assert_eq!(less.accumulate(&Array::from([10.0, 3.0, 2.0]), 0)?.to_vec::<f64>()?, [10.0, 7.0, 5.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`reduce`](Ufunc::reduce), but that an axis of length 0 gives an empty array.
    pub fn accumulate<R: Marker>(&self, x: &Array<R>, axis: isize) -> Result<Array<R>> {
        self.check(2, 2)?;
        let mut x = x.as_dyn();
        let axis = wrap_axis(self.name, axis, x.ndim())?;
        let n = x.shape()[axis];
        if n < 2 {
            return x.retyped();
        }
        if !self.associative {
            let mut total = at(&x, axis, 0)?;
            let mut all = vec![total.expand_dims(axis as isize)?];
            for i in 1..n {
                total = self.run(&[&total, &at(&x, axis, i)?])?;
                all.push(total.expand_dims(axis as isize)?);
            }
            let dtype = all[n - 1].dtype();
            all[0] = astype(&all[0], dtype)?;
            return concat(&all.iter().collect::<Vec<_>>(), axis as isize)?.retyped();
        }
        // Hillis and Steele 1986: each step doubles how many elements a place has seen.
        let mut reach = 1;
        while reach < n {
            let seen = self.run(&[&part(&x, axis, 0, n - reach, 1)?, &part(&x, axis, reach, n, 1)?])?;
            x = concat(&[&part(&x, axis, 0, reach, 1)?, &seen], axis as isize)?;
            reach *= 2;
        }
        x.retyped()
    }

    /// The binary function of every pair: shape of `a`, then of `b`.
    ///
    /// NumPy: `ufunc.outer(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::ufunc2};
    /// # use polyarray_cpu as _;
    /// let less = ufunc2("less", |a, b| a - b);
    /// let table = less.outer(&Array::from([10.0, 20.0]), &Array::from([1.0, 2.0]))?;
    /// assert_eq!(table.to_vec::<f64>()?, [9.0, 8.0, 19.0, 18.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`call`](Ufunc::call).
    pub fn outer<R: Marker>(&self, a: &Array<R>, b: &Array<R>) -> Result<Array<R>> {
        self.check(2, 2)?;
        let mut left = a.as_dyn();
        for _ in 0..b.ndim() {
            left = left.expand_dims(-1)?;
        }
        self.run(&[&left, &b.as_dyn()])?.retyped()
    }

    fn along(&self, x: &Array, axis: isize) -> Result<usize> {
        let axis = wrap_axis(self.name, axis, x.ndim())?;
        if x.shape()[axis] == 0 {
            return Err(Error::Shape {
                op: self.name,
                operands: format!("shape {:?}", x.shape()),
                fix: "there is nothing to fold along an axis of length 0".into(),
            });
        }
        Ok(axis)
    }
}

/// The part of `x` from `start` to `stop` by `step` along an axis.
fn part(x: &Array, axis: usize, start: usize, stop: usize, step: usize) -> Result<Array> {
    use crate::array::{Item, Slice};
    let all = Item::Slice { start: None, stop: None, step: 1 };
    let mut items: smallvec::SmallVec<[Item; 4]> = smallvec::SmallVec::from_elem(all, axis);
    items.push(Item::Slice { start: Some(start as isize), stop: Some(stop as isize), step: step as isize });
    x.slice(Slice(items))
}

/// The elements at one index along an axis, which goes.
fn at(x: &Array, axis: usize, i: usize) -> Result<Array> {
    part(x, axis, i, i + 1, 1)?.squeeze([axis as isize])
}
