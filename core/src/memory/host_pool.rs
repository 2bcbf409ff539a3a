//! Host memory for results. Large blocks are pooled, because the page faults of a fresh block cost more than the
//! arithmetic that fills it (16 Mi f32: 17 ms fresh, 4 ms reused). The largest are anonymous mappings in huge pages, where
//! the system has them: fewer page faults and TLB misses. A limit can be set; exceeding it is an error.

use crate::error::{Error, Result};
use memmap2::MmapMut;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// One cache line: the unit of allocation, which aligns every buffer for SIMD.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Chunk([u8; 64]);

/// Smaller blocks are aligned for any element only: alignment to a cache line costs the allocator time.
const ALIGNED_FROM: usize = 2 << 10;
/// Smaller blocks go back to the allocator, which handles them well.
const POOLED_FROM: usize = 256 << 10;
/// Blocks from this size on are mapped, in whole huge pages: smaller ones would waste much of a page.
const MAPPED_FROM: usize = 4 << 20;
/// A huge page.
const HUGE: usize = 2 << 20;
/// A pooled block serves a request if it exceeds it by at most 1/`WASTE`.
const WASTE: usize = 4;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
static POOL: Mutex<Pool> = Mutex::new(Pool { blocks: BTreeMap::new(), bytes: 0, cap: 1 << 30 });

struct Pool {
    /// Free blocks by number of chunks.
    blocks: BTreeMap<usize, Vec<Block>>,
    bytes: usize,
    cap: usize,
}

/// What host memory holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostMemory {
    /// In arrays computed by backends, borrowed memory included. Vectors adopted from the caller do not count.
    pub live: usize,
    /// Kept for reuse.
    pub pooled: usize,
    /// Most that may be live; `usize::MAX` is no limit.
    pub limit: usize,
}

/// What host memory holds now.
pub fn host_memory() -> HostMemory {
    HostMemory { live: LIVE.load(Relaxed), pooled: POOL.lock().bytes, limit: LIMIT.load(Relaxed) }
}

/// Sets the most bytes that computed arrays may hold on the host; `None` lifts the limit. Arrays already there
/// stay; the next result that would pass the limit is an [`Error::OutOfMemory`].
pub fn set_host_memory_limit(bytes: Option<usize>) {
    LIMIT.store(bytes.unwrap_or(usize::MAX), Relaxed);
}

/// Returns the pooled blocks to the system.
pub fn trim_host_memory() {
    let mut pool = POOL.lock();
    pool.bytes = 0;
    let blocks = std::mem::take(&mut pool.blocks);
    drop(pool);
    drop(blocks);
}

/// Memory of the allocator's, or a mapping.
enum Block {
    Small(Vec<u128>),
    Allocated(Vec<Chunk>),
    Mapped(MmapMut),
}

impl Block {
    /// A fresh one of `n` chunks; `None` where there is no more memory.
    fn fresh(n: usize) -> Option<Block> {
        let bytes = n.checked_mul(64)?;
        if bytes < ALIGNED_FROM {
            return bytemuck::allocation::try_zeroed_vec(n * 4).ok().map(Block::Small);
        }
        if bytes < MAPPED_FROM {
            return bytemuck::allocation::try_zeroed_vec(n).ok().map(Block::Allocated);
        }
        let map = MmapMut::map_anon(bytes).ok()?;
        // A hint: systems without huge pages ignore it.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Some(Block::Mapped(map))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Block::Small(words) => bytemuck::cast_slice(words),
            Block::Allocated(chunks) => bytemuck::cast_slice(chunks),
            Block::Mapped(map) => map,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Block::Small(words) => bytemuck::cast_slice_mut(words),
            Block::Allocated(chunks) => bytemuck::cast_slice_mut(chunks),
            Block::Mapped(map) => map,
        }
    }
}

/// A block of chunks that returns to the pool when dropped.
pub(super) struct Chunks {
    block: Block,
    counted: usize,
}

impl Chunks {
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.bytes()
    }
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.block.bytes_mut()
    }
}

/// A block of at least `bytes`, its contents arbitrary.
pub(super) fn take(bytes: usize) -> Result<Chunks> {
    let limit = LIMIT.load(Relaxed);
    if bytes > limit {
        return Err(Error::TooLarge {
            place: "host".into(),
            bytes: bytes as u128,
            detail: format!("the limit is {limit} bytes"),
        });
    }
    // Count first, so that two threads can't both pass under the limit.
    let live = LIVE.fetch_add(bytes, Relaxed).saturating_add(bytes);
    // From here on dropping `taken` takes the count back, on every return.
    let mut taken = Chunks { block: Block::Small(Vec::new()), counted: bytes };
    if live > limit {
        return Err(full(bytes, format!("{} bytes live, limit {limit}", live - bytes)));
    }
    // Mapped blocks are whole huge pages, so that requests of similar sizes reuse one another's blocks.
    let n = if bytes < MAPPED_FROM { bytes } else { bytes.checked_next_multiple_of(HUGE).unwrap_or(bytes) }
        .div_ceil(64);
    if bytes >= POOLED_FROM {
        let mut pool = POOL.lock();
        let fit = pool.blocks.range(n..=n.saturating_add(n / WASTE)).next().map(|(&k, _)| k);
        if let Some(k) = fit {
            let list = pool.blocks.get_mut(&k).expect("the key was just seen");
            taken.block = list.pop().expect("empty lists are removed");
            if list.is_empty() {
                pool.blocks.remove(&k);
            }
            pool.bytes -= k * 64;
            return Ok(taken);
        }
    }
    let fresh = Block::fresh(n).or_else(|| {
        trim_host_memory();
        Block::fresh(n)
    });
    taken.block = fresh.ok_or_else(|| full(bytes, "the allocator refused".into()))?;
    Ok(taken)
}

/// Borrowed bytes, counted as live until dropped.
pub(super) struct Counted(usize);

/// Counts borrowed bytes as live; none where that exceeds the limit.
pub(super) fn count(bytes: usize) -> Option<Counted> {
    let live = LIVE.fetch_add(bytes, Relaxed).saturating_add(bytes);
    let counted = Counted(bytes);
    (live <= LIMIT.load(Relaxed)).then_some(counted)
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(self.0, Relaxed);
    }
}

fn full(bytes: usize, detail: String) -> Error {
    Error::OutOfMemory { place: "host".into(), bytes: bytes as u64, detail }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        LIVE.fetch_sub(self.counted, Relaxed);
        let size = self.bytes().len();
        if size >= POOLED_FROM {
            let mut pool = POOL.lock();
            if pool.bytes + size <= pool.cap {
                pool.bytes += size;
                let block = std::mem::replace(&mut self.block, Block::Small(Vec::new()));
                pool.blocks.entry(size / 64).or_default().push(block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_and_the_limit_is_an_error() {
        // Of the allocator, and mapped.
        for n in [3 << 20, (5 << 20) + 64] {
            let mut a = take(n).unwrap();
            assert!(a.bytes().len() >= n);
            a.bytes_mut().fill(0xAB);
            let at = a.bytes().as_ptr();
            drop(a);
            let b = take(n - 64).unwrap();
            assert_eq!(b.bytes().as_ptr(), at, "a dropped block serves the next request of its size");
            assert_eq!(at as usize % 64, 0);
        }
        // usize::MAX / 2 bytes can never be had: an error, and the count is taken back.
        let before = host_memory().live;
        assert!(matches!(take(usize::MAX / 2), Err(Error::OutOfMemory { .. })));
        assert_eq!(host_memory().live, before);
    }
}
