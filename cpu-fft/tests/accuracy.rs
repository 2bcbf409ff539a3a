//! The error of the host's transforms.

use polyarray_core::testing::{samples::Random, transforms_are_accurate};
use polyarray_core::{DType, Result};
use {polyarray_cpu as _, polyarray_cpu_fft as _};

#[test]
fn errors_grow_with_the_logarithm_of_the_length() -> Result<()> {
    let mut random = Random(7);
    for n in (1..=1024).chain([3_usize.pow(12), 1 << 20, 65_537, 999_983]) {
        transforms_are_accurate("host", n, DType::F32, &mut random)?;
        transforms_are_accurate("host", n, DType::F64, &mut random)?;
    }
    Ok(())
}
