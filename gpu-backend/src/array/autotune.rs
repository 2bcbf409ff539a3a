//! Which shape a product is computed in: by a rule, or measured once and kept.
//!
//! All shapes of a product give the same bits, which is tested, and looked at again whenever one is measured: a shape
//! whose result differs is passed over. So measuring changes how long a product takes, never what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use polyarray_core::array::ArrayBackend;
use polyarray_core::dispatch::trace::current_sink;
use polyarray_core::kept::Folder;
use polyarray_core::{Error, Result};
use polyarray_shaders::matmul::{self, Matmul, SOURCES, Shape, Terms};
use serde::{Deserialize, Serialize};

use super::backend::GpuBackend;
use crate::adapters::Lookup;
use crate::device::Gpu;
use crate::error::Result as GpuResult;
use crate::pool::GpuBuffer;

/// Turns the measuring on (`1`) or off (`0`, as it is without the variable).
pub const AUTOTUNE_VARIABLE: &str = "POLYARRAY_AUTOTUNE";

/// Multiplications below which a product is never measured.
pub const AUTOTUNE_SMALLEST: usize = 1 << 24;

/// Time that the timed runs of one shape may take, apart from the first of them.
const PATIENCE: Duration = Duration::from_millis(50);
/// Runs of one shape that are timed, at most.
const ROUNDS: usize = 3;
/// How much faster than the rule's shape another one must be: less is noise.
const GAIN: f64 = 0.97;
/// Bytes of results that are compared at a time.
const COMPARED: usize = 4 << 20;

/// Whether the shapes of matrix products are measured.
///
/// A measured choice holds for a class of products: dtype, sizes by the power of two below them, and which axes of the
/// operands lie side by side. The first product of a class with at least [`AUTOTUNE_SMALLEST`] multiplications, and more
/// than one shape to choose from, is computed in each of them a few times before it is computed; the fastest is taken
/// from then on. Results are the same to the bit, whatever is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Autotune {
    /// A rule chooses, by size alone; nothing is measured, and no file read or written.
    #[default]
    Off,
    /// Measured once by this process.
    Measured,
    /// Measured once, and kept in a file of that folder, which holds for one adapter, driver, version and set of kernels.
    Kept(PathBuf),
}

impl Autotune {
    /// What `POLYARRAY_AUTOTUNE` says: nothing or `0` is off; `1` measures, and keeps in [`Autotune::folder`].
    ///
    /// # Errors
    /// [`Error::Unknown`] for anything else.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Autotune> {
        match lookup(AUTOTUNE_VARIABLE).as_deref().map(str::trim) {
            None | Some("0") => Ok(Autotune::Off),
            Some("1") => Ok(Autotune::folder().map_or(Autotune::Measured, Autotune::Kept)),
            Some(other) => Err(Error::Unknown {
                what: "setting of POLYARRAY_AUTOTUNE",
                name: other.to_owned(),
                known: "0, 1".to_owned(),
            }),
        }
    }

    /// Where choices are kept unless somebody says otherwise: `polyarray/matmul` in `POLYARRAY_CACHE_DIR`,
    /// `XDG_CACHE_HOME`, or `.cache` in the home folder; nowhere if none of these is set.
    pub fn folder() -> Option<PathBuf> {
        Some(Folder::of("matmul")?.path().to_owned())
    }
}

/// What one backend has measured.
#[derive(Default)]
pub(super) struct Tuner {
    /// Anything but [`Autotune::Off`]: at hand without a lock.
    on: AtomicBool,
    known: Mutex<Known>,
    /// Held by whoever measures: two would measure each other.
    measuring: Mutex<()>,
}

#[derive(Default)]
struct Known {
    folder: Option<Folder>,
    /// The file's, once it was read, and this process's.
    choices: Option<BTreeMap<String, Choice>>,
    /// Classes that could not be measured.
    failed: BTreeSet<String>,
}

/// The file: what was chosen for each class.
#[derive(Serialize, Deserialize)]
struct Kept {
    identity: String,
    products: BTreeMap<String, Choice>,
}

/// The shape of a class, and what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Choice {
    shape: String,
    microseconds: BTreeMap<String, f64>,
}

impl Choice {
    fn new(shape: Shape, times: &[(Shape, Duration)]) -> Choice {
        let micro = |(shape, time): &(Shape, Duration)| (shape.to_string(), time.as_secs_f64() * 1e6);
        Choice { shape: shape.to_string(), microseconds: times.iter().map(micro).collect() }
    }
}

impl Kept {
    /// What was kept for exactly this identity; nothing if that is damaged.
    fn read(folder: &Folder, identity: &str) -> Option<BTreeMap<String, Choice>> {
        let kept: Kept = serde_json::from_str(&folder.read(identity)?).ok()?;
        (kept.identity == identity).then_some(kept.products)
    }
}

impl Known {
    /// What was chosen for products of its class; the file is read when the first is asked for. A name that is no shape of
    /// it was not written by us.
    fn shape(&mut self, product: &Product<'_>) -> Option<Shape> {
        let folder = &self.folder;
        let read =
            || folder.as_ref().and_then(|folder| Kept::read(folder, product.identity)).unwrap_or_default();
        let choice = self.choices.get_or_insert_with(read).get(product.class)?;
        product.shapes.iter().copied().find(|shape| shape.to_string() == choice.shape)
    }

    /// Remembers a choice, and adds it to what the file holds by now.
    fn add(&mut self, product: &Product<'_>, choice: Choice) {
        let Product { class, identity, .. } = *product;
        if let Some(folder) = &self.folder {
            let mut products = Kept::read(folder, identity).unwrap_or_default();
            products.insert(class.to_owned(), choice.clone());
            let kept = Kept { identity: identity.to_owned(), products };
            if let Ok(text) = serde_json::to_string_pretty(&kept) {
                folder.write(identity, &text);
            }
        }
        self.choices.get_or_insert_default().insert(class.to_owned(), choice);
    }
}

impl GpuBackend {
    /// Has the shapes of matrix products measured, or not: off unless somebody asks for it. The backend that
    /// [`GpuBackend::open`] gives does as `POLYARRAY_AUTOTUNE` says. What was measured under the former setting is
    /// forgotten.
    pub fn set_autotune(&self, setting: Autotune) {
        let folder = match &setting {
            Autotune::Kept(path) => Some(Folder::at(path)),
            Autotune::Off | Autotune::Measured => None,
        };
        *self.tuner().known.lock() = Known { folder, ..Known::default() };
        self.tuner().on.store(setting != Autotune::Off, Ordering::Relaxed);
    }

    /// The measured shape of a product, measured now if it is large enough and nobody has; none where the rule's is to be
    /// taken: the setting is off, there is no choice, another thread is measuring, or measuring failed.
    pub(super) fn measured_shape(
        &self,
        job: &Matmul,
        terms: Terms,
        operands: [&GpuBuffer; 2],
    ) -> Option<Shape> {
        let work = job.batch.iter().product::<usize>() as f64 * job.m as f64 * job.k as f64 * job.n as f64;
        if !self.tuner().on.load(Ordering::Relaxed) || work < AUTOTUNE_SMALLEST as f64 {
            return None;
        }
        let profile = self.device().profile().for_shaders();
        let shapes = matmul::shapes(job, terms, &profile);
        if shapes.len() < 2 {
            return None;
        }
        let names = shapes.iter().map(Shape::to_string).collect::<Vec<_>>();
        let class = format!("{}: {}", job.class(terms), names.join(" or "));
        // The profile, as a device may claim less than its adapter has.
        let identity = format!("{}, {profile:?}, kernels {SOURCES:016x}", self.identity());
        let product = Product { job, terms, operands, shapes: &shapes, class: &class, identity: &identity };
        // The lock is let go of before anything is measured.
        let known = self.tuner().known.lock().shape(&product);
        let shape = known.or_else(|| self.choose(&product))?;
        if let Some(sink) = current_sink() {
            sink.note(format!("matmul on {}: {shape}, the fastest measured", self.residency().name()));
        }
        Some(shape)
    }

    /// Measures, and remembers what is the fastest.
    fn choose(&self, product: &Product<'_>) -> Option<Shape> {
        let tuner = self.tuner();
        let _alone = tuner.measuring.try_lock()?;
        // Somebody else may have been faster.
        if let Some(shape) = tuner.known.lock().shape(product) {
            return Some(shape);
        }
        if tuner.known.lock().failed.contains(product.class) {
            return None;
        }
        let times = product.times(&self.device()).unwrap_or_default();
        let mut known = tuner.known.lock();
        let Some(shape) = fastest(&times) else {
            // Memory that ran short, say: the rule's from now on, in this process.
            known.failed.insert(product.class.to_owned());
            return None;
        };
        known.add(product, Choice::new(shape, &times));
        Some(shape)
    }
}

/// A product that is to be measured, or was.
struct Product<'a> {
    job: &'a Matmul,
    terms: Terms,
    operands: [&'a GpuBuffer; 2],
    shapes: &'a [Shape],
    class: &'a str,
    identity: &'a str,
}

impl Product<'_> {
    /// How long it takes in every shape whose result is the rule's, which comes first.
    fn times(&self, gpu: &Gpu) -> GpuResult<Vec<(Shape, Duration)>> {
        let Product { job, terms, operands, .. } = *self;
        let profile = gpu.profile().for_shaders();
        let elements = job.batch.iter().product::<usize>() * job.m * job.n;
        let bytes = elements as u64 * terms.sum(job.dtype).size() as u64;
        let mut times = Vec::new();
        let mut wanted = None;
        for &shape in self.shapes {
            let Ok(plan) = matmul::plan_shape(job, terms, None, shape, &profile) else { continue };
            // Compiles, and fills caches.
            let result = gpu.execute("matmul", &plan, &operands)?;
            match &wanted {
                None => wanted = Some(result),
                Some(wanted) if !same(wanted, &result, bytes)? => continue,
                Some(_) => {}
            }
            let begin = Instant::now();
            let mut least = Duration::MAX;
            for round in 0..ROUNDS {
                if round > 0 && begin.elapsed() > PATIENCE {
                    break;
                }
                let (_, timing) = gpu.time(|| gpu.execute("matmul", &plan, &operands))?;
                least = least.min(timing.elapsed);
            }
            times.push((shape, least));
        }
        Ok(times)
    }
}

/// The fastest; the first, which is the rule's, unless another is clearly faster.
fn fastest(times: &[(Shape, Duration)]) -> Option<Shape> {
    let (rule, usual) = *times.first()?;
    let (shape, least) = *times.iter().min_by_key(|(_, time)| *time)?;
    Some(if least.as_secs_f64() < usual.as_secs_f64() * GAIN { shape } else { rule })
}

/// Whether two results have the same bits.
fn same(a: &GpuBuffer, b: &GpuBuffer, bytes: u64) -> GpuResult<bool> {
    let length = bytes.min(COMPARED as u64) as usize;
    let mut parts = [vec![0_u8; length], vec![0_u8; length]];
    for offset in (0..bytes).step_by(COMPARED) {
        let length = (bytes - offset).min(COMPARED as u64) as usize;
        for (part, buffer) in parts.iter_mut().zip([a, b]) {
            buffer.gpu().read(buffer, offset, &mut part[..length])?;
        }
        if parts[0][..length] != parts[1][..length] {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_shape_stays_unless_another_is_clearly_faster() {
        let [rule, other, third] = [4, 8, 16].map(|rows| Shape::Tiles { rows, across: 16 });
        let micro = Duration::from_micros;
        let among = |times: [u64; 3]| {
            fastest(&[rule, other, third].into_iter().zip(times.map(micro)).collect::<Vec<_>>())
        };
        assert_eq!(among([100, 98, 120]), Some(rule));
        assert_eq!(among([100, 90, 80]), Some(third));
        assert_eq!(among([100, 90, 95]), Some(other));
        assert_eq!(fastest(&[]), None);
    }

    #[test]
    fn one_bit_in_the_last_part_is_seen() {
        let (adapter, _) = crate::adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
        let gpu = Gpu::open(adapter).unwrap_or_else(|error| panic!("{error}"));
        let mut data = vec![7_u8; COMPARED + 64];
        let a = gpu.upload(&data, "test").unwrap();
        data[COMPARED + 59] ^= 1;
        let b = gpu.upload(&data, "test").unwrap();
        let bytes = data.len() as u64;
        assert!(same(&a, &a, bytes).unwrap() && !same(&a, &b, bytes).unwrap());
        assert!(same(&a, &b, bytes - 8).unwrap(), "what lies beyond the end does not count");
    }
}
