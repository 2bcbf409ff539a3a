//! Runs the plans of the shaders crate: allocates what they need, compiles, binds and records.

use polyarray_shaders::{Plan, Slot, Step};
use smallvec::SmallVec;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pool::GpuBuffer;
use crate::submit::{Dispatch, Params, Window};

impl Gpu {
    /// Records a plan's steps over `inputs`, into a fresh buffer.
    ///
    /// # Errors
    /// As [`Gpu::allocate`] and [`Gpu::dispatch`].
    pub fn execute(&self, operation: &str, plan: &Plan, inputs: &[&GpuBuffer]) -> Result<GpuBuffer> {
        let output = self.allocate(plan.output_bytes, operation)?;
        self.execute_into(operation, plan, inputs, &output)?;
        Ok(output)
    }

    /// As [`Gpu::execute`], into a buffer that there is: how a plan that writes a region of its output
    /// is run.
    ///
    /// # Errors
    /// As [`Gpu::execute`].
    pub fn execute_into(
        &self,
        operation: &str,
        plan: &Plan,
        inputs: &[&GpuBuffer],
        output: &GpuBuffer,
    ) -> Result<()> {
        // Scratch goes back to the pool when the plan is recorded: its next user is recorded
        // later, and so runs later.
        let scratch = plan
            .scratch
            .iter()
            .map(|&bytes| self.allocate(bytes, operation))
            .collect::<Result<Vec<GpuBuffer>>>()?;
        plan.steps.iter().try_for_each(|step| self.execute_step(step, inputs, &scratch, output))
    }

    fn execute_step(
        &self,
        step: &Step,
        inputs: &[&GpuBuffer],
        scratch: &[GpuBuffer],
        output: &GpuBuffer,
    ) -> Result<()> {
        let pipeline = self.generated(&step.shader)?;
        let windows = step.bindings.iter().map(|bind| {
            let buffer = match bind.slot {
                Slot::Input(index) => inputs.get(index).copied(),
                Slot::Scratch(index) => scratch.get(index),
                Slot::Output => Some(output),
            };
            let buffer = buffer.ok_or_else(|| GpuError::Binding {
                kernel: pipeline.name().to_owned(),
                problem: format!("its plan names {:?}, which there is not", bind.slot),
            })?;
            Ok(Window { buffer, offset: bind.offset, bytes: bind.size })
        });
        let windows = windows.collect::<Result<SmallVec<[Window<'_>; 8]>>>()?;
        let words = bytemuck::cast_slice(&step.params);
        let params =
            if step.params_are_immediate { Params::Immediates(words) } else { Params::Buffer(words) };
        self.dispatch(&Dispatch { pipeline: &pipeline, windows: &windows, params, groups: step.groups })
    }
}
