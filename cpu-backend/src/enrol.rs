//! Enrolment at link time: whoever links this crate has the backend, first in the order of candidates.

use crate::backend::BACKEND;
use crate::fused::epilogue::Finish;
use crate::identity::KIND;
use crate::methods::indexing::take;
use crate::methods::linalg::matmul::{is_narrow, matmul, matmul_bits, matmul_narrow, takes};
use crate::methods::manipulation::concat;
use crate::methods::scan::scan;
use crate::methods::searching::compact;
use crate::methods::sorting::sort;
use crate::methods::statistics::{has_var, var};
use polyarray_core::array::{ARRAY_KINDS, ArrayKind, HOST};
use polyarray_core::backend::register_methods;
use polyarray_core::backend::specs::{Compact, Concat, Matmul, Scan, Sort, Take, Terms, Var};
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
