//! What a place can do at most, as far as it can be measured from here: copy memory, multiply matrices.

use std::time::Instant;

use super::Place;
use crate::{Array, DType, Error, Result, astype, matmul};

/// Bytes per second (each byte counted once read and once written) of the fastest of `rounds` copies of `bytes`
/// within the place's memory.
///
/// On the host that is the faster of the system's own copy on all threads and of the backend's copy kernel; on a
/// device the backend's copy kernel, the only one that arrays have.
///
/// # Errors
/// Out of memory; a lost device.
pub fn copy_rate(place: &Place, bytes: usize, rounds: usize) -> Result<f64> {
    let elements = (bytes / 4).max(1);
    let source = place.hold(&[Array::from(vec![1.0f32; elements])])?;
    let mut fastest = f64::INFINITY;
    for _ in 0..rounds.max(1) {
        let (_, seconds) = place.resident_round(&source, &|x| astype(&x[0], DType::F32))?;
        fastest = fastest.min(seconds);
    }
    if place.is_host() {
        fastest = fastest.min(system_copy(elements, rounds.max(1)));
    }
    Ok((elements * 8) as f64 / fastest)
}

/// Seconds of the fastest of `rounds` copies of `elements` words by all threads into memory that is there already.
fn system_copy(elements: usize, rounds: usize) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = elements.div_ceil(threads);
    let source = vec![1u32; elements];
    let mut target = vec![2u32; elements];
    let mut fastest = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for (from, to) in source.chunks(share).zip(target.chunks_mut(share)) {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
        fastest = fastest.min(start.elapsed().as_secs_f64());
        std::hint::black_box(&mut target);
    }
    fastest
}

/// Floating point operations per second of the fastest of `rounds` products of two `n` × `n` matrices of `dtype`.
///
/// # Errors
/// [`Error::Unsupported`] where the place does not hold the dtype; out of memory; a lost device.
pub fn product_rate(place: &Place, dtype: DType, n: usize, rounds: usize) -> Result<f64> {
    let values: Vec<f64> = (0..n * n).map(|i| (i % 31) as f64 / 31.0).collect();
    let matrix = astype(&Array::from_vec(values, &[n, n])?, dtype)?;
    let held = place.hold(&[matrix])?;
    let mut fastest = f64::INFINITY;
    // The first one compiles what there is to compile.
    for _ in 0..rounds.max(1) + 1 {
        let (_, seconds) = place.resident_round(&held, &|x| matmul(&x[0], &x[0]))?;
        fastest = fastest.min(seconds);
    }
    if fastest.is_finite() && fastest > 0.0 {
        return Ok(2.0 * (n as f64).powi(3) / fastest);
    }
    Err(Error::Backend {
        op: "matmul".into(),
        backend: place.name(),
        message: "it took no time at all: the clock can't be trusted".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_of_a_believable_size() {
        crate::testing::on_every_backend(|name| {
            let place = Place::open(name)?;
            let copy = copy_rate(&place, 4 << 20, 3).unwrap();
            let product = product_rate(&place, DType::F32, 128, 2).unwrap();
            assert!((1e6..1e14).contains(&copy), "{name}: {copy:e} bytes per second");
            assert!((1e6..1e15).contains(&product), "{name}: {product:e} operations per second");
            Ok(())
        });
    }
}
