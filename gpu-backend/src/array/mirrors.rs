//! Uploaded copies of host arrays: kept for the next use, dropped when memory runs short.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use polyarray_core::array::{Buffer, MirrorSlot};

type Slot = Weak<Mutex<Option<Arc<dyn Buffer>>>>;

/// The slots that hold copies on one device, the oldest first. Weak: a slot goes with its host array.
#[derive(Default)]
pub(super) struct Mirrors {
    slots: Mutex<Vec<Slot>>,
}

impl Mirrors {
    pub(super) fn keep(&self, slot: &MirrorSlot) {
        let mut slots = self.slots.lock();
        // Swept now and then, so that the list stays as long as what it lists.
        if slots.len() == slots.capacity() {
            slots.retain(|slot| slot.strong_count() > 0);
        }
        slots.push(Arc::downgrade(slot));
    }

    /// Empties slots whose copies nobody else uses, until `wanted` bytes are free; the bytes freed.
    pub(super) fn drop_bytes(&self, wanted: u64) -> u64 {
        let mut freed = 0;
        let mut dropped = Vec::new();
        self.slots.lock().retain(|slot| {
            let Some(slot) = slot.upgrade() else { return false };
            if freed >= wanted {
                return true;
            }
            // Whoever holds the slot's lock is about to use the copy.
            let Some(mut held) = slot.try_lock() else { return true };
            match held.take() {
                Some(copy) if Arc::strong_count(&copy) == 1 => {
                    freed += copy.nbytes() as u64;
                    dropped.push(copy);
                    false
                }
                Some(used) => {
                    *held = Some(used);
                    true
                }
                None => false,
            }
        });
        drop(dropped);
        freed
    }
}
