//! A place where arrays live and are computed, and one timed round of work there.

use std::any::Any;
use std::time::Instant;

use polyarray::array::{ArrayBackend, HOST, open};
use polyarray::dispatch::{Instance, Options, with_backend};
use polyarray::{Array, Device, HostBuffer, Result};

/// Work on arrays, in public functions.
pub type Body<'a> = &'a dyn Fn(&[Array]) -> Result<Array>;

/// An open instance of a backend of arrays.
#[derive(Clone, Copy)]
pub struct Place {
    instance: Instance,
    backend: &'static dyn ArrayBackend,
    /// A wrapper backend that is given the work, and chooses who does it.
    wrapper: Option<Instance>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({})", self.name())
    }
}

impl Place {
    /// The place of that name: `host`, `gpu` (the first), `gpu:1`.
    ///
    /// # Errors
    /// [`Error::Unknown`](polyarray::Error::Unknown) if there is none; what opening it fails with.
    pub fn open(name: &str) -> Result<Place> {
        Place::of(polyarray::array::residency::instance_at(Device::try_from(name)?.key()?)?)
    }

    /// The place of an instance's arrays.
    ///
    /// # Errors
    /// What opening it fails with.
    pub fn of(instance: Instance) -> Result<Place> {
        Ok(Place { instance, backend: open(instance)?, wrapper: None })
    }

    /// The same place, but work is given to `wrapper`, a backend such as `auto` that chooses who does it and copies
    /// what it must.
    #[must_use]
    pub fn under(self, wrapper: Instance) -> Place {
        Place { wrapper: Some(wrapper), ..self }
    }

    /// Its residency by name: `host`, `gpu:0`; the name of the wrapper that chooses.
    pub fn name(&self) -> String {
        match self.wrapper {
            Some(wrapper) => wrapper.name(),
            None => self.backend.residency().name().to_string(),
        }
    }

    /// Does a wrapper choose who does the work?
    pub fn is_wrapped(&self) -> bool {
        self.wrapper.is_some()
    }

    /// Is it host memory? Then nothing is ever copied.
    pub fn is_host(&self) -> bool {
        self.backend.residency() == *HOST
    }

    /// The arrays there, values computed.
    ///
    /// # Errors
    /// What evaluating or copying them fails with.
    pub fn hold(&self, arrays: &[Array]) -> Result<Vec<Array>> {
        let there = arrays
            .iter()
            .map(|array| {
                let array = array.to(Device::At(self.backend.residency()))?;
                array.eval()?;
                Ok(array)
            })
            .collect::<Result<Vec<_>>>()?;
        self.backend.synchronize()?;
        Ok(there)
    }

    /// Runs `body` on arrays that are there already: the result, and the seconds from the first call recorded to
    /// the result computed and the device idle.
    ///
    /// # Errors
    /// What `body` or computing its result fails with.
    pub fn resident_round(&self, inputs: &[Array], body: Body<'_>) -> Result<(Array, f64)> {
        self.inside(|| {
            let start = Instant::now();
            let result = body(inputs)?;
            result.eval()?;
            self.backend.synchronize()?;
            Ok((result, start.elapsed().as_secs_f64()))
        })
    }

    /// As [`resident_round`](Self::resident_round), until the result's values are in host memory.
    ///
    /// # Errors
    /// What `body`, computing its result or copying it fails with.
    pub fn read_round(&self, inputs: &[Array], body: Body<'_>) -> Result<(Array, f64)> {
        self.inside(|| {
            let start = Instant::now();
            let result = body(inputs)?.to(Device::At(*HOST))?;
            result.eval()?;
            Ok((result, start.elapsed().as_secs_f64()))
        })
    }

    /// Runs `body` on arrays of the host: copied there (a wrapper copies what it must itself), computed, and the result
    /// copied back, all of which counts. Copies that earlier uses left there are forgotten first, which does not.
    ///
    /// # Errors
    /// What `body`, computing its result or the copies fail with.
    pub fn copying_round(&self, inputs: &[Array], body: Body<'_>) -> Result<(Array, f64)> {
        self.forget(inputs)?;
        self.inside(|| {
            let start = Instant::now();
            let result = match self.wrapper {
                Some(_) => body(inputs)?,
                None => body(&self.sent(inputs)?)?,
            };
            let result = result.to(Device::At(*HOST))?;
            result.eval()?;
            Ok((result, start.elapsed().as_secs_f64()))
        })
    }

    /// Copies arrays of the host there: the last of them, and the seconds until the device is idle.
    ///
    /// # Errors
    /// What the copies fail with.
    pub fn upload_round(&self, inputs: &[Array]) -> Result<(Option<Array>, f64)> {
        self.forget(inputs)?;
        let start = Instant::now();
        let there = self.sent(inputs)?;
        self.backend.synchronize()?;
        Ok((there.into_iter().last(), start.elapsed().as_secs_f64()))
    }

    fn sent(&self, inputs: &[Array]) -> Result<Vec<Array>> {
        inputs.iter().map(|input| input.to(Device::At(self.backend.residency()))).collect()
    }

    /// Forgets the copies of host arrays that are kept there for their next use. What a wrapper copied is elsewhere.
    ///
    /// # Errors
    /// What evaluating the arrays fails with.
    pub fn forget(&self, arrays: &[Array]) -> Result<()> {
        for array in arrays.iter().filter(|array| array.residency() == *HOST) {
            let operand = array.operand()?;
            if let Some(host) = (&*operand.buffer as &dyn Any).downcast_ref::<HostBuffer>() {
                host.mirror(self.instance).lock().take();
            }
        }
        Ok(())
    }

    /// What the caller's scopes and the environment say about backends does not reach a measurement.
    fn inside<T>(&self, work: impl FnOnce() -> T) -> T {
        match self.wrapper {
            Some(wrapper) => with_backend(wrapper, Options::COERCE, work),
            None => with_backend(self.instance, Options::ONLY, work),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polyarray::multiply;

    #[test]
    fn a_copying_round_copies_every_time() {
        let gpu = Place::open("gpu").unwrap_or_else(|error| panic!("{error}"));
        let x = [Array::from(vec![2.0f32; 1000])];
        let double = |x: &[Array]| multiply(&x[0], 2.0);
        gpu.copying_round(&x, &double).unwrap();
        let before = polyarray::transfers();
        let (result, seconds) = gpu.copying_round(&x, &double).unwrap();
        let moved = polyarray::transfers() - before;
        // Tests of this process run beside each other: at least these copies were made.
        assert!(moved.bytes_up >= 4000 && moved.bytes_down >= 4000, "{moved:?}");
        assert_eq!(result.to_vec::<f32>().unwrap(), vec![4.0; 1000]);
        assert!(seconds > 0.0);
    }

    #[test]
    fn a_resident_round_leaves_its_result_where_it_was_made() {
        polyarray::testing::on_every_backend(|name| {
            let place = Place::open(name)?;
            let x = place.hold(&[Array::from(vec![2.0f32; 10])]).unwrap();
            let (result, _) = place.resident_round(&x, &|x| multiply(&x[0], 3.0)).unwrap();
            assert_eq!(result.residency().name(), place.name());
            assert!(!result.is_pending());
            let (read, _) = place.read_round(&x, &|x| multiply(&x[0], 3.0)).unwrap();
            assert_eq!(read.residency().name(), "host");
            Ok(())
        });
    }
}
