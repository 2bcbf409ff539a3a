//! The host's Fourier transforms, by rustfft and realfft: the kernel for the spec of the domain `numpy.fft`, enrolled for
//! the kind `cpu` when this crate is linked.
//!
//! ```
//! use polyarray_core::{Array, numpy::{self as np, fft}};
//! # use {polyarray_cpu as _, polyarray_cpu_fft as _};
//! let x = Array::from(vec![1.0, 2.0, 3.0, 4.0]);
//! let spectrum = fft::rfft(&x, ())?;
//! assert_eq!(np::real(&spectrum)?.to_vec::<f64>()?, [10.0, -2.0, -2.0]);
//! assert_eq!(fft::irfft(&spectrum, ())?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0]);
//! # Ok::<(), polyarray_core::Error>(())
//! ```
//!
//! Rows are shared among threads, and each is one thread's: the bits do not depend on their number.

mod operand;
mod rows;

use polyarray_core::backend::specs::Fft;
use polyarray_core::backend::{SpecKernel, kernels};
use polyarray_core::{DType, Error};
use rows::transform;

const KIND: &str = "cpu";

kernels! { CPU_TRANSFORMS;
    "cpu": Fft = SpecKernel::new(|cx, spec, o| match spec.dtype {
        DType::C64 => transform::<f32>(cx, &o[0], spec),
        DType::C128 => transform::<f64>(cx, &o[0], spec),
        other => Err(Error::DType {
            op: "fft",
            operands: format!("a transform in {other}"),
            fix: "cast to complex64 or complex128".into(),
        }),
    });
}
