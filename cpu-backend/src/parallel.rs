//! Work shared among rayon's threads. How it is cut depends on sizes only, never on the number of threads, so
//! neither do the bits of the result. A thread that waits here may be handed another caller's task, so every wait
//! is in the empty dispatch state.
//!
//! Bodies are trait objects: rayon is compiled twice in this crate, not once for each operation and dtype (which
//! took minutes).

use crate::program::Scratch;
use polyarray_core::dispatch::detached;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Elements times instructions below which a second thread costs more than it brings.
const WORTH_SHARING: usize = 1 << 16;

/// Is this much work worth more than one thread?
pub fn worth_sharing(elements: usize, cost: usize) -> bool {
    elements.saturating_mul(cost.max(1)) >= WORTH_SHARING
}

/// Makes what a thread works in.
pub type MakeScratch<'a> = &'a (dyn Fn() -> Scratch + Sync);

/// Calls `body` with each chunk of `size` bytes of `out` and its number.
pub fn for_each_chunk(
    out: &mut [u8],
    size: usize,
    share: bool,
    scratch: MakeScratch<'_>,
    body: &(dyn Fn(&mut Scratch, usize, &mut [u8]) + Sync),
) {
    if share && out.len() > size {
        detached(|| {
            out.par_chunks_mut(size).enumerate().for_each_init(scratch, |s, (i, chunk)| body(s, i, chunk));
        });
    } else {
        let mut s = scratch();
        out.chunks_mut(size).enumerate().for_each(|(i, chunk)| body(&mut s, i, chunk));
    }
}

/// `body` of each number below `n`, in order.
pub fn collect<R: Send + Sync>(
    n: usize,
    share: bool,
    scratch: MakeScratch<'_>,
    body: &(dyn Fn(&mut Scratch, usize) -> R + Sync),
) -> Vec<R> {
    let slots: Vec<OnceLock<R>> = (0..n).map(|_| OnceLock::new()).collect();
    for_each_index(n, share, scratch, &|s, i| {
        // Each number comes once: the slot is empty.
        let _ = slots[i].set(body(s, i));
    });
    slots.into_iter().map(|slot| slot.into_inner().expect("every number came")).collect()
}

fn for_each_index(
    n: usize,
    share: bool,
    scratch: MakeScratch<'_>,
    body: &(dyn Fn(&mut Scratch, usize) + Sync),
) {
    if share && n > 1 {
        detached(|| (0..n).into_par_iter().for_each_init(scratch, |s, i| body(s, i)));
    } else {
        let mut s = scratch();
        (0..n).for_each(|i| body(&mut s, i));
    }
}
