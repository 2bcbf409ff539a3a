//! What is larger than a buffer or than 32-bit indices, but is never stored.

use polyarray_core::numpy as np;
use polyarray_core::{Array, DType, Error, Result, Scalar};

use crate::{device, on_gpu};

/// 0, 1, …, 6, 0, … on the device, as a column or a row; of eight bytes where the device has such numbers.
fn cycle(n: usize, shape: [isize; 2]) -> Array {
    let values: Vec<i8> = (0..n).map(|i| (i % 7) as i8).collect();
    np::astype(on_gpu(&Array::from(values)), DType::I64).unwrap().reshape(shape).unwrap()
}

/// A column and a row whose product is larger than a buffer.
fn factors() -> (usize, usize) {
    let across = 3 << 12;
    (device().profile().max_buffer as usize / 8 / across + 1, across)
}

#[test]
fn what_is_reduced_may_be_larger_than_a_buffer() {
    let (down, across) = factors();
    let (x, y) = (cycle(down, [-1, 1]), cycle(across, [1, -1]));
    let sums = |n: usize| (0..n).map(|i| (i % 7) as i64).sum::<i64>();
    let product = || np::multiply(&x, &y);
    let total = np::sum(product().unwrap(), ()).unwrap().item().unwrap();
    assert_eq!(total, Scalar::I64(sums(down) * sums(across)));
    let columns = np::sum(product().unwrap(), 0).unwrap().to_vec::<i64>().unwrap();
    assert!(columns.iter().enumerate().all(|(j, &sum)| sum == (j % 7) as i64 * sums(down)));
}

/// It can't be computed once for both, because it can't be stored.
#[test]
fn what_is_too_large_to_be_shared_is_computed_twice() {
    let (down, across) = factors();
    let product = np::multiply(cycle(down, [-1, 1]), cycle(across, [1, -1])).unwrap();
    let (most, least) = (np::max(&product, ()).unwrap(), np::min(&product, ()).unwrap());
    assert_eq!(most.item().unwrap(), Scalar::I64(36));
    assert_eq!(least.item().unwrap(), Scalar::I64(0));
}

#[test]
fn what_is_too_large_and_wanted_is_an_error_that_says_so() {
    let (down, across) = factors();
    let product = np::multiply(cycle(down, [-1, 1]), cycle(across, [1, -1])).unwrap();
    let error = product.eval().map(drop).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let sorted = np::cumulative_sum(&product, 1).and_then(|y| y.eval().map(drop));
    assert!(matches!(sorted, Err(Error::TooLarge { .. })), "{sorted:?}");
}

/// More than 2³² elements, of the quickest kind: what else is done in parts is tested on fewer.
#[test]
fn more_elements_than_32_bits_count_are_reduced() -> Result<()> {
    let len = (1_usize << 32) + 5;
    let x = on_gpu(&Array::from(vec![3_i8])).broadcast_to([len])?;
    assert_eq!(np::sum(np::multiply(&x, 2_i8)?, ())?.item()?, Scalar::I64(6 * len as i64));
    Ok(())
}
