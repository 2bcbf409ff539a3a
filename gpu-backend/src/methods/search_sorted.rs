//! Binary searches.

use polyarray_core::DType;
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_core::numpy::Side;
use polyarray_shaders::methods::search_sorted;
use polyarray_shaders::primitives::View;

use super::{flat, memory, shader_profile, unsupported};
use crate::array::GpuBackend;

kernels! { SEARCH_SORTED;
    "gpu": specs::SearchSorted = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let views = [flat(&o[0]), flat(&o[1])];
            let plan = search_sorted::plan(&job(spec, views), &backend.device().profile().for_shaders());
            let plan = backend.planned("searchsorted", plan)?;
            let inputs = [memory(&o[0].buffer, "searchsorted")?, memory(&o[1].buffer, "searchsorted")?];
            Ok(single(backend.execute("searchsorted", &plan, &inputs, (DType::I64, spec.count))?))
        })
        .supporting(fits);
}

fn job(spec: &specs::SearchSorted, [sorted, values]: [View; 2]) -> search_sorted::SearchSorted {
    let specs::SearchSorted { len, count, dtype, side } = *spec;
    search_sorted::SearchSorted { dtype, len, count, right: side == Side::Right, sorted, values }
}

fn fits(cx: Cx, spec: &specs::SearchSorted) -> Result<(), Unsupported> {
    let of = |len: usize| View { len, offset: 0, strides: [0, 1] };
    let plan = search_sorted::plan(&job(spec, [of(spec.len), of(spec.count)]), &shader_profile(cx)?);
    plan.map(drop).map_err(|error| unsupported("searchsorted", error))
}
