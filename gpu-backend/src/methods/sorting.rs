//! Sorting of rows.

use polyarray_core::DType;
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels};
use polyarray_shaders::primitives::View;
use polyarray_shaders::primitives::sort_pairs::{self, Sorted};

use super::{memory, shader_profile, unsupported, view};
use crate::array::GpuBackend;

kernels! { SORTING;
    "gpu": specs::Sort = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let profile = backend.device().profile().for_shaders();
            let inputs = [memory(&o[0].buffer, "sort")?];
            let results = gives(spec).iter().map(|&gives| {
                let plan = sort_pairs::plan(&job(spec, gives, view(&o[0])), &profile);
                let plan = backend.planned("sort", plan)?;
                let dtype = if gives == Sorted::Indices { DType::I64 } else { spec.dtype };
                backend.execute("sort", &plan, &inputs, (dtype, spec.rows * spec.len))
            });
            results.collect()
        })
        .supporting(fits);
}

/// What is wanted, each by a plan of its own.
fn gives(spec: &specs::Sort) -> &'static [Sorted] {
    match spec.gives {
        specs::Sorted::Values => &[Sorted::Values],
        specs::Sorted::Indices => &[Sorted::Indices],
        specs::Sorted::Both => &[Sorted::Values, Sorted::Indices],
    }
}

fn job(spec: &specs::Sort, gives: Sorted, x: View) -> sort_pairs::Sort {
    let specs::Sort { rows, len, dtype, descending, .. } = *spec;
    sort_pairs::Sort { rows, len, dtype, descending, gives, x }
}

fn fits(cx: Cx, spec: &specs::Sort) -> Result<(), Unsupported> {
    let profile = shader_profile(cx)?;
    let x = View { len: spec.rows * spec.len, offset: 0, strides: [spec.len as isize, 1] };
    gives(spec).iter().try_for_each(|&gives| {
        let plan = sort_pairs::plan(&job(spec, gives, x.clone()), &profile);
        plan.map(drop).map_err(|error| unsupported("sort", error))
    })
}
