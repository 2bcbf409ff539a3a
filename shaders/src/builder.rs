//! How planners write plans: what every plan needs is here once.

use crate::plan::{
    BUFFER_ALIGNMENT, Bind, MAX_ELEMENTS, Plan, PlanError, Profile, Slot, Step, buffer_bytes, check_dtype,
    grid,
};
use crate::shader::{Shader, Template};
use polyarray_core::DType;
use std::ops::Range;

/// A plan being written, for one adapter and one output.
pub(crate) struct Builder<'a> {
    /// The adapter.
    pub profile: &'a Profile,
    dtype: DType,
    plan: Plan,
}

impl<'a> Builder<'a> {
    /// A plan whose output is `len` elements of `dtype`.
    ///
    /// # Errors
    /// The adapter lacks the dtype; indices beyond 32 bits.
    pub fn new(profile: &'a Profile, dtype: DType, len: usize) -> Result<Builder<'a>, PlanError> {
        check_dtype(dtype, profile.features)?;
        addressable("the output", len)?;
        let plan = Plan { output_bytes: buffer_bytes(dtype, len), ..Plan::default() };
        Ok(Builder { profile, dtype, plan })
    }

    /// The module of a template.
    pub fn shader<T: Template>(&self, template: T) -> Shader {
        let Profile { features, workgroup, immediates, .. } = *self.profile;
        Shader::new(template, features, workgroup, immediates)
    }

    /// The module of a template whose workgroups have another size than the adapter's usual one.
    pub fn shader_of<T: Template>(&self, template: T, workgroup: u32) -> Shader {
        Shader::new(template, self.profile.features, workgroup, self.profile.immediates)
    }

    /// A new scratch buffer of so many bytes; its number.
    pub fn scratch(&mut self, bytes: u64) -> usize {
        self.plan.scratch.push(padded(bytes.max(1)));
        self.plan.scratch.len() - 1
    }

    /// The first `bytes` of scratch buffer `number`.
    pub fn shown(&self, number: usize, bytes: u64, write: bool) -> Bind {
        Bind { slot: Slot::Scratch(number), offset: 0, size: padded(bytes.max(1)), write }
    }

    /// The first `bytes` of scratch buffer `number`, which grows to hold them; numbers begin at 0 and leave no gap.
    pub fn scratch_at(&mut self, number: usize, bytes: u64, write: bool) -> Bind {
        let size = padded(bytes.max(1));
        if self.plan.scratch.len() <= number {
            self.plan.scratch.push(size);
        }
        self.plan.scratch[number] = self.plan.scratch[number].max(size);
        Bind { slot: Slot::Scratch(number), offset: 0, size, write }
    }

    /// The binding that shows elements of the output; the first of them begins at an aligned byte.
    pub fn output(&self, elements: Range<usize>) -> Bind {
        let size = self.dtype.size() as u64;
        let offset = elements.start as u64 * size;
        let bytes = padded(elements.len() as u64 * size);
        Bind { slot: Slot::Output, offset, size: bytes.min(self.plan.output_bytes - offset), write: true }
    }

    /// `all` in parts of which each fits a binding of elements of `widest` bytes. Every part but the first begins at an
    /// aligned byte of every dtype, in whole blocks of every length.
    pub fn parts(&self, all: Range<usize>, widest: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let align = self.profile.alignment() as usize;
        // A binding may begin before the part, by less than an alignment.
        let most = (self.profile.max_binding as usize).saturating_sub(align) / widest / align * align;
        let whole = all.len() * widest + align <= self.profile.max_binding as usize;
        let part = if whole { all.len() } else { most.max(align) };
        all.clone().step_by(part.max(1)).map(move |start| start..all.end.min(start + part))
    }

    /// Workgroups of so many lanes.
    pub fn groups(&self, lanes: u64) -> u64 {
        lanes.div_ceil(u64::from(self.profile.workgroup))
    }

    /// Adds a dispatch of at least `groups` workgroups. `params` are the values of the words that the template names.
    ///
    /// # Errors
    /// More storage buffers than the adapter binds.
    pub fn step(
        &mut self,
        shader: &Shader,
        bindings: Vec<Bind>,
        params: impl IntoIterator<Item = u32>,
        groups: u64,
    ) -> Result<(), PlanError> {
        let params_are_immediate = shader.takes_immediates();
        let (needed, limit) =
            (bindings.len() + usize::from(!params_are_immediate), self.profile.storage_buffers);
        if needed > limit as usize {
            return Err(PlanError::Bindings { label: shader.label(), needed, limit });
        }
        let params: Vec<u32> = [0].into_iter().chain(params).collect();
        debug_assert_eq!(params.len(), shader.words(), "{}", shader.label());
        let groups = grid(groups, self.profile);
        let shader = shader.clone();
        self.plan.steps.push(Step { shader, bindings, params, params_are_immediate, groups });
        Ok(())
    }

    /// The plan.
    pub fn finish(self) -> Plan {
        self.plan
    }
}

/// Bytes up to the end of the last block.
pub(crate) fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(BUFFER_ALIGNMENT)
}

/// # Errors
/// [`PlanError::TooLarge`] beyond 32-bit indices.
pub(crate) fn addressable(what: &str, elements: usize) -> Result<(), PlanError> {
    let (elements, limit) = (elements as u64, MAX_ELEMENTS);
    if elements <= limit { Ok(()) } else { Err(PlanError::TooLarge { what: what.into(), elements, limit }) }
}
