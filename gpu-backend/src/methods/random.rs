//! Random numbers.

use polyarray_core::backend::specs::{self, Drawn};
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::methods::random::{Draw, Made, plan};
use polyarray_shaders::plan::check_dtype;

use super::shader_profile;
use crate::array::GpuBackend;

kernels! { RANDOM;
    "gpu": specs::Draw = SpecKernel::new(|cx, spec, _| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let specs::Draw { stream, drawn, count, dtype } = *spec;
            let made = match drawn {
                Drawn::Words => Made::Words,
                Drawn::Uniform => Made::Uniform,
                Drawn::Normal => Made::Normal,
            };
            let job = Draw { key: stream.key, block: stream.block, made, count, dtype };
            let plan = backend.planned("draw", plan(&job, &backend.device().profile().for_shaders()))?;
            Ok(single(backend.execute("draw", &plan, &[], (dtype, count))?))
        })
        .supporting(holds);
}

fn holds(cx: Cx, spec: &specs::Draw) -> Result<(), Unsupported> {
    check_dtype(spec.dtype, shader_profile(cx)?.features).map_err(|_| Unsupported::DType(spec.dtype))
}
