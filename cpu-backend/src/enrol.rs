//! Enrolment at link time: a program that links this crate has the backend, first in the order of candidates.

use crate::backend::BACKEND;
use crate::fused::epilogue::Finish;
use crate::identity::KIND;
use crate::methods::histograms::count_in_bins;
use crate::methods::indexing::take;
use crate::methods::linalg::matmul::{is_narrow, matmul, matmul_bits, matmul_narrow, takes};
use crate::methods::manipulation::concat;
use crate::methods::ranking::{ranked, topk};
use crate::methods::scan::scan;
use crate::methods::search_sorted::search_sorted;
use crate::methods::searching::compact;
use crate::methods::sorting::sort;
use crate::methods::statistics::{has_var, var};
use crate::methods::updates::{scatter, segments};
use polyarray_core::array::{ARRAY_KINDS, ArrayKind, HOST};
use polyarray_core::backend::register_methods;
use polyarray_core::backend::specs::{
    BinCounts, Compact, Concat, Matmul, Ranked, Scan, Scatter, SearchSorted, Segments, Sort, Take, Terms,
    TopK, Var,
};
use polyarray_core::backend::{
    BackendKind, Decline, Epilogue, Fit, HostBuffer, Key, Operand, REGISTRATIONS, Registrar, SpecKernel,
    Unsupported, kernels, linked_kind, one,
};
use polyarray_core::dispatch::linkme::distributed_slice;
use polyarray_core::{DType, Result};
use std::sync::Arc;

/// What dispatch asks: there is one instance, and it takes what lives on the host.
struct CpuKind;

impl BackendKind for CpuKind {
    fn name(&self) -> &'static str {
        KIND
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, key: Key) -> Fit {
        if key == Key::NONE || key == *HOST { Fit::Native } else { Fit::Copy }
    }
    fn instances(&self) -> Vec<String> {
        vec![KIND.into()]
    }
    fn instance_name(&self, _: u16) -> String {
        KIND.into()
    }
}

/// Bins of which each task has a table.
const MOST_BINS: usize = 1 << 20;

linked_kind! { CPU_IS_LINKED: &CpuKind; }

#[distributed_slice(ARRAY_KINDS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static ARRAYS: ArrayKind = ArrayKind { name: KIND, open: |_| Ok(&BACKEND), residency: |_| *HOST };

#[distributed_slice(REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static METHODS: fn(&mut Registrar<'_>) = |r| register_methods(r, KIND);

kernels! { CPU_KERNELS;
    "cpu": Matmul = SpecKernel::new(|_, spec, o| Ok(one(product(spec, o, None)?)))
        .with_epilogue(|_, spec, o, epilogue| {
            if takes(spec, epilogue) { Ok(Some(Arc::new(product(spec, o, Some(epilogue))?))) } else { Ok(None) }
        })
        .supporting(|_, spec| match spec.terms {
            Terms::Products if spec.dtype == DType::F16 => Err(Unsupported::Op("matmul", spec.dtype)),
            Terms::Products if spec.dtype != spec.out && !is_narrow(spec.dtype, spec.out) => {
                Err(Unsupported::Because("its kernel multiplies small integers in int32"))
            }
            _ => Ok(()),
        });
    "cpu": Concat = SpecKernel::new(|_, spec, parts| Ok(one(concat(parts, spec)?)));
    "cpu": Take = SpecKernel::new(|_, spec, o| Ok(one(take(&o[0], &o[1], spec)?)));
    "cpu": Sort = SpecKernel::new(|_, spec, o| sort(&o[0], spec));
    "cpu": Scan = SpecKernel::new(|_, spec, o| Ok(one(scan(&o[0], spec)?)));
    "cpu": Scatter = SpecKernel::new(|_, spec, o| Ok(one(scatter(o, spec)?)));
    "cpu": Segments = SpecKernel::new(|_, spec, o| Ok(one(segments(o, spec)?)));
    "cpu": BinCounts = SpecKernel::new(|_, spec, o| Ok(one(count_in_bins(o, spec)?)))
        .supporting(|_, spec| match spec.dtype {
            DType::F32 | DType::F64 | DType::I64 if spec.bins <= MOST_BINS => Ok(()),
            _ => Err(Unsupported::Because("its kernel counts float32, float64 and int64, in bins of which tables are small")),
        });
    "cpu": Ranked = SpecKernel::new(|_, spec, o| Ok(one(ranked(&o[0], spec)?)));
    "cpu": TopK = SpecKernel::new(|_, spec, o| topk(&o[0], spec)).supporting(|_, spec| {
        if spec.k <= (spec.len / 8).max(64) {
            Ok(())
        } else {
            Err(Unsupported::Because("of so many elements a sort finds the first ones sooner"))
        }
    });
    "cpu": SearchSorted = SpecKernel::new(|_, spec, o| Ok(one(search_sorted(&o[0], &o[1], spec)?)));
    "cpu": Compact = SpecKernel::new(|_, spec, o| Ok(one(compact(o, spec)?)));
    "cpu": Var = SpecKernel::new(|_, spec, o| Ok(one(var(&o[0], spec)?))).supporting(|_, spec| {
        if has_var(spec.dtype) { Ok(()) } else { Err(Unsupported::Because("its kernel takes float32 and float64")) }
    });
}

fn product(spec: &Matmul, o: &[Operand], epilogue: Option<&Epilogue>) -> Result<HostBuffer> {
    let finish = Finish::new(spec.out, epilogue)?;
    match spec.terms {
        Terms::Bits => matmul_bits(&o[0], &o[1], spec, &finish),
        Terms::Products if spec.dtype == spec.out => matmul(&o[0], &o[1], spec, &finish),
        Terms::Products => matmul_narrow(&o[0], &o[1], spec, &finish),
    }
}
