//! Searching: what a mask selects.

use polyarray_core::DType;
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::primitives::View;
use polyarray_shaders::primitives::compact::{self, Gathered};

use super::{flat, memory, shader_profile, unsupported};
use crate::array::GpuBackend;

kernels! { SEARCHING;
    "gpu": specs::Compact = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let views = [flat(&o[0]), o.get(1).map_or_else(none, flat)];
            let plan = compact::plan(&job(spec, views), &backend.device().profile().for_shaders());
            let plan = backend.planned("compact", plan)?;
            let inputs = o.iter().map(|x| memory(&x.buffer, "compact"));
            let inputs = inputs.collect::<polyarray_core::Result<Vec<_>>>()?;
            let dtype = match spec.keeps {
                specs::Kept::Indices => DType::I64,
                specs::Kept::Values(dtype) => dtype,
            };
            let out = backend.execute("compact", &plan, &inputs, (dtype, spec.count))?;
            Ok(single(out))
        })
        .supporting(fits);
}

fn none() -> View {
    View { len: 0, offset: 0, strides: [0, 1] }
}

fn job(spec: &specs::Compact, [mask, x]: [View; 2]) -> compact::Compact {
    let gathered = match spec.keeps {
        specs::Kept::Indices => Gathered::Indices,
        specs::Kept::Values(dtype) => Gathered::Values { dtype, x },
    };
    compact::Compact { len: spec.len, count: spec.count, mask_dtype: spec.mask, mask, gathered }
}

fn fits(cx: Cx, spec: &specs::Compact) -> Result<(), Unsupported> {
    let x = View { len: spec.len, ..none() };
    let plan = compact::plan(&job(spec, [x.clone(), x]), &shader_profile(cx)?);
    plan.map(drop).map_err(|error| unsupported("compact", error))
}
