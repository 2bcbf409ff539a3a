//! Counts of elements in bins.

use polyarray_core::DType;
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::methods::bin_counts;
use polyarray_shaders::primitives::View;

use super::{flat, memory, shader_profile, unsupported};
use crate::array::GpuBackend;

kernels! { HISTOGRAMS;
    "gpu": specs::BinCounts = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let job = job(spec, flat(&o[0]), o.get(1).map(flat));
            let plan = bin_counts::plan(&job, &backend.device().profile().for_shaders());
            let plan = backend.planned("count_in_bins", plan)?;
            let inputs = o.iter().map(|x| memory(&x.buffer, "count_in_bins"));
            let inputs = inputs.collect::<polyarray_core::Result<Vec<_>>>()?;
            Ok(single(backend.execute("count_in_bins", &plan, &inputs, (DType::I64, spec.bins))?))
        })
        .supporting(fits);
}

fn job(spec: &specs::BinCounts, x: View, edges: Option<View>) -> bin_counts::BinCounts {
    let specs::BinCounts { count, bins, dtype } = *spec;
    bin_counts::BinCounts { dtype, len: count, bins, x, edges }
}

fn fits(cx: Cx, spec: &specs::BinCounts) -> Result<(), Unsupported> {
    let of = |len: usize| View { len, offset: 0, strides: [0, 1] };
    let edges = spec.dtype.is_float().then(|| of(spec.bins + 1));
    let plan = bin_counts::plan(&job(spec, of(spec.count), edges), &shader_profile(cx)?);
    plan.map(drop).map_err(|error| unsupported("count_in_bins", error))
}
