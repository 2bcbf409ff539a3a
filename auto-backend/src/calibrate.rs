//! Measures the costs of work on an instance: a few sizes, the minimum of a few rounds each.
//!
//! A figure is the time of the work without the wait for it: several results are computed one after the other and
//! waited for once, as in a program that continues to record. Only a copy to the host includes the wait.

use std::time::{Duration, Instant};

use polyarray_core::array::{ArrayBackend, Device, open, residency_of};
use polyarray_core::dispatch::{Instance, detached, pinned};
use polyarray_core::{Array, DType, Error, Result, numpy as np};

use crate::{Costs, Curve};

const ELEMENTS: [usize; 5] = [256, 1 << 13, 1 << 17, 1 << 20, 1 << 23];
const BYTES: [usize; 4] = [1 << 10, 1 << 16, 1 << 20, 1 << 24];
const SIDES: [usize; 5] = [8, 32, 128, 256, 512];
/// Results computed before one wait: many small ones, a few large ones.
const TOGETHER: [usize; 5] = [64, 32, 8, 2, 1];
/// Limit of the time spent on one figure, without its first two rounds.
const PATIENCE: Duration = Duration::from_millis(25);
const ROUNDS: usize = 7;

/// Measures one instance, in the empty state: neither the caller's scopes nor its trace listener take part.
pub fn measure(instance: Instance, identity: String) -> Result<Costs> {
    let backend = open(instance)?;
    let home = Device::At(residency_of(instance)?);
    detached(|| pinned(instance, true, || Bench { backend, home }.all(identity)))
}

/// None of what the instance has no dtype or no kernel for.
fn if_there(figure: Result<Curve>) -> Result<Option<Curve>> {
    match figure {
        Err(error) if error.is_not_found() || matches!(error, Error::Unsupported { .. }) => Ok(None),
        figure => figure.map(Some),
    }
}

struct Bench {
    backend: &'static dyn ArrayBackend,
    home: Device,
}

impl Bench {
    fn all(&self, identity: String) -> Result<Costs> {
        let product = self.products(DType::F32, |a, b| np::matmul(a, b))?;
        let of_bytes = self.products(DType::I8, |a, b| np::matmul_as(a, b, DType::I32));
        let of_bits = self.products(DType::U32, |a, b| np::matmul_bits(a, b));
        let away = self.backend.residency() != *polyarray_core::array::HOST;
        Ok(Costs {
            identity,
            simple: self.elements(|x| np::add(x, x))?,
            function: self.elements(|x| np::exp(x))?,
            reduction: self.elements(|x| np::sum(x, ()))?,
            wide_product: if_there(self.products(DType::F64, |a, b| np::matmul(a, b)))?,
            byte_product: if_there(of_bytes)?.unwrap_or_else(|| product.clone()),
            bit_product: if_there(of_bits)?.unwrap_or_else(|| product.clone()),
            product,
            upload: if away { Some(self.copies(true)?) } else { None },
            download: if away { Some(self.copies(false)?) } else { None },
        })
    }

    fn elements(&self, work: impl Fn(&Array) -> Result<Array>) -> Result<Curve> {
        let points = ELEMENTS.iter().zip(TOGETHER).map(|(&len, together)| {
            let x = self.there(len, DType::F32)?;
            Ok((len as f64, self.time(together, || work(&x)?.eval().map(drop))?))
        });
        Ok(Curve::through(points.collect::<Result<Vec<_>>>()?))
    }

    fn products(&self, dtype: DType, product: fn(&Array, &Array) -> Result<Array>) -> Result<Curve> {
        let points = SIDES.iter().zip(TOGETHER).map(|(&side, together)| {
            let x = self.there(side * side, dtype)?.reshape([side as isize; 2])?;
            Ok(((side * side * side) as f64, self.time(together, || product(&x, &x)?.eval().map(drop))?))
        });
        Ok(Curve::through(points.collect::<Result<Vec<_>>>()?))
    }

    /// Each copy is waited for, as in a program that asks for one.
    fn copies(&self, up: bool) -> Result<Curve> {
        let points = BYTES.iter().map(|&bytes| {
            let seconds = if up {
                // The uploaded copy of a host array is cached: each round needs a new array.
                let data = vec![1.0_f32; bytes / 4];
                let mut fresh = (0..ROUNDS + 2).map(|_| Array::from(data.clone())).collect::<Vec<_>>();
                self.time(1, || match fresh.pop() {
                    Some(host) => host.to(self.home)?.eval().map(drop),
                    None => Ok(()),
                })?
            } else {
                let x = self.there(bytes / 4, DType::F32)?;
                self.time(1, || np::negative(&x)?.to("host").map(drop))?
            };
            Ok((bytes as f64, seconds))
        });
        Ok(Curve::through(points.collect::<Result<Vec<_>>>()?))
    }

    fn there(&self, len: usize, dtype: DType) -> Result<Array> {
        let x = np::astype(Array::from(vec![1.5_f32; len]).to(self.home)?, dtype)?;
        x.eval()?;
        Ok(x)
    }

    /// Seconds of one call: the minimum of a few rounds, after a warm-up round.
    fn time(&self, together: usize, mut one: impl FnMut() -> Result<()>) -> Result<f64> {
        let start = Instant::now();
        let mut least = f64::INFINITY;
        for round in 0..=ROUNDS {
            let before = Instant::now();
            for _ in 0..together {
                one()?;
            }
            self.backend.synchronize()?;
            if round > 0 {
                least = least.min(before.elapsed().as_secs_f64() / together as f64);
            }
            if round > 1 && start.elapsed() > PATIENCE {
                break;
            }
        }
        // A clock too coarse for the work returns 0, through which no curve can be drawn.
        Ok(least.max(1e-9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polyarray_core::Unsupported;

    #[test]
    fn a_dtype_that_an_instance_lacks_is_no_failure_of_the_measurement() {
        let lacks = Error::Unsupported {
            op: "to".into(),
            backend: "far:0".into(),
            reason: Unsupported::DType(DType::I8),
        };
        assert_eq!(if_there(Err(lacks)).unwrap(), None);
        let nowhere = detached(|| np::exp(Array::from(vec![1.0])));
        assert!(nowhere.is_err(), "no backend is linked here");
        assert_eq!(if_there(nowhere.map(|_| Curve::through([]))).unwrap(), None);
        let full = Error::OutOfMemory { place: "far:0".into(), bytes: 1, detail: String::new() };
        assert!(if_there(Err(full)).is_err());
    }
}
