//! Plans found again: a small table in front of every method, and behind it all of a thread's plans.
//!
//! Everything here belongs to one thread: nothing on the way of a call is written by two.
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use smallvec::SmallVec;

use super::call::{Cx, Depth, Hit};
use super::error::Error;
use super::key::Key;
use super::kind::Instance;
use super::method::MethodInfo;
use super::plan::Plan;
use super::registry;
use super::state::{Walk, fast_id};

const SLOTS: usize = 8;
/// A thread forgets its plans beyond this many; a program that meets more is not helped by them.
const MOST_PLANS: usize = 8192;

/// The table in front of one method with `N` dispatchable arguments.
pub struct Front<F, const N: usize> {
    slots: [Slot<F, N>; SLOTS],
}

struct Slot<F, const N: usize> {
    /// The state's id and the registry's generation; 0 is neither's.
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

    /// The implementation for these keys in the state in force, if it takes the arguments as they are.
    #[inline(always)]
    pub fn look(&self, keys: &[Key; N]) -> Option<Hit<F>> {
        let slot = self.known(keys)?;
        let (function, instance) = slot.function.get()?;
        Some(Hit { function, cx: Cx { instance }, _depth: Depth::if_pinned(slot.pinned.get())? })
    }

    /// The plan for these keys, walked for if it is not known.
    pub(super) fn plan(
        &self,
        walk: &'static Walk,
        method: &'static MethodInfo,
        keys: &[Key; N],
    ) -> Result<Rc<Plan>, Error> {
        let number = self.known(keys).map(|slot| slot.plan.get());
        let generation = registry::generation();
        let (plan, number) = Plans::find(number, generation, walk, method, keys)?;
        if let Some(number) = number
            && fast_id() == walk.id
        {
            let slot = self.slot(walk.id, keys);
            let first = plan.first_ready().filter(|(_, ready)| ready.native()).and_then(|(_, ready)| {
                let function = ready.implementation?.function.downcast_ref::<F>()?;
                Some((*function, ready.to))
            });
            slot.state.set(walk.id);
            slot.generation.set(generation);
            slot.keys.set(*keys);
            slot.function.set(first);
            slot.pinned.set(walk.pin.is_some());
            slot.plan.set(number);
        }
        Ok(plan)
    }
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
    static BYPASS: Cell<bool> = const { Cell::new(false) };
}

impl Plans {
    /// The plan, and its number if it was kept.
    fn find(
        number: Option<u32>,
        generation: u64,
        walk: &'static Walk,
        method: &'static MethodInfo,
        keys: &[Key],
    ) -> Result<(Rc<Plan>, Option<u32>), Error> {
        let plan_key = || (std::ptr::from_ref(method).addr(), walk.id, SmallVec::from(keys));
        let known = PLANS.try_with(|plans| {
            if BYPASS.get() {
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
        // Backends are asked here: outside any borrow.
        let plan = Rc::new(Plan::new(walk, method, keys)?);
        let kept = PLANS.try_with(|plans| {
            let mut plans = plans.borrow_mut();
            if BYPASS.get() || plans.generation != generation {
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

/// Runs `f` with every call walked for anew: the yardstick that the caches are tested against.
#[doc(hidden)]
pub fn uncached<R>(f: impl FnOnce() -> R) -> R {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            BYPASS.set(self.0);
        }
    }
    let _back = Back(BYPASS.replace(true));
    let _fast = super::state::NoFast::new();
    f()
}
