//! The decision: what each instance would take for a call, copies included.

use std::cell::Cell;
use std::fmt;

use polyarray_core::array::{ARRAY_KINDS, Facts, HOST, Step, instance_at, residency_of};
use polyarray_core::dispatch::trace::current_sink;
use polyarray_core::dispatch::{Instance, Key, KindId, Stop};
use polyarray_core::expr::op::Typing;
use polyarray_core::expr::{Op, OpInfo};
use polyarray_core::numpy::{Ranking, Route, Work};
use polyarray_core::{Array, DType, Error};
use smallvec::SmallVec;

use crate::Costs;
use crate::costs::generation;

/// What a call is expected to take on one instance, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The instance.
    pub on: Instance,
    /// Copying operands there. Less than nothing where pending work behind them is then done there, and was to take
    /// longer where it is.
    pub there: f64,
    /// The work itself.
    pub work: f64,
    /// Copying the result back to where the operands live.
    pub back: f64,
    /// Operands whose pending work is recorded there again, by position.
    pub again: u8,
}

impl Estimate {
    /// All of it.
    pub fn seconds(&self) -> f64 {
        self.there + self.work + self.back
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micro = |seconds: f64| seconds * 1e6;
        write!(f, "{} {:.1} µs", self.on, micro(self.seconds()))?;
        if self.there != 0.0 || self.back > 0.0 {
            write!(f, " (copies {:.1} there, {:.1} back)", micro(self.there), micro(self.back))?;
        }
        if self.again != 0 {
            f.write_str(" and what is pending before it")?;
        }
        Ok(())
    }
}

type Estimates = SmallVec<[Estimate; 4]>;

/// The estimates for a call, the least first: what `auto` goes by, for whoever wants to know beforehand.
///
/// # Errors
/// Declined, when all operands are bare scalars, which belong to the backends around; or when no instance can
/// be opened.
pub fn estimates(work: Work, operands: &[&Array]) -> Result<Estimates, Stop<Error>> {
    let call = Call::of(work, operands)?;
    let mut all: Estimates = call.sides().into_iter().filter_map(|side| call.on(side)).collect();
    all.sort_by(|a, b| a.seconds().total_cmp(&b.seconds()));
    if all.is_empty() { Err(Stop::declined("no backend that it holds can be opened")) } else { Ok(all) }
}

pub(crate) fn rank(work: Work, operands: &[&Array]) -> Result<Ranking, Stop<Error>> {
    if let Some(home) = settled(work, operands) {
        return Ok(Ranking::from_slice(&[Route { to: home, again: 0 }]));
    }
    let all = estimates(work, operands)?;
    if let Some(sink) = current_sink() {
        let said: Vec<String> = all.iter().map(Estimate::to_string).collect();
        sink.note(format!("auto: {work:?} goes to {}: {}", all[0].on, said.join("; ")));
    }
    Ok(all.iter().map(|estimate| Route { to: estimate.on, again: estimate.again }).collect())
}

/// What is known of a residency: who computes there, and less than which seconds nobody elsewhere can answer in,
/// were the operands there already.
#[derive(Clone, Copy)]
struct Home {
    key: Key,
    instance: Instance,
    costs: &'static Costs,
    elsewhere: f64,
    /// When this was so, see [`crate::costs::generation`].
    generation: u64,
}

thread_local! {
    static HOME: Cell<Option<Home>> = const { Cell::new(None) };
}

/// Where a small call stays without its estimates being made: they would take longer than it. Nothing where
/// somebody listens, who wants to see them.
fn settled(work: Work, operands: &[&Array]) -> Option<Instance> {
    let mut arrays = operands.iter().filter(|x| x.residency() != Key::NONE);
    let key = arrays.next()?.residency();
    if !arrays.all(|x| x.residency() == key) || current_sink().is_some() {
        return None;
    }
    let home = HOME.get().filter(|home| home.key == key && home.generation == generation());
    let home = match home {
        Some(home) => home,
        None => find_home(key)?,
    };
    if !matches!(work, Work::Map(_) | Work::Cast(_)) {
        return None;
    }
    // All that is pending before it might go along. An element of 16 bytes is four float32.
    let pending: f64 = operands.iter().map(|x| f64::from(x.facts().pending_ops)).sum();
    let most = (1.0 + pending) * home.costs.function.at(4.0 * broadcast_len(operands));
    (most < home.elsewhere).then_some(home.instance)
}

fn find_home(key: Key) -> Option<Home> {
    let generation = generation();
    let instance = instance_at(key).ok()?;
    let costs = Costs::of(instance).ok()?;
    let least = |side: &Instance| -> Option<f64> {
        Some(Costs::of(*side).ok()?.simple.at(0.0) + moved(residency_of(*side).ok()?, key, 0.0)?)
    };
    let others = first_instances().into_iter().filter(|side| *side != instance);
    let elsewhere = others.filter_map(|side| least(&side)).fold(f64::INFINITY, f64::min);
    let home = Home { key, instance, costs, elsewhere, generation };
    HOME.set(Some(home));
    Some(home)
}

/// The first instance of every kind of arrays.
fn first_instances() -> SmallVec<[Instance; 4]> {
    ARRAY_KINDS.iter().map(|kind| Instance { kind: KindId::intern(kind.name), index: 0 }).collect()
}

/// A call, as far as its cost depends on it.
struct Call<'a> {
    work: Work,
    operands: &'a [&'a Array],
    facts: SmallVec<[Facts; 4]>,
    /// Where most of the operands' bytes are.
    home: Instance,
    /// Elements of the result, and of the largest operand.
    out: f64,
    largest: f64,
    /// Dtype of most of the work.
    dtype: DType,
}

impl<'a> Call<'a> {
    fn of(work: Work, operands: &'a [&'a Array]) -> Result<Call<'a>, Stop<Error>> {
        let facts: SmallVec<[Facts; 4]> = operands.iter().map(|x| x.facts()).collect();
        let arrays = || facts.iter().filter(|f| f.residency != Key::NONE);
        let Some(main) = arrays().max_by_key(|f| f.bytes) else {
            return Err(Stop::declined("only scalars: it decides where arrays go"));
        };
        let home = instance_at(main.residency)?;
        let largest = arrays().map(|f| f.len).max().unwrap_or(0) as f64;
        let out = match work {
            Work::Map(_) | Work::Cast(_) => broadcast_len(operands),
            Work::Reduce(_) => 1.0,
            Work::Concat => arrays().map(|f| f.len as f64).sum(),
            Work::Take => facts.last().map_or(0.0, |f| f.len as f64),
            _ => product(operands).map_or(0.0, |(batch, m, _, n)| batch * m * n),
        };
        Ok(Call { work, operands, home, out, largest, dtype: main.dtype, facts })
    }

    /// The first instance of every kind of arrays, and those where operands live.
    fn sides(&self) -> SmallVec<[Instance; 4]> {
        let mut sides = first_instances();
        sides.push(self.home);
        sides.sort_unstable();
        sides.dedup();
        // An array that may not be copied decides alone.
        if let Some(fixed) = self.facts.iter().find(|f| !f.coercible && f.residency != Key::NONE)
            && let Ok(only) = instance_at(fixed.residency)
        {
            sides.clear();
            sides.push(only);
        }
        sides
    }

    /// The estimate for one instance; none if it can't be opened or measured, or could not get an operand.
    fn on(&self, side: Instance) -> Option<Estimate> {
        let costs = Costs::of(side).ok()?;
        let residency = residency_of(side).ok()?;
        let (mut there, mut again) = (0.0, 0);
        for (n, (operand, facts)) in self.operands.iter().zip(&self.facts).enumerate() {
            if facts.residency == Key::NONE || facts.residency == residency || operand.is_kept_on(side) {
                continue;
            }
            let copied = moved(facts.residency, residency, facts.bytes as f64)?;
            match redone(operand, side, costs) {
                Some(redone) if redone < copied => {
                    there += redone;
                    again |= 1 << n;
                }
                _ => there += copied,
            }
        }
        let home = residency_of(self.home).ok()?;
        let bytes = self.out * self.dtype.size() as f64;
        let back = if home == residency { 0.0 } else { moved(residency, home, bytes)? };
        Some(Estimate { on: side, there, work: self.seconds(costs, residency), back, again })
    }

    fn seconds(&self, costs: &Costs, residency: Key) -> f64 {
        // Costs were measured in float32.
        let share = self.dtype.size() as f64 / 4.0;
        let fused = self.facts.iter().any(|f| f.fuses && f.residency == residency);
        let simple = costs.simple.at(self.out * share);
        match self.work {
            Work::Map(op) => one(costs, is_function(op.info()), self.out * share, fused),
            Work::Cast(_) | Work::Concat | Work::Take => {
                if fused {
                    simple / 4.0
                } else {
                    simple
                }
            }
            Work::Reduce(_) => {
                let alone = costs.reduction.at(self.largest * share);
                if fused { alone / 2.0 } else { alone }
            }
            _ => product(self.operands).map_or(simple, |(batch, m, k, n)| {
                let wide =
                    matches!(self.dtype, DType::F64 | DType::I64 | DType::U64 | DType::C64 | DType::C128);
                let curve = costs.wide_product.as_ref().filter(|_| wide).unwrap_or(&costs.product);
                batch * curve.at(m * k * n)
            }),
        }
    }
}

/// Seconds that it takes to do an operand's pending work on another instance, less those that it would take where it
/// was begun. None if there is no such work.
fn redone(operand: &Array, side: Instance, costs: &Costs) -> Option<f64> {
    let work = operand.pending_work()?;
    let residency = residency_of(side).ok()?;
    let begun = Costs::of(instance_at(operand.residency()).ok()?).ok()?;
    let mut seconds = 0.0;
    for (n, leaf) in work.leaves.iter().enumerate() {
        let facts = leaf.facts();
        let twice = work.leaves[..n].iter().any(|earlier| earlier.shares_values_with(leaf));
        if facts.residency != Key::NONE && facts.residency != residency && !leaf.is_kept_on(side) && !twice {
            seconds += moved(facts.residency, residency, facts.bytes as f64)?;
        }
    }
    for (n, step) in work.steps.iter().enumerate() {
        let size = step.shape.iter().product::<usize>() as f64 * step.dtype.size() as f64 / 4.0;
        let function = matches!(step.step, Step::Map(op) if is_function(op.info()));
        let of = |costs: &Costs| match step.step {
            Step::Full(_) => 0.0,
            _ => one(costs, function, size, n > 0),
        };
        seconds += of(costs) - of(begun);
    }
    Some(seconds)
}

/// Seconds of one elementwise operation. In its producer's kernel it costs no pass over memory.
fn one(costs: &Costs, function: bool, size: f64, fused: bool) -> f64 {
    let simple = costs.simple.at(size);
    let alone = if function { costs.function.at(size) } else { simple };
    if fused { (alone - simple).max(alone / 4.0) } else { alone }
}

/// Seconds for a copy between residencies; from one device to another it goes by way of the host.
fn moved(from: Key, to: Key, bytes: f64) -> Option<f64> {
    let leave = if from == *HOST {
        0.0
    } else {
        Costs::of(instance_at(from).ok()?).ok()?.download.as_ref()?.at(bytes)
    };
    let arrive =
        if to == *HOST { 0.0 } else { Costs::of(instance_at(to).ok()?).ok()?.upload.as_ref()?.at(bytes) };
    Some(leave + arrive)
}

/// Is it computed by a polynomial and not by an instruction?
fn is_function(info: &OpInfo) -> bool {
    info.arity == 1 && info.typing == Typing::Inexact && info.op != Op::Sqrt
}

fn broadcast_len(operands: &[&Array]) -> f64 {
    let axes = operands.iter().map(|x| x.ndim()).max().unwrap_or(0);
    let length = |back: usize| {
        let of = |x: &&Array| x.ndim().checked_sub(back + 1).map_or(1, |axis| x.shape()[axis]);
        operands.iter().map(of).max().unwrap_or(1) as f64
    };
    (0..axes).map(length).product()
}

/// Batch, m, k, n of a matrix product.
fn product(operands: &[&Array]) -> Option<(f64, f64, f64, f64)> {
    let [a, b] = operands else { return None };
    let at = |x: &Array, back: usize| x.ndim().checked_sub(back).map_or(1, |axis| x.shape()[axis]) as f64;
    let k = at(a, 1);
    let (m, n) = (at(a, 2), if b.ndim() > 1 { at(b, 1) } else { 1.0 });
    let matrices = |x: &Array| x.shape()[..x.ndim().saturating_sub(2)].iter().product::<usize>() as f64;
    Some((matrices(a).max(matrices(b)), m, k, n))
}
