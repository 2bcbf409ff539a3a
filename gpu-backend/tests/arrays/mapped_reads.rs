//! Memory that host and device share is mapped instead of copied, and all that anybody notices is the time that it saves.

use std::sync::Arc;
use std::time::Duration;

use polyarray_core::array::{ArrayBackend, Buffer, HostBuffer};
use polyarray_core::expr::{Dims, Input, Instr, Kernel, Op, Output, Strides, Value};
use polyarray_core::{Array, DType, Error, Scalar, numpy as np};
use polyarray_gpu::{DeviceBuffer, Gpu, GpuBackend, Profile, RawKernel, adapters};

const LEN: usize = 100_003;

fn own(change: impl FnOnce(&mut Profile)) -> GpuBackend {
    let (adapter, _) = adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
    let mut profile = adapter.profile.clone();
    change(&mut profile);
    GpuBackend::over(0, Gpu::open_as(adapter, profile).unwrap())
}

fn numbers() -> Vec<i32> {
    (0..LEN as i32).collect()
}

/// `x + by`.
fn plus(backend: &GpuBackend, x: &Arc<dyn Buffer>, by: i32) -> polyarray_core::Result<Arc<dyn Buffer>> {
    let value = |instr| Value { instr, dtype: DType::I32 };
    backend.run(&Kernel {
        dims: Dims::from_slice(&[LEN]),
        inputs: vec![Input { buffer: x.clone(), strides: Strides::from_slice(&[1]), offset: 0 }],
        params: vec![Scalar::I32(by)],
        code: vec![value(Instr::Load(0)), value(Instr::Param(0)), value(Instr::Map(Op::Add, [0, 1, 0]))],
        output: Output::Map,
    })
}

fn read(buffer: &HostBuffer) -> &[i32] {
    buffer.as_slice().unwrap()
}

/// Whether the adapter shares memory; these tests say nothing where it does not, and the software adapter does.
fn maps_reads() -> bool {
    let (adapter, _) = adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
    assert!(
        !adapter.profile.is_cpu || adapter.profile.mapped_primary,
        "no adapter of the CPU type is without"
    );
    adapter.profile.mapped_primary
}

#[test]
fn what_comes_home_is_the_devices_memory_and_a_small_array_is_not() {
    let backend = own(|_| {});
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let (first, second) = (backend.download(&*x).unwrap(), backend.download(&*x).unwrap());
    assert_eq!((read(&first), read(&second)), (&numbers()[..], &numbers()[..]));
    let stats = backend.device().transfer_stats();
    assert_eq!((stats.downloads, stats.download_bytes), (2, 8 * LEN as u64));
    assert_eq!((stats.mapped, first.is_foreign()), if maps_reads() { (2, true) } else { (0, false) });
    assert_eq!(first.bytes().as_ptr() == second.bytes().as_ptr(), maps_reads());
    let small = backend.upload(&HostBuffer::from_vec(vec![1_i32, 2])).unwrap();
    assert!(!backend.download(&*small).unwrap().is_foreign());

    let poorer = own(|profile| profile.mapped_primary = false);
    let x = poorer.upload(&HostBuffer::from_vec(numbers())).unwrap();
    assert!(!poorer.download(&*x).unwrap().is_foreign());
    assert_eq!(poorer.device().transfer_stats().mapped, 0);
}

#[test]
fn the_device_goes_on_with_what_it_lent() {
    let backend = own(|_| {});
    backend.device().set_poison(Some(u32::MAX));
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let mapped = backend.download(&*x).unwrap();
    let in_use = backend.device().pool_stats().in_use;
    let y = plus(&backend, &x, 1).unwrap();
    let z = plus(&backend, &x, 2).unwrap();
    // MappedRead while the kernels that read it are not even handed over.
    let again = backend.download(&*x).unwrap();
    let mirrored = plus(&backend, &x, -1).unwrap();
    assert_eq!(read(&mapped), numbers());
    assert_eq!(read(&again), numbers());
    for (result, by) in [(&y, 1), (&z, 2), (&mirrored, -1)] {
        let got = backend.download(&**result).unwrap();
        assert!(read(&got).iter().zip(0..).all(|(&v, i)| v == i + by), "{by}");
    }
    // Read while mapped, by a read-back too.
    let memory = (&*x as &dyn std::any::Any).downcast_ref::<DeviceBuffer>().unwrap().memory();
    let mut word = [0; 4];
    backend.device().read(memory, 4 * 77, &mut word).unwrap();
    assert_eq!(i32::from_ne_bytes(word), 77);
    let some = backend.device().read_async(memory, 400..408).unwrap().wait().unwrap();
    assert_eq!(bytemuck::cast_slice::<u8, i32>(&some), [100, 101]);
    drop((y, z, mirrored));
    assert_eq!(backend.device().pool_stats().in_use, in_use);
}

#[test]
fn lent_memory_outlives_its_array_and_then_goes_to_the_pool() {
    let backend = own(|_| {});
    let device = backend.device();
    device.set_poison(Some(0x5555_5555));
    let before = device.pool_stats();
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let class = device.pool_stats().in_use - before.in_use;
    let mapped = backend.download(&*x).unwrap();
    drop(x);
    assert_eq!(device.pool_stats().in_use, before.in_use, "it is the host's now");
    for round in 0..3 {
        let other = backend.upload(&HostBuffer::from_vec(vec![round; LEN])).unwrap();
        drop(plus(&backend, &other, 1).unwrap());
        assert_eq!(read(&mapped), numbers());
    }
    let cached = device.pool_stats().cached;
    drop(mapped);
    if maps_reads() {
        assert_eq!(device.pool_stats().cached, cached + class);
    }
    let hits = device.pool_stats().hits;
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    assert_eq!(device.pool_stats().hits, hits + 1);
    assert_eq!(read(&backend.download(&*plus(&backend, &x, 0).unwrap()).unwrap()), numbers());
}

#[test]
fn a_lost_device_takes_no_loan_with_it() {
    let backend = own(|_| {});
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let (mapped, second) = (backend.download(&*x).unwrap(), backend.download(&*x).unwrap());
    backend.device().destroy();
    assert!(matches!(backend.download(&*x), Err(Error::DeviceLost { .. })));
    assert!(matches!(plus(&backend, &x, 1), Err(Error::DeviceLost { .. })));
    drop((x, second));
    backend.reopen().unwrap();
    assert_eq!(read(&mapped), numbers());
    let new = backend.upload(&mapped).unwrap();
    drop(mapped);
    assert_eq!(read(&backend.download(&*new).unwrap()), numbers());
}

#[test]
fn moving_without_memory_is_an_error_that_passes() {
    if !maps_reads() {
        return;
    }
    let backend = own(|_| {});
    let device = backend.device();
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let class = device.pool_stats().in_use;
    let mapped = backend.download(&*x).unwrap();
    let limit = device.memory_limit();
    // The result fits, the copy that its kernel would read does not.
    device.set_memory_limit(2 * class);
    let error = plus(&backend, &x, 1).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    assert_eq!((read(&mapped), device.pool_stats().in_use), (&numbers()[..], class));
    drop(mapped);
    assert_eq!(read(&backend.download(&*plus(&backend, &x, 1).unwrap()).unwrap())[..2], [1, 2]);
    device.set_memory_limit(limit);
}

#[test]
fn threads_lend_and_compute_at_once() {
    let backend = own(|_| {});
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (backend, x) = (&backend, &x);
            scope.spawn(move || {
                let mut kept = None;
                for round in 0..40 {
                    let by = thread * 100 + round;
                    let y = plus(backend, x, by).unwrap();
                    let (home, result) = (backend.download(&**x).unwrap(), backend.download(&*y).unwrap());
                    assert_eq!(read(&home)[LEN - 1], LEN as i32 - 1);
                    assert!(read(&result).iter().zip(0..).all(|(&v, i)| v == i + by));
                    // Some are given back at once, some while the next round computes.
                    kept = (round % 3 > 0).then_some((home, result));
                }
                drop(kept);
            });
        }
    });
    assert!(backend.device().check().is_ok());
    assert_eq!(backend.device().pool_stats().in_use, size(&x));
}

fn size(x: &Arc<dyn Buffer>) -> u64 {
    x.nbytes() as u64
}

#[test]
fn memory_that_comes_back_does_not_pass_the_limit() {
    let backend = own(|_| {});
    let device = backend.device();
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let class = device.pool_stats().in_use;
    device.set_memory_limit(2 * class);
    let mapped = backend.download(&*x).unwrap();
    drop(x);
    let held = [0, 1].map(|_| backend.upload(&HostBuffer::from_vec(numbers())).unwrap());
    // Kept by the pool, beside as much as the limit allows.
    drop(mapped);
    let error = backend.upload(&HostBuffer::from_vec(numbers())).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    assert_eq!(device.pool_stats().in_use, 2 * class);
    drop(held);
    assert!(backend.upload(&HostBuffer::from_vec(numbers())).is_ok());
}

#[test]
fn a_wait_that_was_given_up_leaves_nothing_mapped() {
    let wgsl = "@group(0) @binding(0) var<storage, read_write> x: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var s = x[0];
    for (var i = 0; i < 30000; i += 1) { s = s * 3 + i; x[id.x % 64u] = s; }
}";
    let backend = own(|_| {});
    let device = backend.device();
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    let memory = (&*x as &dyn std::any::Any).downcast_ref::<DeviceBuffer>().unwrap().memory();
    RawKernel::new("slow", wgsl, "main").launch(&device, &[memory], &[], [1024, 1, 1]).unwrap();
    device.set_patience(Duration::from_millis(1));
    // Where it was not given up, the adapter was faster.
    let _ = backend.download(&*x);
    let _ = device.read(memory, 0, &mut [0; 4]);
    device.set_patience(Duration::from_secs(60));
    assert_eq!(read(&backend.download(&*x).unwrap())[64..], numbers()[64..]);
    let y = plus(&backend, &x, 1).unwrap();
    assert_eq!(read(&backend.download(&*y).unwrap())[LEN - 1], LEN as i32);
    device.check().unwrap();
}

/// Whoever polls finds the mappings of all threads.
#[test]
fn threads_wait_while_others_map() {
    let backend = own(|_| {});
    let device = backend.device();
    let x = backend.upload(&HostBuffer::from_vec(numbers())).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (backend, device, x) = (&backend, &device, &x);
            scope.spawn(move || {
                let memory = (&**x as &dyn std::any::Any).downcast_ref::<DeviceBuffer>().unwrap().memory();
                let mut kept = Vec::new();
                for round in 0..400 {
                    match (thread + round) % 5 {
                        0 => {
                            let y = plus(backend, x, 1).unwrap();
                            kept.push(backend.download(&*y).unwrap());
                            assert_eq!(read(&kept[kept.len() - 1])[9], 10);
                        }
                        1 => {
                            let some = device.read_async(memory, 8..12).unwrap().wait().unwrap();
                            assert_eq!(some, 2_i32.to_ne_bytes());
                        }
                        2 => device.write(memory, bytemuck::cast_slice(&[0, 1])).unwrap(),
                        3 => device.finish("a test").unwrap(),
                        _ => kept.push(backend.download(&**x).unwrap()),
                    }
                    if kept.len() > 3 {
                        kept.remove(0);
                    }
                }
            });
        }
    });
}

#[test]
fn arrays_never_tell() {
    let x = crate::on_gpu(&Array::from(numbers()));
    let mut home = x.to("host").unwrap();
    // Written in place, if the memory were the host's own.
    home.assign(":3", -1_i32).unwrap();
    assert_eq!(home.slice(":4").unwrap().to_vec::<i32>().unwrap(), [-1, -1, -1, 3]);
    assert_eq!(x.to_vec::<i32>().unwrap(), numbers());
    let back = home.to("gpu:0").unwrap();
    assert_eq!(back.to_vec::<i32>().unwrap()[..4], [-1, -1, -1, 3]);
    // A view of what came home, and the array itself, on both sides.
    let part = x.to("host").unwrap().slice("::-1").unwrap();
    let doubled = np::add(&x, &x).unwrap();
    assert_eq!(part.get(&[0]).unwrap(), Scalar::I32(LEN as i32 - 1));
    assert_eq!(doubled.get(&[LEN as isize - 1]).unwrap(), Scalar::I32(2 * (LEN as i32 - 1)));
    let first = x.with_view::<i32, _>(|view| view[LEN - 1]).unwrap();
    assert_eq!(first, LEN as i32 - 1);
}
