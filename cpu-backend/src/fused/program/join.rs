//! Two operations in one loop.

use super::code::{Step, Work};
use crate::fused::ops::pair_loop;
use polyarray_core::expr::kernel::Id;
use polyarray_core::expr::{Instr, Kernel, Op};
use smallvec::SmallVec;

/// Joins each sum, difference and product with one of its operands that is such, too, and that nothing else uses. Loops in the
/// cache are bound by loads and stores: a step of the heat equation (512², float32) has four loops instead of seven. Values
/// have their numbers of the code.
pub(super) fn join(kernel: &Kernel, steps: &mut Vec<Step>) {
    let code = &kernel.code;
    let arithmetic = |id: usize| match code[id].instr {
        Instr::Map(op @ (Op::Add | Op::Subtract | Op::Multiply), [a, b, _]) => {
            Some((op, [usize::from(a), usize::from(b)]))
        }
        _ => None,
    };
    let mut uses: SmallVec<[Id; 64]> = SmallVec::from_elem(0, code.len());
    for id in steps.iter().flat_map(Step::operands) {
        uses[id] += 1;
    }
    // What is computed where it is used, and what is computed in a loop of two.
    let mut gone: SmallVec<[bool; 64]> = SmallVec::from_elem(false, code.len());
    let mut paired = gone.clone();
    for step in steps.iter_mut() {
        let Some((second, operands)) = arithmetic(step.id) else { continue };
        for (turned, id) in [(false, operands[0]), (true, operands[1])] {
            let Some((first, [a, b])) = arithmetic(id).filter(|_| uses[id] == 1 && !paired[id]) else {
                continue;
            };
            let other = operands[usize::from(!turned)];
            let Some(run) = pair_loop(first, second, turned, code[step.id].dtype) else { continue };
            step.work = Work::Map(run, [a, b, other], 3);
            (gone[id], paired[step.id]) = (true, true);
            break;
        }
    }
    steps.retain(|step| !gone[step.id]);
}
