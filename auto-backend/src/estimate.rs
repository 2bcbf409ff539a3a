//! Estimates the time of a call on each device, from the properties of its operands.

use polyarray_core::array::ArrayInfo;
use polyarray_core::backend::specs::Step;
use polyarray_core::dispatch::{Key, Stop};
use polyarray_core::{Array, DType, Error};
use smallvec::SmallVec;

use crate::Costs;
use crate::decide::Estimate;
use crate::devices::{self, Side, moved, sides};
use crate::work::Work;
use crate::work_class::{Class, broadcast_len, product};

/// The properties of a call on which its cost depends.
pub struct Call<'a> {
    work: Work,
    operands: &'a [&'a Array],
    infos: SmallVec<[ArrayInfo; 4]>,
    /// The device that holds the largest operand.
    pub home: &'static Side,
    /// Number of elements of the result, and of the largest operand.
    out: f64,
    largest: f64,
    /// Dtype of the largest operand, taken as that of the work.
    dtype: DType,
}

impl<'a> Call<'a> {
    /// # Errors
    /// Declined if there are only scalars, or if the device of the largest operand has no measured costs.
    pub fn of(work: Work, operands: &'a [&'a Array]) -> Result<Call<'a>, Stop<Error>> {
        let infos: SmallVec<[ArrayInfo; 4]> = operands.iter().map(|x| x.info()).collect();
        let arrays = || infos.iter().filter(|f| f.residency != Key::NONE);
        let Some(main) = arrays().max_by_key(|f| f.bytes) else {
            return Err(Stop::declined("only scalars: it decides where arrays go"));
        };
        let Some(home) = devices::at(main.residency) else {
            return Err(Stop::declined("nothing was measured where they live"));
        };
        let largest = arrays().map(|f| f.len).max().unwrap_or(0) as f64;
        let out = match work {
            Work::Map(_) | Work::Cast(_) => broadcast_len(operands),
            // The axes are not known here; the copy of its result never decides a reduction.
            Work::Reduce(_) | Work::Var => 1.0,
            Work::Concat => arrays().map(|f| f.len as f64).sum(),
            Work::Take => infos.last().map_or(0.0, |f| f.len as f64),
            _ => product(operands).map_or(0.0, |(batch, m, _, n)| batch * m * n),
        };
        Ok(Call { work, operands, home, out, largest, dtype: main.dtype, infos })
    }

    /// The estimates, unordered.
    pub fn estimates(&self) -> impl Iterator<Item = Estimate> {
        // An array that may not be coerced fixes the device.
        let fixed = self.infos.iter().find(|f| !f.coercible && f.residency != Key::NONE).map(|f| f.residency);
        let may = move |side: &&Side| fixed.is_none_or(|only| side.key == only);
        sides().iter().filter(may).filter_map(|side| self.on(side))
    }

    /// The estimate for one device; none if an operand can't be copied there.
    fn on(&self, side: &Side) -> Option<Estimate> {
        let (mut there, mut again) = (0.0, 0);
        for (n, (operand, infos)) in self.operands.iter().zip(&self.infos).enumerate() {
            let from = infos.residency;
            if from == Key::NONE || from == side.key || operand.is_kept_on(side.instance) {
                continue;
            }
            let copied = moved(devices::at(from)?, side, infos.bytes as f64)?;
            match redone(operand, side) {
                Some(redone) if redone < copied => {
                    there += redone;
                    again |= 1 << n;
                }
                _ => there += copied,
            }
        }
        let bytes = self.out * self.dtype.size() as f64;
        let back = if side.key == self.home.key { 0.0 } else { moved(side, self.home, bytes)? };
        Some(Estimate { on: side.instance, there, work: self.seconds(side), back, again })
    }

    /// Element size relative to float32, in which costs are measured.
    fn share(&self) -> f64 {
        self.dtype.size() as f64 / 4.0
    }

    fn seconds(&self, side: &Side) -> f64 {
        let class = Class::of(self.work, self.dtype.size());
        let curve = class.curve(side.costs);
        let fused = self.infos.iter().any(|f| f.fuses && f.residency == side.key);
        let part = |size: f64, inside: f64| curve.at(size * self.share()) * if fused { inside } else { 1.0 };
        match self.work {
            Work::Map(_) => one(side.costs, class, self.out * self.share(), fused),
            Work::Cast(_) | Work::Concat | Work::Take => part(self.out, 0.25),
            Work::Reduce(_) => part(self.largest, 0.5),
            Work::Var => class.passes() * curve.at(self.largest * self.share()),
            _ => product(self.operands).map_or(0.0, |(batch, m, k, n)| batch * curve.at(m * k * n)),
        }
    }
}

/// Seconds of an operand's pending work on another device, minus those on the device where it was recorded. None if
/// nothing is pending.
fn redone(operand: &Array, side: &Side) -> Option<f64> {
    let work = operand.pending_work()?;
    let begun = devices::at(operand.residency())?;
    let mut seconds = 0.0;
    for (n, leaf) in work.leaves.iter().enumerate() {
        let from = leaf.residency();
        let twice = work.leaves[..n].iter().any(|earlier| earlier.shares_values_with(leaf));
        if from != Key::NONE && from != side.key && !leaf.is_kept_on(side.instance) && !twice {
            seconds += moved(devices::at(from)?, side, leaf.info().bytes as f64)?;
        }
    }
    for (n, step) in work.steps.iter().enumerate() {
        let size = step.shape.iter().product::<usize>() as f64 * step.dtype.size() as f64 / 4.0;
        let class = match step.step {
            Step::Map(op) => Class::of(Work::Map(op), step.dtype.size()),
            _ => Class::Simple,
        };
        let of = |costs: &Costs| match step.step {
            Step::Full(_) => 0.0,
            _ => one(costs, class, size, n > 0),
        };
        seconds += of(side.costs) - of(begun.costs);
    }
    Some(seconds)
}

/// Seconds of one elementwise operation. Fused into its producer's kernel it costs no pass over memory.
fn one(costs: &Costs, class: Class, size: f64, fused: bool) -> f64 {
    let simple = costs.simple.at(size);
    let alone = if class == Class::Function { costs.function.at(size) } else { simple };
    if fused { (alone - simple).max(alone / 4.0) } else { alone }
}
