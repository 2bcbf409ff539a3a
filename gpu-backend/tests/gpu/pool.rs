use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use polyarray_gpu::{GpuBuffer, GpuError};

use crate::gpu;

const MIB: u64 = 1 << 20;

#[test]
fn buffers_come_back_and_are_handed_out_again() {
    let gpu = gpu();
    gpu.trim();
    let before = gpu.pool_stats();
    let first = gpu.allocate(3 * MIB + 5, "test").unwrap();
    assert_eq!(first.len(), 3 * MIB + 5);
    assert!(first.capacity() >= first.len());
    let class = first.capacity();
    let held = gpu.pool_stats();
    assert_eq!(held.in_use, before.in_use + class);
    assert_eq!(held.allocations, before.allocations + 1);
    drop(first);
    let kept = gpu.pool_stats();
    assert_eq!((kept.in_use, kept.cached), (before.in_use, class));
    let again = gpu.allocate(class - 100, "test").unwrap();
    let hit = gpu.pool_stats();
    assert_eq!((hit.hits, hit.allocations), (before.hits + 1, held.allocations));
    assert!(hit.peak >= class);
    drop(again);
    assert_eq!(gpu.trim(), class);
    assert_eq!(gpu.pool_stats().cached, 0);
}

#[test]
fn a_full_pool_differs_from_what_can_never_fit() {
    let gpu = gpu();
    gpu.trim();
    gpu.set_memory_limit(8 * MIB);
    match gpu.allocate(9 * MIB, "holding x") {
        Err(GpuError::CanNeverFit { limit, which: "memory", .. }) => assert_eq!(limit, 8 * MIB),
        other => panic!("{other:?}"),
    }
    let held = gpu.allocate(6 * MIB, "holding y").unwrap();
    match gpu.allocate(4 * MIB, "holding z") {
        Err(error @ GpuError::OutOfMemory { .. }) => {
            assert!(error.to_string().contains("holding z"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    // What is kept does not stand in the way of another size.
    let fits = gpu.allocate(7 * MIB, "holding z").unwrap();
    assert_eq!(gpu.pool_stats().cached, 0);
    drop(fits);
    let never = gpu.profile().max_buffer + 4;
    gpu.set_memory_limit(u64::MAX);
    assert!(matches!(gpu.allocate(never, "x"), Err(GpuError::CanNeverFit { which: "one buffer", .. })));
}

#[test]
fn pressure_hooks_are_asked_before_an_allocation_fails() {
    let gpu = gpu();
    gpu.trim();
    gpu.set_memory_limit(8 * MIB);
    let cache: Arc<Mutex<Vec<GpuBuffer>>> = Arc::default();
    cache.lock().push(gpu.allocate(6 * MIB, "a cached upload").unwrap());
    let asked = Arc::new(AtomicU64::new(0));
    // Weak: a hook that kept buffers alive would keep their device, and itself, for ever.
    let (held, seen) = (Arc::downgrade(&cache), Arc::clone(&asked));
    gpu.on_pressure(Box::new(move |wanted| {
        seen.fetch_add(1, Ordering::Relaxed);
        assert!(wanted >= 4 * MIB);
        held.upgrade()
            .map_or(0, |cache| std::mem::take(&mut *cache.lock()).iter().map(GpuBuffer::capacity).sum())
    }));
    let fits = gpu.allocate(4 * MIB, "x").expect("the hook made room");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert!(cache.lock().is_empty());
    drop(fits);
}

#[test]
fn poison_fills_what_is_handed_out() {
    let gpu = gpu();
    gpu.set_poison(Some(0xDEAD_BEEF));
    for _ in 0..2 {
        let buffer = gpu.allocate(1000, "test").unwrap();
        let mut words = [0_u32; 250];
        gpu.read(&buffer, 0, bytemuck::cast_slice_mut(&mut words)).unwrap();
        assert!(words.iter().all(|&word| word == 0xDEAD_BEEF));
    }
}

#[test]
fn the_default_limit_of_an_adapter_on_the_cpu_is_a_share_of_memory() {
    let gpu = gpu();
    if gpu.profile().is_cpu {
        let available = polyarray_gpu::memory::available().unwrap();
        assert!(gpu.memory_limit() < available + available / 2, "{} of {available}", gpu.memory_limit());
    } else {
        assert_eq!(gpu.memory_limit(), u64::MAX);
    }
}
