//! Calls whose place is plain: their operands are in one place, and elsewhere even starting anything, and bringing
//! the result back, takes longer than all that there is to do.
//!
//! Estimates take longer than small work itself, so what this asks is computed once for each side, from the costs of
//! all: sizes up to which no estimate can say anything else than "at home". A call is compared with them by upper
//! bounds. Whatever is not plain is weighed.

use polyarray_core::Array;
use polyarray_core::dispatch::{Instance, Key};
use polyarray_core::numpy::Work;

use crate::Costs;
use crate::class::{Class, broadcast_len, product};
use crate::sides::{Side, moved, sides};

/// Where work that began on a side stays, in sizes that costs are given against.
#[derive(Clone, Copy, Debug)]
pub struct Stays {
    /// By class: seconds that a call takes elsewhere at least, and the largest size that takes less at home.
    classes: [(f64, f64); Class::ALL.len()],
    /// Up to this size, no step of pending work takes longer at home than elsewhere: that it might go along is no
    /// reason to go.
    steps: f64,
    /// Seconds that a step takes elsewhere at least.
    step: f64,
}

/// The widest element, complex128, in float32s, which sizes are of.
const WIDEST: f64 = 4.0;

impl Stays {
    /// Nothing is plain.
    pub const NONE: Stays = Stays { classes: [(0.0, -1.0); Class::ALL.len()], steps: -1.0, step: 0.0 };

    /// Of a side among all there are.
    pub fn at(home: &Side, sides: &[Side]) -> Stays {
        let others = || sides.iter().filter(|side| side.key != home.key);
        let least = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::INFINITY, f64::min);
        let classes = Class::ALL.map(|class| {
            // Its operands may have been copied there before.
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

    /// Does work of this size stay, with so many steps pending before it, of no more than so many elements?
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

/// Up to which size no elementwise step, alone or in a kernel, takes less time on `other` than at home.
fn steps_stay(here: &Costs, there: &Costs) -> f64 {
    let curves = [&here.simple, &here.function, &there.simple, &there.function];
    let mut sizes: Vec<f64> = curves.iter().flat_map(|curve| curve.sizes()).collect();
    sizes.push(0.0);
    sizes.sort_by(f64::total_cmp);
    // Between these sizes all of it is straight, so two ends say what is between them. Halves bring them closer.
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
    // In a kernel, of a function counts what it takes more than a pass over memory, but a quarter at least.
    let more = |costs: &Costs, size: f64| costs.function.at(size) - costs.simple.at(size);
    let stays = |ends: &&[f64]| {
        no_longer(ends, &|x| here.simple.at(x), &|x| there.simple.at(x))
            && no_longer(ends, &|x| here.function.at(x), &|x| there.function.at(x))
            && (no_longer(ends, &|x| more(here, x), &|x| more(there, x))
                || no_longer(ends, &|x| more(here, x), &|x| there.function.at(x) / 4.0))
    };
    // Beyond the last size all grow in proportion to it.
    ends.windows(2).find(|ends| !stays(ends)).map_or(f64::INFINITY, |ends| ends[0])
}

/// The instance that a call stays on, if that is plain.
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
        // Behind an array without elements there may be steps that have some.
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
        // Of several dtypes, one would have to be found that says which product it is.
        _ if operands.iter().any(|x| x.dtype().size() != bytes) => return None,
        _ => match product(operands)? {
            (1.0, m, k, n) => m * k * n,
            _ => return None,
        },
    };
    let class = Class::of(work, bytes);
    side.stays.holds(side.costs, class, size, steps, elements as f64).then_some(side.instance)
}

/// Equality of two short lists, without the call that comparing slices makes.
fn same(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}
