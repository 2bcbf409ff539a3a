use polyarray_core::array::transfers;
use polyarray_core::{Array, DType, Error, numpy as np};

use crate::alone;

const MIB: usize = 1 << 20;

#[test]
fn creation_on_the_device_copies_nothing() {
    let (_guard, gpu) = alone();
    let before = (transfers(), gpu.transfer_stats());
    let x = np::add(np::arange(1000, np::dtype(DType::I32).device("gpu:0")).unwrap(), 1_i32).unwrap();
    let y = np::full([1000], 2_i32, np::dtype(DType::I32).device("gpu:0")).unwrap();
    let z = np::multiply(&x, &y).unwrap();
    z.eval().unwrap();
    assert_eq!((transfers(), gpu.transfer_stats()), before);
    assert_eq!(z.to_vec::<i32>().unwrap(), (1..=1000).map(|i| 2 * i).collect::<Vec<i32>>());
    assert_eq!(gpu.transfer_stats().downloads, before.1.downloads + 1);
}

#[test]
fn an_uploaded_copy_is_kept_and_dropped_when_memory_runs_short() {
    let (_guard, gpu) = alone();
    let host = Array::from(vec![1.0_f32; MIB]);
    let first = host.to("gpu:0").unwrap();
    let uploads = gpu.transfer_stats().uploads;
    drop(first);
    let again = host.to("gpu:0").unwrap();
    assert_eq!(gpu.transfer_stats().uploads, uploads, "the copy was kept");
    drop(again);
    // Only what is in use and the copy fit; the copy gives way.
    let limit = gpu.memory_limit();
    gpu.trim();
    gpu.set_memory_limit(gpu.pool_stats().in_use + MIB as u64);
    let made = np::full([MIB], 1.0_f32, np::dtype(DType::F32).device("gpu:0")).unwrap();
    let made = made.eval().map(|_| ());
    gpu.set_memory_limit(limit);
    made.expect("the copy gave way");
    host.to("gpu:0").unwrap();
    assert_eq!(gpu.transfer_stats().uploads, uploads + 1, "it is uploaded again");
}

#[test]
fn a_full_device_is_an_error_that_passes() {
    let (_guard, gpu) = alone();
    let limit = gpu.memory_limit();
    let held = np::full([MIB], 1.0_f32, np::dtype(DType::F32).device("gpu:0")).unwrap();
    held.eval().unwrap();
    let next = np::add(&held, 1.0_f32).unwrap();
    gpu.trim();
    // Every copy that other tests left behind is given up first.
    gpu.set_memory_limit(gpu.pool_stats().in_use.max(5 * MIB as u64));
    let full = np::full([gpu.memory_limit() as usize / 4], 1.0_f32, np::dtype(DType::F32).device("gpu:0"));
    let full = full.unwrap().eval().map(|_| ());
    gpu.set_memory_limit(limit);
    assert!(matches!(full, Err(Error::OutOfMemory { .. })), "{full:?}");
    assert_eq!(next.to_vec::<f32>().unwrap()[MIB - 1], 2.0, "it works when there is room again");
}
