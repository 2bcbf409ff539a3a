//! The error of transforms: of every length of one workgroup or less, and of long ones; and on poorer adapters.

use polyarray_core::testing::{samples::Random, transforms_are_accurate};
use polyarray_core::{DType, Result};

use crate::device;

#[test]
fn errors_grow_with_the_logarithm_of_the_length() -> Result<()> {
    device();
    let mut random = Random(7);
    for n in (1..=1024).chain([3_usize.pow(12), 1 << 20, 65_537, 999_983]) {
        transforms_are_accurate("gpu:0", n, DType::F32, &mut random)?;
        transforms_are_accurate("gpu:0", n, DType::F64, &mut random)?;
    }
    Ok(())
}
