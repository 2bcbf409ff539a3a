//! Wrapper backends: kinds that hold other backends, and hand every call on to one of them.

use super::{Along, Reduce, Spread};
use crate::array::Array;
use crate::dispatch::trace::is_listening;
use crate::dispatch::{Cx, Instance, Registrar, Stop, pinned};
use crate::dtype::DType;
use crate::error::Error;
use crate::expr::op::op_table;
use crate::expr::{Op, Reduction};
use smallvec::SmallVec;

/// What a call computes, as far as its cost depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// An elementwise operation.
    Map(Op),
    /// A cast, or a dense copy.
    Cast(DType),
    /// A reduction.
    Reduce(Reduction),
    /// A variance: a reduction that reads its operand twice.
    Var,
    /// A matrix product in the operands' dtype.
    Matmul,
    /// A matrix product in another dtype.
    MatmulAs(DType),
    /// A product of bits.
    MatmulBits,
    /// Arrays one after another.
    Concat,
    /// Elements at indices.
    Take,
}

/// One way to run a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where.
    pub to: Instance,
    /// Operands, by position, whose pending work is recorded there instead of being computed where it was begun and
    /// copied: see [`Array::recorded_on`](crate::array::Array::recorded_on).
    pub again: u8,
}

/// The ways to try, the best one first.
pub type Ranking = SmallVec<[Route; 4]>;

/// Chooses among the backends that a wrapper holds.
pub trait Wrapper {
    /// Who is to run this call, where that is plain at a glance: the one that [`rank`](Self::rank) would put first,
    /// without its pending work moved. Asked for every call that nobody listens to, so it must cost next to nothing;
    /// nothing is always a right answer.
    fn plain(work: Work, operands: &[&Array]) -> Option<Instance> {
        let _ = (work, operands);
        None
    }

    /// Who is to run this call. Asked when one is recorded for which nothing is [`plain`](Self::plain), or to which
    /// somebody listens; why is for the [trace](crate::dispatch::trace::current_sink) to hear.
    ///
    /// # Errors
    /// Declined, when none of them can be asked.
    fn rank(cx: Cx, work: Work, operands: &[&Array]) -> Result<Ranking, Stop<Error>>;
}

type Answer = Result<Array, Stop<Error>>;
type Call<'a> = &'a dyn Fn(&[&Array]) -> Result<Array, Error>;

/// Hands a call on: to the first that has an answer. Operands are copied where they must be; who puts a wrapper in
/// scope allows that. The decision is what small work notices, so the plain ones are made here, in line.
#[inline(always)]
fn forward<W: Wrapper>(
    cx: Cx,
    work: Work,
    operands: &[&Array],
    call: impl Fn(&[&Array]) -> Result<Array, Error>,
) -> Answer {
    if !is_listening()
        && let Some(to) = W::plain(work, operands)
    {
        match pinned(to, true, || call(operands)) {
            Err(e) if nobody(&e) => {}
            answer => return Ok(answer?),
        }
    }
    weighed::<W>(cx, work, operands, &call)
}

/// Was there nobody to run a call?
fn nobody(error: &Error) -> bool {
    matches!(error, Error::Dispatch(why) if matches!(**why, crate::dispatch::Error::NotFound(_)))
}

/// Hands on a call whose place is not plain.
#[inline(never)]
fn weighed<W: Wrapper>(cx: Cx, work: Work, operands: &[&Array], call: Call<'_>) -> Answer {
    let mut last = None;
    for Route { to, again } in W::rank(cx, work, operands)? {
        let answer = if again == 0 {
            pinned(to, true, || call(operands))
        } else {
            let moved = recorded_again(to, again, operands)?;
            let operands: SmallVec<[&Array; 4]> = moved.iter().collect();
            pinned(to, true, || call(&operands))
        };
        match answer {
            Err(e) if nobody(&e) => last = Some(e),
            answer => return Ok(answer?),
        }
    }
    Err(last.map_or_else(|| Stop::declined("it holds no backend for this"), Stop::Failed))
}

/// The operands, those marked with their pending work on `to`, where that can be.
fn recorded_again(to: Instance, again: u8, operands: &[&Array]) -> Result<SmallVec<[Array; 4]>, Error> {
    let moved = operands.iter().enumerate().map(|(n, operand)| {
        let there = if again >> n & 1 == 1 { operand.recorded_on(to)? } else { None };
        Ok(there.unwrap_or_else(|| (*operand).clone()))
    });
    moved.collect()
}

/// Registers, for a wrapper's kind, every method of the domain that has operands and no default of its own
/// (those with one are made of these), and `var`, for which a backend may have a kernel of its own. What makes arrays of nothing stays with the scopes around.
pub fn register_wrapper<W: Wrapper>(r: &mut Registrar<'_>, kind: &str) {
    elementwise::<W>(r, kind);
    reductions::<W>(r, kind);
    r.register::<super::astype>(kind, |cx, x, dtype: DType| {
        forward::<W>(cx, Work::Cast(dtype), &[x], |o| super::astype(o[0], dtype))
    });
    r.register::<super::var>(kind, |cx, x, spread: Spread| {
        forward::<W>(cx, Work::Var, &[x], |o| super::var(o[0], spread.clone()))
    });
    r.register::<super::matmul>(kind, |cx, a, b| {
        forward::<W>(cx, Work::Matmul, &[a, b], |o| super::matmul(o[0], o[1]))
    });
    r.register::<super::matmul_as>(kind, |cx, a, b, dtype: DType| {
        forward::<W>(cx, Work::MatmulAs(dtype), &[a, b], |o| super::matmul_as(o[0], o[1], dtype))
    });
    r.register::<super::matmul_bits>(kind, |cx, a, b| {
        forward::<W>(cx, Work::MatmulBits, &[a, b], |o| super::matmul_bits(o[0], o[1]))
    });
    r.register::<super::take>(kind, |cx, x, indices, along: Along| {
        forward::<W>(cx, Work::Take, &[x, indices], |o| super::take(o[0], o[1], along))
    });
    r.register::<super::concat>(kind, |cx, arrays: &[Array], axis| {
        let operands: Vec<&Array> = arrays.iter().collect();
        forward::<W>(cx, Work::Concat, &operands, |o| super::concat(o, axis))
    });
}

/// A method's entry into the engine, without the residency types in front of it.
macro_rules! erased {
    ($f:ident($($arg:expr),*)) => { $crate::__pastey::paste! { super::[<erased_ $f>]($($arg),*) } };
}

macro_rules! define_elementwise {
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $($rest:tt)*)),* $(,)?) => {
        fn elementwise<W: Wrapper>(r: &mut Registrar<'_>, kind: &str) {
            $( define_elementwise! { @$arity $f $op r kind } )*
        }
    };
    (@unary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<super::$f>($kind, |cx, x| {
            forward::<W>(cx, Work::Map(Op::$op), &[x], |o| erased!($f(o[0])))
        });
    };
    (@binary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<super::$f>($kind, |cx, a, b| {
            forward::<W>(cx, Work::Map(Op::$op), &[a, b], |o| erased!($f(o[0], o[1])))
        });
    };
    (@ternary $f:ident $op:ident $r:ident $kind:ident) => {
        $r.register::<super::$f>($kind, |cx, c, a, b| {
            forward::<W>(cx, Work::Map(Op::$op), &[c, a, b], |o| erased!($f(o[0], o[1], o[2])))
        });
    };
}
op_table!(define_elementwise);

macro_rules! define_reductions {
    ($($f:ident = $op:ident),*) => {
        fn reductions<W: Wrapper>(r: &mut Registrar<'_>, kind: &str) {
            $( r.register::<super::$f>(kind, |cx, x, over: Reduce| {
                forward::<W>(cx, Work::Reduce(Reduction::$op), &[x], |o| erased!($f(o[0], over.clone())))
            }); )*
        }
    };
}
define_reductions!(
    sum = Sum,
    prod = Prod,
    min = Min,
    max = Max,
    any = Any,
    all = All,
    argmin = ArgMin,
    argmax = ArgMax
);
