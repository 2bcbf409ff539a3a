//! Work shared among rayon's threads. How it is cut depends on sizes only, never on the number of threads, so
//! neither do the bits of the result. A thread that waits here may be handed another caller's task, so every wait
//! is in the empty dispatch state.
//!
//! The caller works too, and wakes as many of rayon's threads as there is work for: a call handed to the pool as
//! a whole would wait until one thread is awake, and that one until it has woken the next. Everybody takes the next
//! piece that nobody has, so a thread that comes late, or is slow, takes fewer.

use crate::program::Scratch;
use polyarray_core::dispatch::detached;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

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
        let chunks = out.len().div_ceil(size);
        let left = Mutex::new(out.chunks_mut(size).enumerate());
        together(chunks, &|| {
            let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
            let mut s = scratch();
            while let Some((i, chunk)) = next() {
                body(&mut s, i, chunk);
            }
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

/// `body` of each number below `n`.
pub fn for_each_index(
    n: usize,
    share: bool,
    scratch: MakeScratch<'_>,
    body: &(dyn Fn(&mut Scratch, usize) + Sync),
) {
    if share && n > 1 {
        let next = AtomicUsize::new(0);
        together(n, &|| {
            let mut s = scratch();
            loop {
                let i = next.fetch_add(1, Relaxed);
                if i >= n {
                    break;
                }
                body(&mut s, i);
            }
        });
    } else {
        let mut s = scratch();
        (0..n).for_each(|i| body(&mut s, i));
    }
}

/// Runs `worker` here and on as many other threads as `pieces` of work can keep busy.
fn together(pieces: usize, worker: &(dyn Fn() + Sync)) {
    let helpers = rayon::current_num_threads().min(pieces).saturating_sub(1);
    if helpers == 0 {
        return worker();
    }
    detached(|| {
        rayon::in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| worker());
            }
            worker();
        });
    });
}
