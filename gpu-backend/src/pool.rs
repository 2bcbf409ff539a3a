//! Buffers are kept and handed out again: on a software adapter the first touch of a fresh 64 MiB
//! costs four times a kernel's whole run, on a real one an allocation costs a system call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard};

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::mapped_read::MappedRead;

/// The smallest buffer handed out; also the coarsest binding alignment that WebGPU allows.
const SMALLEST: u64 = 256;

/// What the pool holds and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Bytes held by live buffers.
    pub in_use: u64,
    /// Bytes kept for the next allocation.
    pub cached: u64,
    /// The most bytes that live buffers ever held at once.
    pub peak: u64,
    /// Allocations served from the cache.
    pub hits: u64,
    /// Allocations that the cache could not serve.
    pub misses: u64,
    /// Buffers made by the driver.
    pub allocations: u64,
}

/// Called when memory runs short, with the bytes wanted; answers the bytes it let go of. It must
/// only drop handles: the pool's lock is not held, but the caller's locks may be.
pub type PressureHook = Box<dyn Fn(u64) -> u64 + Send + Sync>;

#[derive(Debug)]
struct Cached {
    raw: wgpu::Buffer,
    last_use: u64,
}

#[derive(Debug, Default)]
struct State {
    free: BTreeMap<u64, Vec<Cached>>,
    stats: PoolStats,
    poison: Option<u32>,
}

pub(crate) struct Pool {
    state: Mutex<State>,
    /// Beside the state: recording asks for it at every operation.
    limit: AtomicU64,
    hooks: Mutex<Vec<PressureHook>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// What one round of asking the pool gave.
enum Attempt {
    Done(Cached),
    /// The limit leaves no room.
    Full,
    /// The driver has none to give.
    Refused,
}

impl Pool {
    pub(crate) fn new(limit: u64) -> Self {
        Self { state: Mutex::default(), limit: AtomicU64::new(limit), hooks: Mutex::default() }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        self.state.lock().stats
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(crate) fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    pub(crate) fn set_poison(&self, pattern: Option<u32>) {
        self.state.lock().poison = pattern;
    }

    pub(crate) fn add_hook(&self, hook: PressureHook) {
        self.hooks.lock().push(hook);
    }

    /// Gives every kept buffer back to the driver; the bytes given back.
    pub(crate) fn trim(&self) -> u64 {
        let (dropped, bytes) = {
            let mut state = self.state.lock();
            let bytes = std::mem::take(&mut state.stats.cached);
            (std::mem::take(&mut state.free), bytes)
        };
        // Dropped outside the lock: destroying a buffer can be slow.
        drop(dropped);
        bytes
    }

    fn press(&self, wanted: u64) -> u64 {
        self.hooks.lock().iter().map(|hook| hook(wanted)).sum()
    }

    /// A buffer from the cache, or a new one if the limit leaves room, after dropping kept ones.
    fn attempt(&self, gpu: &Gpu, class: u64) -> Attempt {
        let mut dropped = Vec::new();
        {
            let mut state = self.state.lock();
            let limit = self.limit();
            let room = |state: &State| limit.saturating_sub(state.stats.in_use);
            // Kept buffers are asked, too: mapped reads that ended bring more of them than the limit leaves room for.
            if room(&state) < class {
                return Attempt::Full;
            }
            if let Some(list) = state.free.get_mut(&class)
                && let Some(cached) = list.pop()
            {
                state.stats.cached -= class;
                state.stats.hits += 1;
                state.take(class);
                return Attempt::Done(cached);
            }
            while state.stats.cached > room(&state) - class {
                // Largest first: the fewest buffers lost for the room gained.
                let Some(mut entry) = state.free.last_entry() else { break };
                let size = *entry.key();
                match entry.get_mut().pop() {
                    Some(cached) => {
                        dropped.push(cached);
                        state.stats.cached -= size;
                    }
                    None => {
                        entry.remove();
                    }
                }
            }
            // Reserved before the driver is asked, so that two threads can't both pass the check.
            state.take(class);
            state.stats.misses += 1;
        }
        drop(dropped);
        match gpu.create_pooled(class) {
            Some(raw) => {
                self.state.lock().stats.allocations += 1;
                Attempt::Done(Cached { raw, last_use: 0 })
            }
            None => {
                self.state.lock().stats.in_use -= class;
                Attempt::Refused
            }
        }
    }
}

impl State {
    fn take(&mut self, class: u64) {
        self.stats.in_use += class;
        self.stats.peak = self.stats.peak.max(self.stats.in_use);
    }
}

/// The size really allocated for `bytes`: eight classes per octave, so at most an eighth is wasted
/// and differing shapes still meet in the same class.
pub fn size_class(bytes: u64) -> u64 {
    let bytes = bytes.max(1);
    let octave = 63 - bytes.leading_zeros();
    let step = (1_u64 << octave.saturating_sub(3)).max(SMALLEST);
    bytes.checked_next_multiple_of(step).unwrap_or(u64::MAX)
}

impl Gpu {
    /// A buffer of at least `bytes`, its content undefined. Reclaims before it fails: kept buffers
    /// first, then finished work, then what the pressure hooks let go of.
    ///
    /// # Errors
    /// [`GpuError::CanNeverFit`] where no freeing would help, [`GpuError::OutOfMemory`] where it
    /// would, [`GpuError::DeviceLost`].
    pub fn allocate(&self, bytes: u64, operation: &str) -> Result<GpuBuffer> {
        self.check()?;
        let profile = self.profile();
        let limit = self.pool().limit();
        let never = |limit, which| GpuError::CanNeverFit {
            operation: operation.to_owned(),
            device: self.title(),
            asked: bytes,
            limit,
            which,
        };
        if bytes > profile.max_buffer {
            return Err(never(profile.max_buffer, "one buffer"));
        }
        // The class may round beyond what the adapter can make.
        let class = size_class(bytes).min(profile.max_buffer);
        if class > limit {
            return Err(never(limit, "memory"));
        }
        for round in 0..3 {
            let cached = match self.pool().attempt(self, class) {
                Attempt::Done(cached) => Some(cached),
                Attempt::Full => None,
                Attempt::Refused => {
                    self.check()?;
                    None
                }
            };
            if let Some(Cached { raw, last_use }) = cached {
                let last_use = AtomicU64::new(last_use);
                let memory =
                    Memory { raw, class, last_use, mapped: AtomicBool::new(false), gpu: self.clone() };
                let place = Place { memory: Arc::new(memory), read: Weak::new() };
                let buffer = GpuBuffer { bytes, class, place: Mutex::new(place), gpu: self.clone() };
                let poison = self.pool().state.lock().poison;
                if let Some(pattern) = poison {
                    // Straight after allocation, so that whatever a kernel leaves unwritten shows.
                    self.fill_with(&buffer, pattern)?;
                }
                return Ok(buffer);
            }
            // What the hooks let go of is cached first, so the trim comes after them.
            if round == 1 {
                self.pool().press(class);
            }
            self.finish("waiting for memory")?;
            self.pool().trim();
        }
        Err(GpuError::OutOfMemory {
            operation: operation.to_owned(),
            device: self.title(),
            asked: bytes,
            in_use: self.pool().stats().in_use,
            limit,
        })
    }
}

/// Memory of the driver's. Dropping it gives it back to the pool.
pub(crate) struct Memory {
    raw: wgpu::Buffer,
    class: u64,
    /// The batch that used it last, 0 for none.
    last_use: AtomicU64,
    /// The host has it; it must not be in a submit.
    mapped: AtomicBool,
    gpu: Gpu,
}

impl Memory {
    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        &self.raw
    }

    pub(crate) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(crate) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Acquire)
    }

    pub(crate) fn used_by(&self, batch: u64) {
        self.last_use.fetch_max(batch, Ordering::AcqRel);
    }

    pub(crate) fn is_mapped(&self) -> bool {
        self.mapped.load(Ordering::Acquire)
    }

    pub(crate) fn set_mapped(&self, mapped: bool) {
        self.mapped.store(mapped, Ordering::Release);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let cached = Cached { raw: self.raw.clone(), last_use: self.last_use() };
        // A lost device's buffers are worth nothing.
        if self.gpu.is_well() {
            let mut state = self.gpu.pool().state.lock();
            state.stats.cached += self.class;
            state.free.entry(self.class).or_default().push(cached);
        }
    }
}

/// Where a buffer's bytes are.
pub(crate) struct Place {
    pub(crate) memory: Arc<Memory>,
    /// Who reads them on the host.
    pub(crate) read: Weak<MappedRead>,
}

/// A live buffer. Dropping it gives its memory back to the pool.
pub struct GpuBuffer {
    bytes: u64,
    class: u64,
    /// Another one from time to time, see [`crate::mapped_read`]. Locked after the recorder, never before it.
    place: Mutex<Place>,
    gpu: Gpu,
}

impl GpuBuffer {
    /// The bytes asked for.
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// Whether no byte was asked for (there is a buffer behind it all the same).
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The bytes there really are: at least [`GpuBuffer::len`], a multiple of 4.
    pub fn capacity(&self) -> u64 {
        self.class
    }

    /// The device it lives on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(crate) fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock()
    }

    pub(crate) fn memory(&self) -> Arc<Memory> {
        Arc::clone(&self.place.lock().memory)
    }
}

impl std::fmt::Debug for GpuBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GpuBuffer({} bytes on {})", self.bytes, self.gpu.name())
    }
}

impl Drop for GpuBuffer {
    fn drop(&mut self) {
        // Memory that is still mapped is the host's from here on.
        self.gpu.pool().state.lock().stats.in_use -= self.class;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_is_asked_and_waste_at_most_an_eighth() {
        let mut bytes = 1_u64;
        while bytes < 1 << 40 {
            for asked in [bytes - 1, bytes, bytes + 1, bytes + bytes / 3] {
                let class = size_class(asked);
                assert!(class >= asked, "{asked}");
                assert_eq!(class % SMALLEST, 0);
                if asked >= 2048 {
                    assert!(class - asked <= asked / 8 + 1, "{asked} -> {class}");
                }
                assert_eq!(size_class(class), class, "a class is its own class");
            }
            bytes *= 2;
        }
        assert_eq!(size_class(u64::MAX), u64::MAX);
    }
}
