//! The fast path of the decision: calls whose operands are on one device and which take less time there than the
//! minimum that any other device needs to start, and to copy the result back.
//!
//! Estimates take longer than small work itself. So size thresholds are precomputed for each device from the costs of
//! all: sizes up to which every estimate would choose the device of the operands. A call is compared with them by upper
//! bounds; if it exceeds one, the estimates decide.

use polyarray_core::Array;
use polyarray_core::dispatch::{Instance, Key};
use polyarray_core::numpy::Work;

use crate::Costs;
use crate::class::{Class, broadcast_len, product};
use crate::sides::{Side, moved, sides};

/// The thresholds of a device, in the units in which costs are measured: work below them stays.
#[derive(Clone, Copy, Debug)]
pub struct Stays {
    /// By class: the minimum seconds of a call elsewhere, and the largest size that takes less time here.
    classes: [(f64, f64); Class::ALL.len()],
    /// Up to this size, no step of pending work takes longer here than elsewhere: re-recording it elsewhere would gain
    /// nothing.
    steps: f64,
    /// The minimum seconds of a step elsewhere.
    step: f64,
}

/// The widest element, complex128, in units of float32, in which sizes are given.
const WIDEST: f64 = 4.0;

impl Stays {
    /// No call is below a threshold.
    pub const NONE: Stays = Stays { classes: [(0.0, -1.0); Class::ALL.len()], steps: -1.0, step: 0.0 };

    /// The thresholds of one device among all.
    pub fn at(home: &Side, sides: &[Side]) -> Stays {
        let others = || sides.iter().filter(|side| side.key != home.key);
        let least = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::INFINITY, f64::min);
        let classes = Class::ALL.map(|class| {
            // Copies of its operands may be cached there.
            let start = |side: &Side| {
                Some(class.passes() * class.curve(side.costs).at(0.0) + moved(side, home, 0.0)?)
            };
            let start = least(&mut others().filter_map(start));
            (start, class.curve(home.costs).reach(start / class.passes()))
        });
        let alone = |side: &Side| side.costs.simple.at(0.0).min(side.costs.function.at(0.0));
        Stays {
            classes,
            steps: least(&mut others().map(|side| steps_stay(home.costs, side.costs))),
            step: least(&mut others().map(alone)) / 4.0,
        }
    }

    /// Whether work of this size stays, with `steps` steps pending before it of at most `elements` elements each.
    fn holds(&self, home: &Costs, class: Class, size: f64, steps: u32, elements: f64) -> bool {
        let (start, reach) = self.classes[class as usize];
        if size > reach || steps == 0 || elements * WIDEST <= self.steps {
            return size <= reach;
        }
        let step = home.simple.at(elements * WIDEST).max(home.function.at(elements * WIDEST));
        let work = class.passes() * class.curve(home).at(size);
        work + f64::from(steps) * (step - self.step).max(0.0) < start
    }
}

/// The size up to which no elementwise step, alone or fused, takes less time `there` than `here`.
fn steps_stay(here: &Costs, there: &Costs) -> f64 {
    let curves = [&here.simple, &here.function, &there.simple, &there.function];
    let mut sizes: Vec<f64> = curves.iter().flat_map(|curve| curve.sizes()).collect();
    sizes.push(0.0);
    sizes.sort_by(f64::total_cmp);
    // Between these sizes all curves are linear, so that the two ends bound what is between. Bisection narrows them.
    let halves = |ends: &[f64]| {
        let (least, most) = (ends[0], ends[1]);
        let mut halves: Vec<f64> = (1..8).map(|n| most / f64::from(1 << n)).filter(|&x| x > least).collect();
        halves.push(least);
        halves.into_iter().rev()
    };
    let mut ends: Vec<f64> = sizes.windows(2).flat_map(halves).collect();
    ends.extend(sizes.last());
    let no_longer = |ends: &[f64], here: &dyn Fn(f64) -> f64, there: &dyn Fn(f64) -> f64| {
        ends.iter().all(|&size| here(size) <= there(size))
    };
    // A fused function costs its time beyond a pass over memory, but at least a quarter.
    let more = |costs: &Costs, size: f64| costs.function.at(size) - costs.simple.at(size);
    let stays = |ends: &&[f64]| {
        no_longer(ends, &|x| here.simple.at(x), &|x| there.simple.at(x))
            && no_longer(ends, &|x| here.function.at(x), &|x| there.function.at(x))
            && (no_longer(ends, &|x| more(here, x), &|x| more(there, x))
                || no_longer(ends, &|x| more(here, x), &|x| there.function.at(x) / 4.0))
    };
    // Beyond the last size all curves are proportional to the size.
    ends.windows(2).find(|ends| !stays(ends)).map_or(f64::INFINITY, |ends| ends[0])
}

/// The instance that `rank` would choose first, or `None` to fall back to `rank`.
pub fn plain(work: Work, operands: &[&Array]) -> Option<Instance> {
    let (mut home, mut shape, mut alike): (Key, &[usize], bool) = (Key::NONE, &[], true);
    let (mut elements, mut all, mut steps, mut bytes) = (0, 0, 0, 0);
    for x in operands {
        let (residency, own) = (x.residency(), x.shape());
        if residency == Key::NONE {
            continue;
        }
        if home == Key::NONE {
            (home, shape) = (residency, own);
        } else {
            alike &= same(own, shape);
        }
        let len = own.iter().product::<usize>();
        // Steps pending behind an array without elements may have elements.
        if residency != home || len == 0 {
            return None;
        }
        elements = elements.max(len);
        all += len;
        steps += x.pending_steps();
        bytes = bytes.max(x.dtype().size());
    }
    let side = sides().iter().find(|side| side.key == home)?;
    let share = bytes as f64 / 4.0;
    let size = match work {
        Work::Map(_) | Work::Cast(_) if !alike => broadcast_len(operands) * share,
        Work::Map(_) | Work::Cast(_) | Work::Reduce(_) | Work::Var => elements as f64 * share,
        Work::Concat => all as f64 * share,
        Work::Take => operands.last()?.len() as f64 * share,
        // With several dtypes the class of the product would have to be determined first.
        _ if operands.iter().any(|x| x.dtype().size() != bytes) => return None,
        _ => match product(operands)? {
            (1.0, m, k, n) => m * k * n,
            _ => return None,
        },
    };
    let class = Class::of(work, bytes);
    side.stays.holds(side.costs, class, size, steps, elements as f64).then_some(side.instance)
}

/// Equality of two short lists, without the function call of a slice comparison.
fn same(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}
