//! Reductions of segments.

use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::methods::segments;
use polyarray_shaders::primitives::View;

use super::{flat, memory, shader_profile, unsupported};
use crate::array::GpuBackend;

kernels! { SEGMENTS;
    "gpu": specs::Segments = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let views = [flat(&o[0]), flat(&o[1]), flat(&o[2])];
            let plan = segments::plan(&job(spec, views), &backend.device().profile().for_shaders());
            let plan = backend.planned("segments", plan)?;
            let inputs = o.iter().map(|x| memory(&x.buffer, "segments"));
            let inputs = inputs.collect::<polyarray_core::Result<Vec<_>>>()?;
            Ok(single(backend.execute("segments", &plan, &inputs, (spec.dtype, spec.count))?))
        })
        .supporting(fits);
}

fn job(spec: &specs::Segments, inputs: [View; 3]) -> segments::Segments {
    let specs::Segments { op, dtype, len, count, .. } = *spec;
    segments::Segments { op, dtype, len, count, inputs }
}

fn fits(cx: Cx, spec: &specs::Segments) -> Result<(), Unsupported> {
    if spec.longest > segments::LONGEST {
        return Err(Unsupported::Limit {
            what: "a segment",
            got: spec.longest as u64,
            limit: segments::LONGEST as u64,
        });
    }
    let of = |len: usize| View { len, offset: 0, strides: [0, 1] };
    let plan =
        segments::plan(&job(spec, [of(spec.len), of(spec.count), of(spec.count)]), &shader_profile(cx)?);
    plan.map(drop).map_err(|error| unsupported("segments", error))
}
