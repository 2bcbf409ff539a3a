//! Random numbers: blocks of Philox4x32-10, sixteen at a time in vectors.

use crate::element::functions::{double, single};
use crate::parallel::{for_each, worth_sharing};
use crate::simd::{Loop, fused};
use polyarray_core::backend::specs::{Draw, Drawn};
use polyarray_core::backend::{HostBuffer, SpecKernel, kernels, one};
use polyarray_core::{DType, Error, Result};
use std::f64::consts::TAU;
use std::marker::PhantomData;

kernels! { RANDOM; "cpu": Draw = SpecKernel::new(|_, spec, _| Ok(one(drawn(spec)?))); }

/// Blocks side by side.
const LANES: usize = 16;
/// Blocks of a task.
const TASK: usize = 4096;
/// The words of several blocks: the first words, the second ones, …
type Words = [[u32; LANES]; 4];

/// The numbers of a spec.
///
/// # Errors
/// Out of memory; a dtype that nothing is drawn in.
pub fn drawn(spec: &Draw) -> Result<HostBuffer> {
    let mut out = HostBuffer::unwritten(spec.dtype, spec.count)?;
    match (spec.drawn, spec.dtype) {
        (Drawn::Words, DType::U32) => fill::<_, 4, Plain>(spec, out.as_repr_mut::<u32>()?),
        (Drawn::Uniform, DType::F32) => fill::<_, 4, Uniform>(spec, out.as_repr_mut::<f32>()?),
        (Drawn::Uniform, DType::F64) => fill::<_, 2, Uniform>(spec, out.as_repr_mut::<f64>()?),
        (Drawn::Normal, DType::F32) => fill::<_, 4, Normal>(spec, out.as_repr_mut::<f32>()?),
        (Drawn::Normal, DType::F64) => fill::<_, 2, Normal>(spec, out.as_repr_mut::<f64>()?),
        (drawn, dtype) => {
            return Err(Error::DType {
                op: "draw",
                operands: format!("{drawn:?} in {dtype}"),
                fix: "words are uint32, the others float32 or float64".into(),
            });
        }
    }
    Ok(out)
}

/// The `N` elements of each of several blocks. A trait, because a function that is passed as a value is not inlined into the loop,
/// and so is not compiled for its instructions: 16 Mi normal numbers took 300 ms, in calls of `fmaf`.
trait Elements<T, const N: usize> {
    /// The first elements, the second ones, …
    fn of(words: &Words) -> [[T; LANES]; N];
}

struct Plain;
struct Uniform;
struct Normal;

macro_rules! elements {
    ($($Kind:ident: $T:ty, $N:literal = $f:ident;)*) => { $(
        impl Elements<$T, $N> for $Kind {
            #[inline(always)]
            fn of(words: &Words) -> [[$T; LANES]; $N] {
                $f(words)
            }
        }
    )* };
}
elements! {
    Plain: u32, 4 = words;
    Uniform: f32, 4 = uniform_single;
    Uniform: f64, 2 = uniform_double;
    Normal: f32, 4 = normal_single;
    Normal: f64, 2 = normal_double;
}

/// Fills a slice with the `N` elements of each block.
fn fill<T: Copy + Default + Send + Sync, const N: usize, E: Elements<T, N>>(spec: &Draw, out: &mut [T]) {
    let share = worth_sharing(out.len(), 8);
    for_each(out.chunks_mut(TASK * N).enumerate(), share, &|| (), &|(), (task, out)| {
        let block = spec.stream.block.wrapping_add((task * TASK) as u128);
        let run = Fill::<T, N, E> { key: spec.stream.key, block, out, elements: PhantomData };
        if let Err(run) = fused(run) {
            run.run();
        }
    });
}

struct Fill<'a, T, const N: usize, E> {
    key: u64,
    block: u128,
    out: &'a mut [T],
    elements: PhantomData<E>,
}

impl<T: Copy + Default, const N: usize, E: Elements<T, N>> Loop for Fill<'_, T, N, E> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let mut block = self.block;
        for out in self.out.chunks_mut(LANES * N) {
            let elements = E::of(&philox(self.key, block));
            block = block.wrapping_add(LANES as u128);
            let mut row = [[T::default(); N]; LANES];
            for (lane, row) in row.iter_mut().enumerate() {
                for (n, x) in row.iter_mut().enumerate() {
                    *x = elements[n][lane];
                }
            }
            out.copy_from_slice(&row.as_flattened()[..out.len()]);
        }
    }
}

/// Ten rounds over the blocks from `block` on.
#[inline(always)]
fn philox(key: u64, block: u128) -> Words {
    let mut c: Words = [[0; LANES]; 4];
    for lane in 0..LANES {
        let block = block.wrapping_add(lane as u128);
        for (n, c) in c.iter_mut().enumerate() {
            c[lane] = (block >> (32 * n)) as u32;
        }
    }
    let (mut k0, mut k1) = (key as u32, (key >> 32) as u32);
    for _ in 0..10 {
        let mut next: Words = [[0; LANES]; 4];
        for lane in 0..LANES {
            let first = u64::from(c[0][lane]) * 0xD251_1F53;
            let second = u64::from(c[2][lane]) * 0xCD9E_8D57;
            next[0][lane] = (second >> 32) as u32 ^ c[1][lane] ^ k0;
            next[1][lane] = second as u32;
            next[2][lane] = (first >> 32) as u32 ^ c[3][lane] ^ k1;
            next[3][lane] = first as u32;
        }
        c = next;
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

#[inline(always)]
fn words(w: &Words) -> Words {
    *w
}

#[inline(always)]
fn uniform_single(w: &Words) -> [[f32; LANES]; 4] {
    w.map(|w| w.map(|w| (w >> 8) as f32 * 2_f32.powi(-24)))
}

/// The upper 53 bits of two words, the second being the higher one, as a number below 2⁵³.
#[inline(always)]
fn whole(low: u32, high: u32) -> f64 {
    f64::from(high >> 5) * 67_108_864.0 + f64::from(low >> 6)
}

#[inline(always)]
fn uniform_double(w: &Words) -> [[f64; LANES]; 2] {
    [0, 2].map(|n| std::array::from_fn(|lane| whole(w[n][lane], w[n + 1][lane]) * 2_f64.powi(-53)))
}

#[inline(always)]
fn normal_single(w: &Words) -> [[f32; LANES]; 4] {
    let mut out = [[0.0; LANES]; 4];
    for n in [0, 2] {
        for lane in 0..LANES {
            let u = w[n][lane] as f32 * 2_f32.powi(-32) + 2_f32.powi(-33);
            // The angle, in 2⁻³² of a turn: its upper two bits, rounded, are the nearest quarter, what is left is exact.
            let turn = w[n + 1][lane];
            let quarters = turn.wrapping_add(1 << 29) >> 30;
            let angle = turn.wrapping_sub(quarters << 30) as i32 as f32 * (TAU as f32 * 2_f32.powi(-32));
            let (sin, cos) = single::sin_cos_of_quarters(quarters, angle);
            let r = (-2.0 * single::log(u)).sqrt();
            out[n][lane] = r * cos;
            out[n + 1][lane] = r * sin;
        }
    }
    out
}

#[inline(always)]
fn normal_double(w: &Words) -> [[f64; LANES]; 2] {
    let mut out = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        let u = (whole(w[0][lane], w[1][lane]) + 0.5) * 2_f64.powi(-53);
        // The same of 53 bits.
        let (low, high) = (w[2][lane], w[3][lane]);
        let quarters = high.wrapping_add(1 << 29) >> 30;
        let left = high.wrapping_sub(quarters << 30) as i32 >> 5;
        let angle = (f64::from(left) * 67_108_864.0 + f64::from(low >> 6)) * (TAU * 2_f64.powi(-53));
        let (sin, cos) = double::sin_cos_of_quarters(u64::from(quarters), angle);
        let r = (-2.0 * double::log(u)).sqrt();
        out[0][lane] = r * cos;
        out[1][lane] = r * sin;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of Random123 (kat_vectors).
    #[test]
    fn blocks_are_those_of_random123() {
        let first = |key, block| philox(key, block).map(|w| w[0]);
        assert_eq!(first(0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(first(u64::MAX, u128::MAX), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let counter = 0x0370_7344_1319_8a2e_85a3_08d3_243f_6a88;
        assert_eq!(
            first(0x299f_31d0_a409_3822, counter),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
