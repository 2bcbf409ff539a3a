//! The plan caches: a small table for every method, and behind it all plans of a thread.
//!
//! Everything here is thread-local, so that calls write to no shared memory.
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use smallvec::SmallVec;

use super::cx::{Cx, Depth, Hit};
use super::error::Error;
use super::identity::MethodInfo;
use super::key::Key;
use super::kind::Instance;
use super::plan::Plan;
use super::registry;
use super::state::{bypassed, fast_id};
use super::walk::Walk;

const SLOTS: usize = 8;
/// A thread drops its plans when there are this many: a program with more would not reuse them.
const MOST_PLANS: usize = 8192;

/// The first-level cache of one method with `N` dispatchable arguments.
pub struct Front<F, const N: usize> {
    slots: [Slot<F, N>; SLOTS],
}

struct Slot<F, const N: usize> {
    /// The state's id and the registry's generation; 0 in an empty slot.
    state: Cell<u64>,
    generation: Cell<u64>,
    keys: Cell<[Key; N]>,
    /// The first candidate's implementation, where the arguments are native to it.
    function: Cell<Option<(F, Instance)>>,
    pinned: Cell<bool>,
    plan: Cell<u32>,
}

impl<F: Copy + 'static, const N: usize> Front<F, N> {
    /// An empty table.
    #[expect(clippy::new_without_default, reason = "made in a const, by the macro")]
    pub const fn new() -> Self {
        Self {
            slots: [const {
                Slot {
                    state: Cell::new(0),
                    generation: Cell::new(0),
                    keys: Cell::new([Key::NONE; N]),
                    function: Cell::new(None),
                    pinned: Cell::new(false),
                    plan: Cell::new(u32::MAX),
                }
            }; SLOTS],
        }
    }

    #[inline(always)]
    fn slot(&self, state: u64, keys: &[Key; N]) -> &Slot<F, N> {
        let mut place = state as usize;
        for (n, key) in keys.iter().enumerate() {
            place = place.wrapping_add(key.index() as usize * (2 * n + 1));
        }
        &self.slots[place % SLOTS]
    }

    #[inline(always)]
    fn known(&self, keys: &[Key; N]) -> Option<&Slot<F, N>> {
        let state = fast_id();
        let slot = self.slot(state, keys);
        let same = slot.state.get() == state
            && slot.generation.get() == registry::generation()
            && slot.keys.get() == *keys;
        same.then_some(slot)
    }

    /// The first candidate's implementation for these keys in the state in force, if the arguments are native to it.
    #[inline(always)]
    pub fn look(&self, keys: &[Key; N]) -> Option<Hit<F>> {
        let slot = self.known(keys)?;
        let (function, instance) = slot.function.get()?;
        Some(Hit { function, cx: Cx::new(instance), _depth: Depth::enter(slot.pinned.get())? })
    }

    /// The plan for these keys, made if it is not cached.
    pub(super) fn plan(
        &self,
        walk: &'static Walk,
        method: &'static MethodInfo,
        keys: &[Key; N],
    ) -> Result<Rc<Plan>, Error> {
        let known = self.known(keys).map(|slot| slot.plan.get());
        let generation = registry::generation();
        let (plan, number) = Plans::find(known, generation, walk, method, keys)?;
        if number != known
            && let Some(number) = number
            && fast_id() == walk.id
        {
            self.fill(generation, number, &plan, keys);
        }
        Ok(plan)
    }

    fn fill(&self, generation: u64, number: u32, plan: &Plan, keys: &[Key; N]) {
        let slot = self.slot(plan.walk.id, keys);
        slot.state.set(plan.walk.id);
        slot.generation.set(generation);
        slot.keys.set(*keys);
        let first = plan.ready().next().filter(|ready| ready.native());
        slot.function.set(
            first.and_then(|ready| Some((*ready.implementation?.function.downcast_ref::<F>()?, ready.to))),
        );
        slot.pinned.set(plan.walk.pin.is_some());
        slot.plan.set(number);
    }
}

/// The plan of a method without a front cache.
pub(super) fn planned(
    walk: &'static Walk,
    method: &'static MethodInfo,
    keys: &[Key],
) -> Result<Rc<Plan>, Error> {
    Plans::find(None, registry::generation(), walk, method, keys).map(|(plan, _)| plan)
}

type PlanKey = (usize, u64, SmallVec<[Key; 4]>);

#[derive(Default)]
struct Plans {
    generation: u64,
    numbers: HashMap<PlanKey, u32>,
    plans: Vec<Rc<Plan>>,
}

thread_local! {
    static PLANS: RefCell<Plans> = RefCell::default();
}

impl Plans {
    /// The plan, and its number if it is cached.
    fn find(
        number: Option<u32>,
        generation: u64,
        walk: &'static Walk,
        method: &'static MethodInfo,
        keys: &[Key],
    ) -> Result<(Rc<Plan>, Option<u32>), Error> {
        let plan_key = || (std::ptr::from_ref(method).addr(), walk.id, SmallVec::from(keys));
        let known = PLANS.try_with(|plans| {
            if bypassed() {
                return None;
            }
            let mut plans = plans.borrow_mut();
            if plans.generation != generation || plans.plans.len() >= MOST_PLANS {
                *plans = Plans { generation, ..Plans::default() };
                return None;
            }
            if let Some(number) = number
                && let Some(plan) = plans.plans.get(number as usize)
                && plan.is_for(walk, method, keys)
            {
                return Some((Rc::clone(plan), number));
            }
            let number = *plans.numbers.get(&plan_key())?;
            Some((Rc::clone(&plans.plans[number as usize]), number))
        });
        if let Ok(Some((plan, number))) = known {
            return Ok((plan, Some(number)));
        }
        // Calls into backends, and so outside any borrow.
        let plan = Rc::new(Plan::new(walk, method, keys)?);
        let kept = PLANS.try_with(|plans| {
            let mut plans = plans.borrow_mut();
            if bypassed() || plans.generation != generation {
                return None;
            }
            let number = plans.plans.len() as u32;
            plans.plans.push(Rc::clone(&plan));
            plans.numbers.insert(plan_key(), number);
            Some(number)
        });
        Ok((plan, kept.ok().flatten()))
    }
}
