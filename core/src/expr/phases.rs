//! A kernel split into phases at its row reductions.

use super::kernel::{Id, Input, Instr, Kernel, Output, Value};
use super::op::Reduction;
use crate::error::Result;
use crate::memory::Buffer;
use std::sync::Arc;

/// The code of one row reduction, or of the kernel's result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phase {
    /// The reduction of its last value; none in the last phase of a kernel that stores every element.
    pub op: Option<Reduction>,
    /// The code, with unused values removed.
    pub code: Vec<Value>,
    /// What `Load` number 0, 1, … of its code refers to: an input of the kernel or, from the number of inputs on, the result
    /// of an earlier phase.
    pub loads: Vec<usize>,
}

impl Kernel {
    /// The phases, in order. The last one computes the result; a kernel without row reductions has only that.
    pub fn phases(&self) -> Vec<Phase> {
        let reductions = || {
            self.code.iter().enumerate().filter_map(|(id, value)| match value.instr {
                Instr::Reduce(op, a) => Some((id, op, a)),
                _ => None,
            })
        };
        let ends: Vec<usize> = reductions().map(|(id, ..)| id).collect();
        let phase = |op, last: Id| {
            let (code, loads) = self.code_of(last, &ends);
            Phase { op, code, loads }
        };
        let last = match self.output {
            Output::Reduce { op, .. } => Some(op),
            Output::Map | Output::Rows { .. } => None,
        };
        let result = phase(last, (self.code.len() - 1) as Id);
        reductions().map(|(_, op, a)| phase(Some(op), a)).chain([result]).collect()
    }

    /// The code of one value, in which the results of earlier reductions are loads, and what its loads refer to.
    fn code_of(&self, last: Id, ends: &[usize]) -> (Vec<Value>, Vec<usize>) {
        let mut needed = vec![false; self.code.len()];
        needed[last as usize] = true;
        for id in (0..=last as usize).rev().filter(|&id| self.code[id].instr.operands().next().is_some()) {
            if needed[id] && !ends.contains(&id) {
                self.code[id].instr.operands().for_each(|a| needed[a as usize] = true);
            }
        }
        let (mut code, mut loads): (Vec<Value>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut ids = vec![0; self.code.len()];
        for (id, &Value { instr, dtype }) in self.code.iter().enumerate().filter(|(id, _)| needed[*id]) {
            let loaded = match instr {
                Instr::Load(i) => Some(usize::from(i)),
                Instr::Reduce(..) => {
                    ends.iter().position(|&end| end == id).map(|number| self.inputs.len() + number)
                }
                _ => None,
            };
            let to = |a: Id| ids[a as usize];
            let instr = match (loaded, instr) {
                (Some(number), _) => {
                    let at = loads.iter().position(|&l| l == number).unwrap_or_else(|| {
                        loads.push(number);
                        loads.len() - 1
                    });
                    Instr::Load(at as u8)
                }
                (None, Instr::Map(op, args)) => Instr::Map(op, args.map(to)),
                (None, Instr::Cast(a)) => Instr::Cast(to(a)),
                (None, instr) => instr,
            };
            ids[id] = code.len() as Id;
            code.push(Value { instr, dtype });
        }
        (code, loads)
    }

    /// Runs the row reductions as kernels of their own, in order, and returns the kernel that remains, which loads their
    /// results: for a backend that can't run this one fused.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn unfused(&self, mut run: impl FnMut(&Kernel) -> Result<Arc<dyn Buffer>>) -> Result<Kernel> {
        let split = self.split();
        let mut inputs = self.inputs.clone();
        let strides = self.row_strides();
        let mut phases = self.phases();
        let last = phases.pop().expect("the last phase ends in the result");
        let kernel = |phase: Phase, inputs: &[Input]| Kernel {
            dims: self.dims.clone(),
            inputs: phase.loads.iter().map(|&number| inputs[number].clone()).collect(),
            params: self.params.clone(),
            code: phase.code,
            output: phase.op.map_or(Output::Map, |op| Output::Reduce { op, split }),
        };
        for phase in phases {
            let buffer = run(&kernel(phase, &inputs))?;
            inputs.push(Input { buffer, strides: strides.clone(), offset: 0 });
        }
        Ok(kernel(last, &inputs))
    }
}

impl Instr {
    /// The values that it is computed from.
    pub fn operands(&self) -> impl Iterator<Item = Id> + use<> {
        let (ids, count) = match *self {
            Instr::Map(op, ids) => (ids, op.info().arity),
            Instr::Cast(a) | Instr::Reduce(_, a) => ([a, 0, 0], 1),
            Instr::Load(_) | Instr::Param(_) | Instr::Iota => ([0; 3], 0),
        };
        ids.into_iter().take(count)
    }
}
