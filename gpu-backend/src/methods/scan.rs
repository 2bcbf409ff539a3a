//! Scans: prefix sums and products.

use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::plan;
use polyarray_shaders::primitives::scan;

use super::{memory, shader_profile, view};
use crate::array::GpuBackend;

kernels! { SCAN;
    "gpu": specs::Scan = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let specs::Scan { op, rows, len, dtype } = *spec;
            let job = scan::Scan { op, rows, len, from: dtype, dtype, x: view(&o[0]) };
            let plan = scan::plan(&job, &backend.device().profile().for_shaders());
            let plan = backend.planned("scan", plan)?;
            let out = backend.execute("scan", &plan, &[memory(&o[0].buffer, "scan")?], (dtype, rows * len))?;
            Ok(single(out))
        })
        .supporting(holds);
}

fn holds(cx: Cx, spec: &specs::Scan) -> Result<(), Unsupported> {
    plan::check_dtype(spec.dtype, shader_profile(cx)?.features).map_err(|_| Unsupported::DType(spec.dtype))
}
