//! What a place can do at most, as far as it can be measured from here: copy memory, multiply matrices.

use std::time::Instant;

use super::Place;
use polyarray::{Array, DType, Result, astype, matmul};

/// Rounds of something fast go on for so many seconds: a busy machine shows what it can do only now and then.
const ENOUGH: f64 = 0.15;

/// Seconds of the fastest of `rounds` rounds, or of as many as are done in [`ENOUGH`].
fn fastest(rounds: usize, mut round: impl FnMut() -> Result<f64>) -> Result<f64> {
    let start = Instant::now();
    let mut fastest = f64::INFINITY;
    let mut done = 0;
    while done < rounds.max(1) || start.elapsed().as_secs_f64() < ENOUGH {
        fastest = fastest.min(round()?);
        done += 1;
    }
    Ok(fastest)
}

/// Bytes per second (each byte counted once read and once written) of the fastest of at least `rounds` copies of
/// `bytes` within the place's memory.
///
/// On the host that is the faster of the system's own copy on all threads and of the backend's copy kernel; on a
/// device the backend's copy kernel, the only one that arrays have.
///
/// # Errors
/// Out of memory; a lost device.
pub fn copy_rate(place: &Place, bytes: usize, rounds: usize) -> Result<f64> {
    let elements = (bytes / 4).max(1);
    let source = place.hold(&[Array::from(vec![1.0f32; elements])])?;
    let mut seconds =
        fastest(rounds, || Ok(place.resident_round(&source, &|x| astype(&x[0], DType::F32))?.1))?;
    if place.is_host() {
        seconds = seconds.min(system_copy(elements, rounds)?);
    }
    Ok((elements * 8) as f64 / seconds)
}

/// Seconds of the fastest copy of `elements` words by all threads into memory that is there already.
fn system_copy(elements: usize, rounds: usize) -> Result<f64> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = elements.div_ceil(threads);
    let source = vec![1u32; elements];
    let mut target = vec![2u32; elements];
    fastest(rounds, || {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for (from, to) in source.chunks(share).zip(target.chunks_mut(share)) {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        std::hint::black_box(&mut target);
        Ok(seconds)
    })
}

/// Floating point operations per second of the fastest of at least `rounds` products of two `n` × `n` matrices of
/// `dtype`.
///
/// # Errors
/// [`Error::Unsupported`](polyarray::Error::Unsupported) where the place does not hold the dtype; out of memory; a lost
/// device.
pub fn product_rate(place: &Place, dtype: DType, n: usize, rounds: usize) -> Result<f64> {
    let values: Vec<f64> = (0..n * n).map(|i| (i % 31) as f64 / 31.0).collect();
    let matrix = astype(&Array::from_vec(values, &[n, n])?, dtype)?;
    let held = place.hold(&[matrix])?;
    let round = || Ok(place.resident_round(&held, &|x| matmul(&x[0], &x[0]))?.1);
    // The first one compiles what there is to compile. A clock that shows nothing has not ticked yet.
    round()?;
    let seconds = fastest(rounds, round)?.max(f64::EPSILON);
    Ok(2.0 * (n as f64).powi(3) / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_of_a_believable_size() {
        polyarray::testing::on_every_backend(|name| {
            let place = Place::open(name)?;
            let copy = copy_rate(&place, 4 << 20, 3).unwrap();
            let product = product_rate(&place, DType::F32, 128, 2).unwrap();
            assert!((1e6..1e14).contains(&copy), "{name}: {copy:e} bytes per second");
            assert!((1e6..1e15).contains(&product), "{name}: {product:e} operations per second");
            Ok(())
        });
    }
}
