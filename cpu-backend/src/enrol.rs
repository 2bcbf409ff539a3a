//! Enrolment at link time: whoever links this crate has the backend, first in the order of candidates.

use crate::backend::{BACKEND, KIND};
use crate::epilogue::Finish;
use crate::join::concat;
use crate::matmul::{is_narrow, matmul, matmul_bits, matmul_narrow, takes};
use crate::spread::{has_var, var};
use crate::take::take;
use polyarray_core::array::{ARRAY_KINDS, ArrayKind, HOST};
use polyarray_core::dispatch::linkme::distributed_slice;
use polyarray_core::dispatch::{
    BackendKind, Decline, Fit, Key, Kind, KindCell, REGISTRATIONS, Registrar, Stop, linked_kind,
};
use polyarray_core::dtype::promote;
use polyarray_core::numpy::{self, ProductKernels, ProductOf};
use std::sync::Arc;

static CELL: KindCell = KindCell::new(KIND);

/// The kind, as scopes and registrations name it.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant")]
pub const cpu: Kind = Kind::new(&CELL);

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

/// A product's kernels, which are one.
macro_rules! kernels {
    ($product:ident) => {
        ProductKernels {
            product: |_, a, b, spec| Ok(Arc::new($product(a, b, spec, &Finish::new(spec.out, None)?)?)),
            with_epilogue: Some(|_, a, b, spec, epilogue| {
                if !takes(spec, epilogue) {
                    return Ok(None);
                }
                Ok(Some(Arc::new($product(a, b, spec, &Finish::new(spec.out, Some(epilogue))?)?)))
            }),
        }
    };
}

#[distributed_slice(REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static IMPLEMENTATIONS: fn(&mut Registrar<'_>) = |r| {
    numpy::register_recorders(r, KIND);
    r.register::<numpy::matmul>(KIND, |cx, a, b| {
        numpy::record_product(cx, a, b, ProductOf::Matmul, kernels!(matmul))
    });
    r.register::<numpy::matmul_as>(KIND, |cx, a, b, dtype| {
        if !is_narrow(promote(a.dtype(), b.dtype()), dtype) {
            return Err(Stop::declined("its kernel multiplies small integers in int32"));
        }
        numpy::record_product(cx, a, b, ProductOf::As(dtype), kernels!(matmul_narrow))
    });
    r.register::<numpy::matmul_bits>(KIND, |cx, a, b| {
        numpy::record_product(cx, a, b, ProductOf::Bits, kernels!(matmul_bits))
    });
    r.register::<numpy::concat>(KIND, |cx, arrays, axis| {
        numpy::record_concat(cx, arrays, axis, |_, parts, spec| Ok(Arc::new(concat(parts, spec)?)))
    });
    r.register::<numpy::take>(KIND, |cx, x, indices, along| {
        numpy::record_take(cx, x, indices, along, |_, x, indices, spec| Ok(Arc::new(take(x, indices, spec)?)))
    });
    r.register::<numpy::var>(KIND, |cx, x, spread| {
        if !has_var(x.dtype()) {
            return Err(Stop::declined("its kernel takes float32 and float64"));
        }
        numpy::record_var(cx, x, &spread, |_, x, spec| Ok(Arc::new(var(x, spec)?)))
    });
};
