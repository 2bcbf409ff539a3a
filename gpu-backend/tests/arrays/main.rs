//! Arrays on a GPU against references in higher precision, over dtypes, shapes and special values.
//!
//! Outputs are poisoned, so that whatever a kernel leaves unwritten is seen. Without an adapter these
//! tests fail, and say which command mends it.

mod assign;
mod constants;
mod elementwise;
mod elsewhere;
mod epilogues;
mod factorisations;
mod kernels;
mod large;
mod layouts;
mod mapped_reads;
mod memory;
mod ordered;
mod poorer;
mod reductions;
mod reference;
mod transforms;
mod user;

use polyarray_core::testing::samples::Random;
use polyarray_core::{Array, DType, Element, Scalar, with_element};
use polyarray_gpu::{Gpu, GpuBackend};

/// NaN as f32, an index out of every bound, no valid bool.
const POISON: u32 = 0xFFC0_DEAD;

/// The device behind `gpu:0`, which all tests of this binary share.
fn device() -> Gpu {
    let device = GpuBackend::open(0).unwrap_or_else(|error| panic!("{error}")).device();
    device.set_poison(Some(POISON));
    device
}

/// On the GPU.
fn on_gpu(x: &Array) -> Array {
    device();
    x.to("gpu:0").unwrap_or_else(|error| panic!("{error}"))
}

/// A host array of scalars, cast to `dtype`.
fn array(dtype: DType, values: &[Scalar]) -> Array {
    with_element!(dtype, T => Array::from(values.iter().map(|&v| <T as Element>::from_scalar(v)).collect::<Vec<T>>()))
}

/// The elements as scalars, in row-major order.
fn scalars(x: &Array) -> Vec<Scalar> {
    with_element!(x.dtype(), T => x.to_vec::<T>().unwrap_or_else(|e| panic!("{x:?}: {e}")).into_iter().map(Element::scalar).collect())
}

/// What the device holds.
fn dtypes() -> Vec<DType> {
    let f64_too = device().profile().shader_features().f64;
    let all = polyarray_core::dtype::DTYPES;
    all.into_iter().filter(|d| f64_too || !matches!(d, DType::F64 | DType::C128)).collect()
}
