//! Work shared among rayon's threads. How it is cut depends on sizes only, never on the number of threads, so
//! neither do the bits of the result. A thread that waits here may be handed another caller's task, so every wait
//! is in the empty dispatch state.
//!
//! The caller works too, and wakes as many of rayon's threads as there is work for: a call handed to the pool as
//! a whole would wait until one thread is awake, and that one until it has woken the next. Everybody takes the next
//! piece that nobody has, so a thread that comes late, or is slow, takes fewer.

use polyarray_core::dispatch::detached;
use std::sync::{Mutex, PoisonError};

/// Elements times instructions below which a second thread costs more than it brings.
const WORTH_SHARING: usize = 1 << 16;

/// Is this much work worth more than one thread?
pub fn worth_sharing(elements: usize, cost: usize) -> bool {
    elements.saturating_mul(cost.max(1)) >= WORTH_SHARING
}

/// Makes what a thread works in.
pub type MakeScratch<'a, S> = &'a (dyn Fn() -> S + Sync);

/// Calls `body` with each piece of work, on several threads if it is to be shared.
pub fn for_each<S, T: Send>(
    mut pieces: impl ExactSizeIterator<Item = T> + Send,
    share: bool,
    scratch: MakeScratch<'_, S>,
    body: &(dyn Fn(&mut S, T) + Sync),
) {
    let n = pieces.len();
    let helpers = if share { rayon::current_num_threads().min(n).saturating_sub(1) } else { 0 };
    if helpers == 0 {
        let mut s = scratch();
        return pieces.for_each(|piece| body(&mut s, piece));
    }
    let left: Mutex<&mut (dyn Iterator<Item = T> + Send)> = Mutex::new(&mut pieces);
    let worker = || {
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let mut s = scratch();
        while let Some(piece) = next() {
            body(&mut s, piece);
        }
    };
    together(helpers, &worker);
}

/// Calls `body` with each chunk of `size` bytes of `out` and its number.
pub fn for_each_chunk<S>(
    out: &mut [u8],
    size: usize,
    share: bool,
    scratch: MakeScratch<'_, S>,
    body: &(dyn Fn(&mut S, usize, &mut [u8]) + Sync),
) {
    for_each(out.chunks_mut(size).enumerate(), share, scratch, &|s, (i, chunk)| body(s, i, chunk));
}

/// `body` of each number below `n`, in order.
pub fn collect<S, R: Send>(
    n: usize,
    share: bool,
    scratch: MakeScratch<'_, S>,
    body: &(dyn Fn(&mut S, usize) -> R + Sync),
) -> Vec<R> {
    let mut slots: Vec<Option<R>> = (0..n).map(|_| None).collect();
    for_each(slots.iter_mut().enumerate(), share, scratch, &|s, (i, slot)| *slot = Some(body(s, i)));
    slots.into_iter().map(|slot| slot.expect("every piece was computed")).collect()
}

/// Runs `worker` here and on so many other threads.
fn together(helpers: usize, worker: &(dyn Fn() + Sync)) {
    detached(|| {
        rayon::in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| worker());
            }
            worker();
        });
    });
}
