//! The tight loops over a block: one operation, one dtype, compiled for each instruction set.

use crate::element::Arithmetic;
use crate::element::half::{half, single};
use crate::erased::with_bits;
use crate::simd::{Loop, fused, widest};
use ::half::f16;
use bytemuck::Pod;

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

impl<'a> Operand<'a> {
    /// Its elements: `n` of them, or the one that stands for all.
    fn elements<P: Pod>(self, n: usize) -> &'a [P] {
        match self {
            Operand::Each(bytes) => &bytemuck::cast_slice(bytes)[..n],
            Operand::Splat(bytes) => &bytemuck::cast_slice(&bytes[..size_of::<P>()])[..n.min(1)],
        }
    }

    /// Some elements of it, `size` bytes each.
    fn part(self, first: usize, n: usize, size: usize) -> Operand<'a> {
        match self {
            Operand::Each(bytes) => Operand::Each(&bytes[first * size..(first + n) * size]),
            Operand::Splat(bytes) => Operand::Splat(bytes),
        }
    }
}

/// Fills a block with its first element.
pub fn repeat_first(out: &mut [u8], size: usize) {
    let mut have = size;
    while have < out.len() {
        let n = have.min(out.len() - have);
        out.copy_within(..n, have);
        have += n;
    }
}

/// The loop of what leaves elements of so many bytes as they are.
pub fn copy(size: usize) -> MapLoop {
    Box::new(move |args, out| match args[0] {
        Operand::Each(bytes) => out.copy_from_slice(&bytes[..out.len()]),
        Operand::Splat(bytes) => {
            out[..size].copy_from_slice(&bytes[..size]);
            repeat_first(out, size);
        }
    })
}

/// The loop of what is 0, or false, of every element.
pub fn zero() -> MapLoop {
    Box::new(|_, out| out.fill(0))
}

/// The loop of an operation of two operands given that of the operation on them in turn.
pub fn swapped(run: MapLoop) -> MapLoop {
    Box::new(move |args, out| run(&[args[1], args[0]], out))
}

/// Elements that loops in several steps take at a time: what is between them stays in the first-level cache.
const STEP: usize = 512;

/// The loop of two casts one after the other, from elements of `from` bytes, through ones of `middle`, to ones of `to`.
pub fn through(first: MapLoop, second: MapLoop, [from, middle, to]: [usize; 3]) -> MapLoop {
    Box::new(move |args, out| {
        let mut room = [0_u128; STEP];
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut room);
        for (i, out) in out.chunks_mut(STEP * to).enumerate() {
            let n = out.len() / to;
            let x = args[0].part(i * STEP, n, from);
            let room = match x {
                Operand::Each(_) => &mut room[..n * middle],
                Operand::Splat(_) => &mut room[..middle],
            };
            first(&[x], room);
            let between = match x {
                Operand::Each(_) => Operand::Each(room),
                Operand::Splat(_) => Operand::Splat(room),
            };
            second(&[between], out);
        }
    })
}

/// The loop of an operation on float16, given that on float32: f32 has more than twice the digits, so `+ - * / sqrt` rounded to
/// it and then once more stay correctly rounded. What it gives is float16 again if it has as many bytes.
pub fn in_single(run: MapLoop, gives: usize) -> MapLoop {
    Box::new(move |args, out| {
        let (mut xs, mut result) = ([[0_f32; STEP]; 2], [0_f32; STEP]);
        for (i, out) in out.chunks_mut(STEP * gives).enumerate() {
            let n = out.len() / gives;
            let mut operands = [Operand::Splat(&[]); 2];
            for ((x, operand), arg) in xs.iter_mut().zip(&mut operands).zip(args) {
                *operand = match arg.part(i * STEP, n, 2) {
                    Operand::Each(halves) => {
                        widest(Unary::<f16, f32, _> {
                            f: single,
                            a: bytemuck::cast_slice(halves),
                            out: &mut x[..n],
                        });
                        Operand::Each(bytemuck::cast_slice(&x[..n]))
                    }
                    Operand::Splat(halves) => {
                        x[0] = single(bytemuck::cast_slice(&halves[..2])[0]);
                        Operand::Splat(bytemuck::cast_slice(&x[..1]))
                    }
                };
            }
            let operands = &operands[..args.len()];
            if gives == size_of::<f16>() {
                run(operands, bytemuck::cast_slice_mut(&mut result[..n]));
                let out = bytemuck::cast_slice_mut(out);
                widest(Unary::<f32, f16, _> { f: half, a: &result[..n], out });
            } else {
                run(operands, out);
            }
        }
    })
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
        let a = args[0].elements(out.len());
        let (computed, copies) = out.split_at_mut(a.len());
        widest(Unary::<A, O, _> { f, a, out: &mut *computed });
        if let Some(&first) = computed.first() {
            copies.fill(first);
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
        let a = args[0].elements(out.len());
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

/// Operands are as long as the output, or parts that repeat.
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
        let (n, step) = (self.out.len(), self.a.len().min(self.b.len()).max(1));
        for (i, out) in self.out.chunks_mut(step).enumerate() {
            let part = |x: &'_ [A::Repr]| -> usize { if x.len() < n { 0 } else { i * step } };
            let (a, b) = (&self.a[part(self.a)..], &self.b[part(self.b)..]);
            for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *o = (self.f)(A::from_repr(a), A::from_repr(b)).to_repr();
            }
        }
    }
}

/// The loop of a function of two operands of one dtype. A scalar is written side by side a few times: one loop serves scalars
/// on either side, and its elements are loaded from the first-level cache.
pub fn binary<A: Arithmetic, O: Arithmetic>(f: impl Fn(A, A) -> O + Copy + Send + Sync + 'static) -> MapLoop {
    Box::new(move |args, out| {
        let out: &mut [O::Repr] = bytemuck::cast_slice_mut(out);
        let n = out.len();
        let (a, b) = (args[0].elements(n), args[1].elements(n));
        let scalar = if a.len() < b.len() { a } else { b };
        let run = |repeated: &[A::Repr], out| match (a.len() < n, b.len() < n) {
            (true, false) => widest(Binary::<A, O, _> { f, a: repeated, b, out }),
            (false, true) => widest(Binary::<A, O, _> { f, a, b: repeated, out }),
            _ => widest(Binary::<A, O, _> { f, a, b, out }),
        };
        match n {
            _ if scalar.len() == n => run(&[], out),
            // Few elements do not pay for many copies.
            ..=64 => run(&[scalar[0]; 64][..n], out),
            65..=4096 => run(&[scalar[0]; 128], out),
            _ => run(&[scalar[0]; STEP], out),
        }
    })
}

/// Elements of an operand that stand for all, written side by side: what a loop of three operands takes at a time.
const PIECE: usize = 128;

/// Operands are as long as the output, or repeat every [`PIECE`] elements.
struct Ternary<'a, T: Arithmetic, F> {
    f: F,
    args: [&'a [T::Repr]; 3],
    out: &'a mut [T::Repr],
}

impl<T: Arithmetic, F: Fn(T, T, T) -> T> Loop for Ternary<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let whole = self.out.len();
        for (i, out) in self.out.chunks_mut(PIECE).enumerate() {
            let n = out.len();
            let part = |x: &'_ [T::Repr]| -> usize { if x.len() < whole { 0 } else { i * PIECE } };
            let (a, b, c) = (self.args[0], self.args[1], self.args[2]);
            let (a, b, c) = (&a[part(a)..][..n], &b[part(b)..][..n], &c[part(c)..][..n]);
            for (((o, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *o = (self.f)(T::from_repr(a), T::from_repr(b), T::from_repr(c)).to_repr();
            }
        }
    }
}

/// The loop of a function of three operands of one dtype, which is that of its results.
pub fn ternary<T: Arithmetic>(f: impl Fn(T, T, T) -> T + Copy + Send + Sync + 'static) -> MapLoop {
    Box::new(move |args, out| {
        let out: &mut [T::Repr] = bytemuck::cast_slice_mut(out);
        let n = out.len();
        let args = [args[0], args[1], args[2]].map(|arg| arg.elements::<T::Repr>(n));
        if args.iter().all(|x| x.len() == n) {
            return widest(Ternary::<T, _> { f, args, out });
        }
        let once = |x: &[T::Repr]| [x[0]; PIECE];
        let (a, b, c) = (once(args[0]), once(args[1]), once(args[2]));
        let each = |x: &'_ [T::Repr]| x.len() == n;
        let rooms = [&a, &b, &c].map(|room| &room[..n.min(PIECE)]);
        let args = std::array::from_fn(|k| if each(args[k]) { args[k] } else { rooms[k] });
        widest(Ternary::<T, _> { f, args, out });
    })
}

struct Select<'a, P> {
    condition: &'a [u8],
    a: &'a [P],
    b: &'a [P],
    out: &'a mut [P],
}

impl<P: Pod> Loop for Select<'_, P> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let each = self.out.iter_mut().zip(self.condition);
        match (self.a, self.b) {
            ([a], [b]) => each.for_each(|(o, &c)| *o = if c != 0 { *a } else { *b }),
            ([a], b) => each.zip(b).for_each(|((o, &c), b)| *o = if c != 0 { *a } else { *b }),
            (a, [b]) => each.zip(a).for_each(|((o, &c), a)| *o = if c != 0 { *a } else { *b }),
            (a, b) => {
                each.zip(a).zip(b).for_each(|(((o, &c), a), b)| *o = if c != 0 { *a } else { *b });
            }
        }
    }
}

/// `where`: the first operand is bool, the others have elements of so many bytes.
pub fn select(size: usize) -> MapLoop {
    with_bits!(size, P => Box::new(|args, out| {
        let out: &mut [P] = bytemuck::cast_slice_mut(out);
        let n = out.len();
        let (condition, a, b) = (args[0].elements(n), args[1].elements::<P>(n), args[2].elements::<P>(n));
        match (condition, out.split_first_mut()) {
            (&[c], Some((first, rest))) => {
                let chosen = if c != 0 { a } else { b };
                *first = chosen[0];
                match chosen.get(1..) {
                    Some([]) | None => rest.fill(*first),
                    Some(others) => rest.copy_from_slice(others),
                }
            }
            _ => widest(Select { condition, a, b, out }),
        }
    }))
}
