//! The costs of work on one instance.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;
use polyarray_core::Result;
use polyarray_core::dispatch::Instance;
use serde::{Deserialize, Serialize};

use crate::{calibrate, store};

/// Seconds as a function of a size: measured at a few sizes, linear between them (work has a latency and a rate),
/// constant below the first, proportional to the size beyond the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve(Vec<(f64, f64)>);

impl Curve {
    /// A curve through points (size, seconds), sizes ascending. Times that decrease are raised to the one before, as
    /// they can only come from noise.
    pub fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Curve {
        let mut highest = 0.0_f64;
        Curve(
            points
                .into_iter()
                .map(|(size, seconds)| {
                    highest = highest.max(seconds);
                    (size, highest)
                })
                .collect(),
        )
    }

    /// Seconds at a size.
    pub fn at(&self, size: f64) -> f64 {
        let (Some(&(first, least)), Some(&(last, most))) = (self.0.first(), self.0.last()) else {
            return 0.0;
        };
        if size <= first {
            return least;
        }
        if size >= last {
            return most * size / last;
        }
        let next = self.0.partition_point(|&(known, _)| known < size);
        let ((x0, y0), (x1, y1)) = (self.0[next - 1], self.0[next]);
        y0 + (y1 - y0) * (size - x0) / (x1 - x0)
    }

    fn is_sound(&self) -> bool {
        let sound = |&(size, seconds): &(f64, f64)| size > 0.0 && seconds > 0.0 && seconds.is_finite();
        !self.0.is_empty() && self.0.iter().all(sound) && self.0.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1)
    }
}

/// The costs of work on one instance, in seconds. Elements are float32 unless stated otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// The hardware on which they were measured, and the build if it is a debug build.
    pub identity: String,
    /// An addition of two arrays, by number of elements.
    pub simple: Curve,
    /// An exponential, by number of elements.
    pub function: Curve,
    /// A sum over all axes, by number of elements.
    pub reduction: Curve,
    /// A matrix product in float32, by number of multiplications.
    pub product: Curve,
    /// A matrix product in float64, if the instance supports it.
    pub wide_product: Option<Curve>,
    /// A matrix product of int8 in int32, by number of multiplications.
    pub byte_product: Curve,
    /// A product of bits, by pairs of words. This and the one before are as those of float32 where the instance has no
    /// such product: it is left to decline.
    pub bit_product: Curve,
    /// A copy from the host, by bytes; none on the host itself.
    pub upload: Option<Curve>,
    /// A copy to the host, including the wait, by bytes.
    pub download: Option<Curve>,
}

impl Costs {
    /// The costs of an instance: those stored by an earlier run on the same hardware with the same driver, version and
    /// kind of build, else measured now, which takes about a second, and stored (see [`directory`](crate::directory)).
    /// If the file can't be read or written, costs are measured in each process; this is not an error. An instance that
    /// can't be opened or measured is not tried again in this process, unless costs are [assumed](assume).
    ///
    /// # Errors
    /// Those of opening the instance or running on it, the same in every call.
    pub fn of(instance: Instance) -> Result<&'static Costs> {
        if let Some(known) = known_of(instance) {
            return known;
        }
        // Two threads that measure at the same time would disturb each other.
        static MEASURING: parking_lot::Mutex<()> = parking_lot::Mutex::new(());
        let _alone = MEASURING.lock();
        if let Some(known) = known_of(instance) {
            return known;
        }
        let found = Costs::found(instance).map(|costs| &*Box::leak(Box::new(costs)));
        remember(instance, found.clone());
        found
    }

    fn found(instance: Instance) -> Result<Costs> {
        let hardware = polyarray_core::array::open(instance)?.identity();
        // On the host a debug build takes many times as long: its costs would mislead a release build.
        let identity = if cfg!(debug_assertions) { hardware + ", debug build" } else { hardware };
        if let Some(kept) = store::read(&identity) {
            return Ok(kept);
        }
        let measured = calibrate::measure(instance, identity)?;
        store::write(&measured);
        Ok(measured)
    }

    pub(crate) fn is_sound(&self) -> bool {
        let all = [
            &self.simple,
            &self.function,
            &self.reduction,
            &self.product,
            &self.byte_product,
            &self.bit_product,
        ];
        let optional = [&self.wide_product, &self.upload, &self.download];
        all.into_iter().chain(optional.into_iter().flatten()).all(Curve::is_sound)
    }
}

type Known = (Instance, Result<&'static Costs>);

static KNOWN: RwLock<Vec<Known>> = RwLock::new(Vec::new());

/// Incremented whenever costs are measured, read or assumed, or can't be.
static GENERATION: AtomicU64 = AtomicU64::new(0);

pub(crate) fn generation() -> u64 {
    GENERATION.load(Relaxed)
}

/// All known costs, in a fixed order.
pub(crate) fn known() -> Vec<(Instance, &'static Costs)> {
    let of = |(instance, found): &Known| Some((*instance, *found.as_ref().ok()?));
    let mut known: Vec<_> = KNOWN.read().iter().filter_map(of).collect();
    known.sort_by_key(|&(instance, _)| instance);
    known
}

fn known_of(instance: Instance) -> Option<Result<&'static Costs>> {
    KNOWN.read().iter().find(|(of, _)| *of == instance).map(|(_, found)| found.clone())
}

fn remember(instance: Instance, found: Result<&'static Costs>) {
    let mut known = KNOWN.write();
    known.retain(|(of, _)| *of != instance);
    known.push((instance, found));
    GENERATION.fetch_add(1, Relaxed);
}

/// Sets the costs of an instance without measuring: for tests, whose decisions must not depend on the machine, and for
/// programs with better figures.
pub fn assume(instance: Instance, costs: Costs) -> &'static Costs {
    let costs: &'static Costs = Box::leak(Box::new(costs));
    remember(instance, Ok(costs));
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_through_its_points_and_on() {
        let curve = Curve::through([(10.0, 2.0), (1000.0, 200.0), (2000.0, 150.0)]);
        assert_eq!(curve.at(1.0), 2.0);
        assert_eq!(curve.at(10.0), 2.0);
        assert_eq!(curve.at(505.0), 101.0, "half way");
        assert_eq!(curve.at(2000.0), 200.0, "never less than for a smaller size");
        assert_eq!(curve.at(20000.0), 2000.0);
    }

    #[test]
    fn what_makes_no_sense_is_not_sound() {
        for points in [vec![], vec![(1.0, 0.0)], vec![(1.0, f64::NAN)], vec![(2.0, 1.0), (1.0, 2.0)]] {
            assert!(!Curve(points).is_sound());
        }
        assert!(Curve::through([(1.0, 1.0), (2.0, 1.0)]).is_sound());
    }
}
