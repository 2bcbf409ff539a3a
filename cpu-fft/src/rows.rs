//! Transforms of rows.

use crate::operand::Rows;
use bytemuck::{Pod, Zeroable};
use num_complex::Complex;
use polyarray_core::backend::specs::{Fft, Transform};
use polyarray_core::backend::{Buffers, Cx, HostBuffer, Operand, one};
use polyarray_core::dispatch::detached;
use polyarray_core::{Element, Result};
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{FftNum, FftPlanner};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that are read together.
const TOGETHER: usize = 8;
/// Elements of a task.
const TASK: usize = 1 << 15;
/// Real numbers of which there may always be memory.
const CLAIMED: usize = 1 << 20;

/// A real number whose complex one is a dtype.
pub trait Float: FftNum + Element<Repr = Self> + Pod + std::ops::MulAssign {
    fn narrow(x: f64) -> Self;
}

impl Float for f32 {
    fn narrow(x: f64) -> f32 {
        x as f32
    }
}

impl Float for f64 {
    fn narrow(x: f64) -> f64 {
        x
    }
}

/// The plans made so far, kept by the instance.
struct Plans<T: FftNum>(Mutex<(FftPlanner<T>, RealFftPlanner<T>)>);

impl<T: FftNum> Default for Plans<T> {
    fn default() -> Self {
        Plans(Mutex::new((FftPlanner::new(), RealFftPlanner::new())))
    }
}

/// The algorithm of one length.
enum Plan<T> {
    Complex(Arc<dyn rustfft::Fft<T>>),
    FromReal(Arc<dyn RealToComplex<T>>),
    ToReal(Arc<dyn ComplexToReal<T>>),
}

fn plan<T: FftNum>(cx: Cx, spec: &Fft) -> Plan<T> {
    let mut plans = cx.state::<Plans<T>>().0.lock().unwrap_or_else(PoisonError::into_inner);
    match spec.transform {
        Transform::Forward => Plan::Complex(plans.0.plan_fft_forward(spec.len)),
        Transform::Backward => Plan::Complex(plans.0.plan_fft_inverse(spec.len)),
        Transform::RealForward => Plan::FromReal(plans.1.plan_fft_forward(spec.len)),
        Transform::RealBackward => Plan::ToReal(plans.1.plan_fft_inverse(spec.len)),
    }
}

/// A claim on memory that the libraries allocate, and abort without. Nothing for what is small.
fn claim<T: Float>(numbers: Option<usize>) -> Result<Option<HostBuffer>> {
    let reals = numbers.and_then(|n| n.checked_mul(2)).unwrap_or(usize::MAX);
    (reals > CLAIMED).then(|| HostBuffer::unwritten(T::DTYPE, reals)).transpose()
}

/// Complex numbers that a plan of so many points keeps, at most: the factors of turning of each of its passes; without small
/// primes also those of a convolution, which is up to four times as long.
fn kept(len: usize) -> Option<usize> {
    let rough = [2, 3, 5, 7, 11, 13].into_iter().fold(len, |mut rest, prime| {
        while rest.is_multiple_of(prime) {
            rest /= prime;
        }
        rest
    });
    len.checked_mul(if rough == 1 { 4 } else { 16 })
}

/// # Errors
/// Out of memory; an operand that is not on the host, or of another dtype.
pub fn transform<T: Float>(cx: Cx, x: &Operand, spec: &Fft) -> Result<Buffers>
where
    Complex<T>: Element<Repr = Complex<T>> + Pod,
{
    let claimed = claim::<T>(kept(spec.len))?;
    let plan = plan::<T>(cx, spec);
    drop(claimed);
    match plan {
        Plan::Complex(plan) => {
            let rows = Rows::<Complex<T>>::of(x)?;
            let scratch = plan.get_inplace_scratch_len().max(plan.get_immutable_scratch_len());
            each::<Complex<T>, T, _>(spec, scratch, |first, out, scratch: &mut [Complex<T>]| {
                let whole = spec.given == spec.len;
                if whole && let Some(row) = rows.dense_row(first) {
                    for (i, out) in out.chunks_mut(spec.len).enumerate() {
                        let row = if i == 0 { row } else { rows.dense_row(first + i).unwrap_or(row) };
                        plan.process_immutable_with_scratch(row, out, scratch);
                    }
                } else {
                    rows.copy(first, out, spec.len);
                    for out in out.chunks_mut(spec.len) {
                        out[spec.given..].fill(Complex::zeroed());
                        plan.process_with_scratch(out, scratch);
                    }
                }
            })
        }
        Plan::FromReal(plan) => {
            let rows = Rows::<T>::of(x)?;
            // A row's copy is worked in, too.
            let input = together(spec) * spec.len;
            let scratch = plan.get_scratch_len() + input.div_ceil(2);
            let half = spec.lengths()[1];
            each::<Complex<T>, T, _>(spec, scratch, |first, out, scratch: &mut [Complex<T>]| {
                let (copy, scratch) = scratch.split_at_mut(input.div_ceil(2));
                let copy =
                    &mut bytemuck::cast_slice_mut::<Complex<T>, T>(copy)[..out.len() / half * spec.len];
                rows.copy(first, copy, spec.len);
                for (row, out) in copy.chunks_mut(spec.len).zip(out.chunks_mut(half)) {
                    row[spec.given..].fill(T::zeroed());
                    plan.process_with_scratch(row, out, scratch).expect("the lengths are the plan's");
                }
            })
        }
        Plan::ToReal(plan) => {
            let rows = Rows::<Complex<T>>::of(x)?;
            let half = spec.lengths()[0];
            let input = together(spec) * half;
            let scratch = plan.get_scratch_len() + input;
            each::<T, T, _>(spec, scratch, |first, out, scratch: &mut [Complex<T>]| {
                let (copy, scratch) = scratch.split_at_mut(input);
                let copy = &mut copy[..out.len() / spec.len * half];
                rows.copy(first, copy, half);
                for (row, out) in copy.chunks_mut(half).zip(out.chunks_mut(spec.len)) {
                    row[spec.given..].fill(Complex::zeroed());
                    // The sum of a real transform's elements is real, and so is the one of alternating signs.
                    row[0].im = T::zeroed();
                    if spec.len.is_multiple_of(2) {
                        row[half - 1].im = T::zeroed();
                    }
                    plan.process_with_scratch(row, out, scratch).expect("the lengths are the plan's");
                }
            })
        }
    }
}

fn together(spec: &Fft) -> usize {
    TOGETHER.min(spec.rows)
}

/// Calls `body` with up to [`together`] rows of the result, the number of the first, and scratch, and multiplies what it wrote.
fn each<O, T, F>(spec: &Fft, scratch: usize, body: F) -> Result<Buffers>
where
    O: Element<Repr = O> + Pod,
    T: Float,
    Complex<T>: Pod,
    F: Fn(usize, &mut [O], &mut [Complex<T>]) + Sync,
{
    let width = spec.lengths()[1];
    let mut result = HostBuffer::unwritten(O::DTYPE, spec.rows * width)?;
    let out = result.as_repr_mut::<O>()?;
    let group = together(spec) * width;
    let at_once = rayon::current_num_threads().min(spec.rows.div_ceil(together(spec)));
    let _claimed = claim::<T>(scratch.checked_mul(at_once))?;
    let make = || vec![Complex::<T>::zeroed(); scratch];
    let one_group = |scratch: &mut Vec<Complex<T>>, (i, out): (usize, &mut [O])| {
        body(i * together(spec), out, scratch);
        if spec.scale != 1.0 {
            let by = T::narrow(spec.scale);
            bytemuck::cast_slice_mut::<O, T>(out).iter_mut().for_each(|x| *x *= by);
        }
    };
    let groups = out.chunks_mut(group).enumerate();
    if spec.rows > 1 && spec.rows * width >= TASK {
        // A thread that waits may be handed another caller's task, so it waits in the empty dispatch state.
        let least = (TASK / group).max(1);
        detached(|| {
            out.par_chunks_mut(group).enumerate().with_min_len(least).for_each_init(make, one_group);
        });
    } else {
        let mut scratch = make();
        groups.for_each(|group| one_group(&mut scratch, group));
    }
    Ok(one(result))
}
