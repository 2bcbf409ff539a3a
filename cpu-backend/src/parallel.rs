//! Work shared among rayon's threads. How it is cut depends on sizes only, never on the number of threads, so
//! neither do the bits of the result. A thread that waits here may be handed another caller's task, so every wait
//! is in the empty dispatch state.

use polyarray_core::dispatch::detached;
use rayon::prelude::*;

/// Elements times instructions below which a second thread costs more than it brings.
const WORTH_SHARING: usize = 1 << 16;

/// Is this much work worth more than one thread?
pub fn worth_sharing(elements: usize, cost: usize) -> bool {
    elements.saturating_mul(cost.max(1)) >= WORTH_SHARING
}

/// Calls `body` with each chunk of `size` items of `out` and its number.
pub fn for_each_chunk<T: Send, S>(
    out: &mut [T],
    size: usize,
    share: bool,
    scratch: impl Fn() -> S + Send + Sync,
    body: impl Fn(&mut S, usize, &mut [T]) + Send + Sync,
) {
    if share && out.len() > size {
        out.par_chunks_mut(size).enumerate().for_each_init(&scratch, |s, (i, chunk)| body(s, i, chunk));
    } else {
        let mut s = scratch();
        out.chunks_mut(size).enumerate().for_each(|(i, chunk)| body(&mut s, i, chunk));
    }
}

/// `body` of each number below `n`, in order.
pub fn collect<R: Send, S>(
    n: usize,
    share: bool,
    scratch: impl Fn() -> S + Send + Sync,
    body: impl Fn(&mut S, usize) -> R + Send + Sync,
) -> Vec<R> {
    if share && n > 1 {
        detached(|| (0..n).into_par_iter().map_init(&scratch, |s, i| body(s, i)).collect())
    } else {
        let mut s = scratch();
        (0..n).map(|i| body(&mut s, i)).collect()
    }
}
