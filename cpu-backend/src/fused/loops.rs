//! The tight loops over a block: one operation, one dtype, compiled for each instruction set.

use crate::element::Arithmetic;
use crate::simd::{Loop, fused, widest};

/// An operand of a block, as bytes of its stored elements.
#[derive(Clone, Copy)]
pub enum Operand<'a> {
    /// One element per element of the block.
    Each(&'a [u8]),
    /// The first element stands for all: a scalar, or a broadcast axis.
    Splat(&'a [u8]),
}

/// A loop ready to run: reads the operands, writes the output (as many elements as the output has bytes for).
/// At least one operand is [`Operand::Each`], or the output is one element.
pub type MapLoop = Box<dyn Fn(&[Operand<'_>], &mut [u8]) + Send + Sync>;

/// An operand as stored elements.
enum Items<'a, T: Arithmetic> {
    Each(&'a [T::Repr]),
    Splat(T),
}

impl<'a> Operand<'a> {
    fn items<T: Arithmetic>(self, n: usize) -> Items<'a, T> {
        match self {
            Operand::Each(bytes) => Items::Each(&bytemuck::cast_slice(bytes)[..n]),
            Operand::Splat(bytes) if n == 1 => Items::Each(&bytemuck::cast_slice(bytes)[..1]),
            Operand::Splat(bytes) => {
                Items::Splat(T::from_repr(bytemuck::cast_slice(&bytes[..size_of::<T::Repr>()])[0]))
            }
        }
    }
}

struct Unary<'a, A: Arithmetic, O: Arithmetic, F> {
    f: F,
    a: &'a [A::Repr],
    out: &'a mut [O::Repr],
}

impl<A: Arithmetic, O: Arithmetic, F: Fn(A) -> O> Loop for Unary<'_, A, O, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (o, &a) in self.out.iter_mut().zip(self.a) {
            *o = (self.f)(A::from_repr(a)).to_repr();
        }
    }
}

/// The loop of a function of one operand.
pub fn unary<A: Arithmetic, O: Arithmetic>(f: impl Fn(A) -> O + Copy + Send + Sync + 'static) -> MapLoop {
    Box::new(move |args, out| {
        let out: &mut [O::Repr] = bytemuck::cast_slice_mut(out);
        match args[0].items::<A>(out.len()) {
            Items::Each(a) => widest(Unary::<A, O, _> { f, a, out }),
            Items::Splat(a) => out.fill(f(a).to_repr()),
        }
    })
}

/// Is an element among them where the function's fast form does not hold?
struct AnyFar<'a, T: Arithmetic, P> {
    far: P,
    a: &'a [T::Repr],
}

impl<T: Arithmetic, P: Fn(T) -> bool> Loop for AnyFar<'_, T, P> {
    type Out = bool;
    #[inline(always)]
    fn run(self) -> bool {
        self.a.iter().fold(false, |any, &x| any | (self.far)(T::from_repr(x)))
    }
}

/// The loop of a function in two forms: `fast` on fused products, and `plain` for what is `far` (few elements, as a
/// rule none) and for processors without fused products. Which form an element gets depends on itself alone.
pub fn function<T: Arithmetic>(
    fast: impl Fn(T) -> T + Copy + Send + Sync + 'static,
    plain: impl Fn(T) -> T + Copy + Send + Sync + 'static,
    far: impl Fn(T) -> bool + Copy + Send + Sync + 'static,
) -> MapLoop {
    Box::new(move |args, out| {
        let out: &mut [T::Repr] = bytemuck::cast_slice_mut(out);
        // Two slices, so that one scalar goes through the same code as an array of them.
        let (first, a) = match args[0].items::<T>(out.len()) {
            Items::Each(a) => (None, a),
            Items::Splat(x) => (Some([x.to_repr()]), &[][..]),
        };
        let a = first.as_ref().map_or(a, |x| &x[..]);
        let (computed, copies) = out.split_at_mut(a.len());
        if let Err(task) = fused(Unary::<T, T, _> { f: fast, a, out: &mut *computed }) {
            Unary::<T, T, _> { f: plain, a: task.a, out: task.out }.run();
        } else if widest(AnyFar::<T, _> { far, a }) {
            for (o, &x) in computed.iter_mut().zip(a) {
                let x = T::from_repr(x);
                if far(x) {
                    *o = plain(x).to_repr();
                }
            }
        }
        if let Some(&first) = computed.first() {
            copies.fill(first);
        }
    })
}

struct Binary<'a, A: Arithmetic, O: Arithmetic, F> {
    f: F,
    a: &'a [A::Repr],
    b: &'a [A::Repr],
    out: &'a mut [O::Repr],
}

impl<A: Arithmetic, O: Arithmetic, F: Fn(A, A) -> O> Loop for Binary<'_, A, O, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for ((o, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *o = (self.f)(A::from_repr(a), A::from_repr(b)).to_repr();
        }
    }
}

/// The loop of a function of two operands of one dtype.
pub fn binary<A: Arithmetic, O: Arithmetic>(f: impl Fn(A, A) -> O + Copy + Send + Sync + 'static) -> MapLoop {
    Box::new(move |args, out| {
        let out: &mut [O::Repr] = bytemuck::cast_slice_mut(out);
        let n = out.len();
        match (args[0].items::<A>(n), args[1].items::<A>(n)) {
            (Items::Each(a), Items::Each(b)) => widest(Binary::<A, O, _> { f, a, b, out }),
            (Items::Each(a), Items::Splat(b)) => widest(Unary::<A, O, _> { f: move |x| f(x, b), a, out }),
            (Items::Splat(a), Items::Each(b)) => widest(Unary::<A, O, _> { f: move |x| f(a, x), a: b, out }),
            (Items::Splat(a), Items::Splat(b)) => out.fill(f(a, b).to_repr()),
        }
    })
}

struct Select<'a, T: Arithmetic> {
    condition: &'a [u8],
    a: Items<'a, T>,
    b: Items<'a, T>,
    out: &'a mut [T::Repr],
}

impl<T: Arithmetic> Loop for Select<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let each = self.out.iter_mut().zip(self.condition);
        match (self.a, self.b) {
            (Items::Each(a), Items::Each(b)) => {
                for (((o, &c), &a), &b) in each.zip(a).zip(b) {
                    *o = if c != 0 { a } else { b };
                }
            }
            (Items::Each(a), Items::Splat(b)) => {
                let b = b.to_repr();
                for ((o, &c), &a) in each.zip(a) {
                    *o = if c != 0 { a } else { b };
                }
            }
            (Items::Splat(a), Items::Each(b)) => {
                let a = a.to_repr();
                for ((o, &c), &b) in each.zip(b) {
                    *o = if c != 0 { a } else { b };
                }
            }
            (Items::Splat(a), Items::Splat(b)) => {
                let (a, b) = (a.to_repr(), b.to_repr());
                for (o, &c) in each {
                    *o = if c != 0 { a } else { b };
                }
            }
        }
    }
}

/// `where`: the first operand is bool, the others are `T`.
pub fn select<T: Arithmetic>() -> MapLoop {
    Box::new(|args, out| {
        let out: &mut [T::Repr] = bytemuck::cast_slice_mut(out);
        let n = out.len();
        let (a, b) = (args[1].items::<T>(n), args[2].items::<T>(n));
        match args[0].items::<bool>(n) {
            Items::Each(condition) => widest(Select { condition, a, b, out }),
            Items::Splat(c) => match if c { a } else { b } {
                Items::Each(x) => out.copy_from_slice(x),
                Items::Splat(x) => out.fill(x.to_repr()),
            },
        }
    })
}
