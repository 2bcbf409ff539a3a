//! Which value is computed into which register.

use super::code::{Slot, Step};
use polyarray_core::expr::kernel::Id;
use smallvec::SmallVec;

/// Gives the values that take a step, and the result, registers, reusing those of values no longer needed; returns how
/// many there are. A value never shares a register with its own operands.
pub(super) fn allocate(slots: &mut [Slot], steps: &[Step]) -> usize {
    let mut last_use: SmallVec<[Id; 64]> = SmallVec::from_elem(0, slots.len());
    for step in steps {
        step.operands().for_each(|a| last_use[a] = step.id as Id);
    }
    let (mut free, mut count) = (SmallVec::<[usize; 16]>::new(), 0);
    // Values that have a register.
    let mut registers: SmallVec<[bool; 64]> = SmallVec::from_elem(false, slots.len());
    let result = slots.len() - 1;
    for step in steps {
        slots[step.id].register = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        registers[step.id] = true;
        for a in step.operands() {
            // An operand that stands twice gives its register back once.
            if last_use[a] as usize == step.id && std::mem::take(&mut registers[a]) {
                free.push(slots[a].register);
            }
        }
    }
    if !registers[result] {
        slots[result].register = count;
        count += 1;
    }
    count
}
