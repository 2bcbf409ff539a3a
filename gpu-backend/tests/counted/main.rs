//! What is counted: kernels, copies, bytes and time. One test at a time, because the counters belong
//! to the device that all share.

mod fusion;
mod kernels;
mod pressure;

use parking_lot::{Mutex, MutexGuard};
use polyarray_gpu::{Gpu, GpuBackend};

/// The device behind `gpu:0`, for one test alone.
fn alone() -> (MutexGuard<'static, ()>, Gpu) {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock();
    (guard, GpuBackend::open(0).unwrap_or_else(|error| panic!("{error}")).device())
}
