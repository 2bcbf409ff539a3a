//! The instances among which `auto` chooses, with their costs.

use std::cell::Cell;

use parking_lot::Mutex;
use polyarray_core::array::{ARRAY_KINDS, HOST, instance_at, residency_of};
use polyarray_core::dispatch::{Instance, Key, KindId};

use crate::Costs;
use crate::costs::{generation, known};

/// An instance and its costs.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    pub instance: Instance,
    /// Where its arrays live.
    pub key: Key,
    pub costs: &'static Costs,
}

thread_local! {
    /// This thread's copy of [`TABLE`]. Decisions read it without a lock.
    static SIDES: Cell<(u64, &'static [Side])> = const { Cell::new((0, &[])) };
}

/// The newest table, and the generation of costs from which it was made. There are as many as changes to what is known: a
/// few, which are never freed.
static TABLE: Mutex<(u64, &'static [Side])> = Mutex::new((0, &[]));

/// The first instance of every kind of arrays, and every other instance that held an operand; without those that can't
/// be opened or measured.
pub fn sides() -> &'static [Side] {
    let (of, sides) = SIDES.get();
    if of == generation() && of > 0 { sides } else { listed() }
}

#[cold]
fn listed() -> &'static [Side] {
    for kind in ARRAY_KINDS {
        // An instance that can't be measured is left out; naming it directly gives the reason.
        let _ = Costs::of(Instance { kind: KindId::intern(kind.name), index: 0 });
    }
    let mut table = TABLE.lock();
    let now = generation();
    if table.0 != now {
        let side = |(instance, costs)| Some(Side { instance, key: residency_of(instance).ok()?, costs });
        let sides: Vec<Side> = known().into_iter().filter_map(side).collect();
        *table = (now, sides.leak());
    }
    SIDES.set(*table);
    table.1
}

/// The instance whose arrays have this residency.
pub fn at(key: Key) -> Option<&'static Side> {
    let find = || sides().iter().find(|side| side.key == key);
    if let Some(side) = find() {
        return Some(side);
    }
    Costs::of(instance_at(key).ok()?).ok()?;
    find()
}

/// Seconds of a copy between two instances, through the host between two devices. None if a cost is not known.
pub fn moved(from: &Side, to: &Side, bytes: f64) -> Option<f64> {
    let host = *HOST;
    let leave = if from.key == host { 0.0 } else { from.costs.download.as_ref()?.at(bytes) };
    let arrive = if to.key == host { 0.0 } else { to.costs.upload.as_ref()?.at(bytes) };
    Some(leave + arrive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polyarray_core::array::ArrayKind;
    use polyarray_core::dispatch::linkme::distributed_slice;
    use polyarray_core::{Array, Error};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static OPENED: AtomicUsize = AtomicUsize::new(0);

    /// Each try would take as long as it takes to open a device and to fail.
    #[distributed_slice(ARRAY_KINDS)]
    #[linkme(crate = polyarray_core::dispatch::linkme)]
    static BROKEN: ArrayKind = ArrayKind {
        name: "broken",
        open: |_| {
            OPENED.fetch_add(1, Relaxed);
            Err(Error::Device { device: "broken:0".into(), reason: "a test".into(), fix: "none".into() })
        },
        residency: |index| Key::intern(&format!("broken:{index}")),
    };

    #[test]
    fn an_instance_that_cannot_be_measured_is_tried_once_in_a_process() {
        let broken = Instance { kind: KindId::intern("broken"), index: 0 };
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..100 {
                        assert!(sides().iter().all(|side| side.instance != broken));
                        assert!(at(Key::intern("broken:0")).is_none());
                        assert!(Costs::of(broken).is_err_and(|error| error.to_string().contains("a test")));
                        let x = Array::from(vec![1.0_f32]);
                        let _ = crate::estimates(crate::Work::Var, &[&x]);
                    }
                });
            }
        });
        assert_eq!(OPENED.load(Relaxed), 1);
        // All threads share a table.
        let table = || sides().as_ptr().addr();
        assert_eq!(std::thread::scope(|threads| threads.spawn(table).join()).unwrap(), table());
    }
}
