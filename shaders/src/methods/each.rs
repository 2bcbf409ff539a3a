//! What kernels have in common that compute each element of one axis by a function of its own.

use crate::builder::{Builder, addressable};
use crate::fused::input_access::{Placed, Source};
use crate::fused::storage::block;
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile};
use crate::primitives::View;
use crate::shader::{Module, Template};
use polyarray_core::DType;

/// Elements per block: whole words of every dtype.
const UNIT: u32 = 4;
/// Blocks that a lane takes, at most.
const RUN: u64 = 65;

/// The output, and the numbers that the kernel is told besides.
pub struct Each {
    pub out: DType,
    pub count: usize,
    pub numbers: Vec<usize>,
}

/// Plans a kernel over inputs of one axis: each with its dtype and its number of elements.
///
/// # Errors
/// [`PlanError`].
pub fn plan<T: Template, const N: usize>(
    each: &Each,
    inputs: [(&View, DType, usize); N],
    profile: &Profile,
    template: impl Fn([Source; N], u32) -> T,
) -> Result<Plan, PlanError> {
    let mut builder = Builder::new(profile, each.out, each.count)?;
    if each.count == 0 {
        return Ok(builder.finish());
    }
    let mut placed = Vec::new();
    for (number, (view, dtype, len)) in inputs.into_iter().enumerate() {
        crate::plan::check_dtype(dtype, profile.features)?;
        addressable("an operand", len)?;
        let along = [view.strides[1]];
        let one = Placed::from_parts(number, dtype, view.len, &[len], &along, view.offset, None, profile)?;
        placed.push(one.strided());
    }
    let sources = std::array::from_fn(|i| placed[i].source);
    let shader = builder.shader(template(sources, UNIT));
    for part in builder.parts(0..each.count, each.out.size()) {
        let blocks = (part.len() as u64).div_ceil(u64::from(UNIT));
        let per_lane = profile.per_lane(blocks, RUN);
        let numbers = [part.len(), part.start, blocks as usize, per_lane as usize];
        let mut params: Vec<u32> = numbers.iter().chain(&each.numbers).map(|&x| x as u32).collect();
        placed.iter().for_each(|x| params.extend(x.words(0, UNIT, profile)));
        let mut bindings: Vec<_> = placed.iter().flat_map(|x| x.binds(0, 0, profile)).collect();
        bindings.push(builder.output(part));
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

/// Names of the words of such a kernel.
pub fn params(numbers: &[&str], sources: &[Source], names: &mut Names) {
    names.words(&["count", "start", "blocks", "per_lane"]);
    names.words(numbers);
    sources.iter().enumerate().for_each(|(i, source)| source.params(i, 1, names));
}

/// Declares the output.
pub fn write_output(dtype: DType, unit: u32, module: &mut Module) {
    module.read_write("out", &block(dtype, unit));
}
