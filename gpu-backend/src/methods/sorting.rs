//! Sorting of rows, and elements of them by their rank.

use polyarray_core::DType;
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_shaders::primitives::View;
use polyarray_shaders::primitives::rank_indices::{self, RankIndices};
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
    "gpu": specs::RankIndices = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            let plan = rank_indices::plan(&ranks(spec, view(&o[0])), &backend.device().profile().for_shaders());
            let plan = backend.planned("order_statistics", plan)?;
            let inputs = [memory(&o[0].buffer, "order_statistics")?];
            let count = spec.of.rows * spec.of.ranks.len();
            Ok(single(backend.execute("order_statistics", &plan, &inputs, (DType::I64, count))?))
        })
        .supporting(|cx, spec| {
            let job = ranks(spec, dense(spec.of.rows, spec.of.len));
            if !job.pays() {
                return Err(Unsupported::Because("short rows, and many ranks, are sooner sorted"));
            }
            let plan = rank_indices::plan(&job, &shader_profile(cx)?);
            plan.map(drop).map_err(|error| unsupported("order_statistics", error))
        });
}

fn ranks(spec: &specs::RankIndices, x: View) -> RankIndices {
    let specs::Ranked { rows, len, dtype, ref ranks } = spec.of;
    RankIndices { rows, len, dtype, ranks: ranks.to_vec(), descending: spec.descending, x }
}

/// Rows one behind the other.
fn dense(rows: usize, len: usize) -> View {
    View { len: rows * len, offset: 0, strides: [len as isize, 1] }
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
    gives(spec).iter().try_for_each(|&gives| {
        let plan = sort_pairs::plan(&job(spec, gives, dense(spec.rows, spec.len)), &profile);
        plan.map(drop).map_err(|error| unsupported("sort", error))
    })
}
