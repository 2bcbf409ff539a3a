//! Write array code once; it runs where the data lives.
//!
//! ```
//! use polyarray as np;
//! let x = np::Array::from(vec![1.0f32, 2.0, 3.0]);
//! let y = np::exp(&x)? * 2.0 + 1.0; // recorded, and run as one kernel when its values are read
//! let total = np::sum(&y, ())?.item()?.to_f64();
//! let exact: f64 = [1.0f64, 2.0, 3.0].iter().map(|v| v.exp() * 2.0 + 1.0).sum();
//! assert!((total - exact).abs() < 1e-4);
//! # Ok::<(), np::Error>(())
//! ```
//!
//! Which backend runs a call is decided by where its arrays live, and by the scopes that the caller has entered:
//! `x.to("gpu:0")?` moves an array, [`scope!`]`(gpu, coerce)` lets a block copy what it must, and [`explain`]
//! shows what a call did. [`scope!`]`(auto)` chooses by measured cost, see [`offload`]. The backends are ordinary crates
//! that enrol when they are linked; so is a domain such as that of statistical genetics, the crate `polyarray-genetics`.
//!
//! Element types that Rust itself lacks are here as [`half`]`::f16` and [`num_complex`]`::Complex64`, so that a program
//! needs no dependency of its own for them:
//!
//! ```
//! use polyarray::{self as np, half::f16, num_complex::Complex64};
//! let x = np::multiply(np::Array::from(vec![f16::from_f32(1.5)]), 2.0)?;
//! assert_eq!(x.to_vec::<f16>()?[0].to_f32(), 3.0);
//! let z = np::Array::from(vec![Complex64::new(3.0, 4.0)]);
//! assert_eq!(np::absolute(&z)?.to_vec::<f64>()?, [5.0]);
//! # Ok::<(), np::Error>(())
//! ```
//!
//! Four features, on by default, each of which brings what takes long to compile: `gpu` (wgpu), `linalg` (factorisations on
//! the host, by faer), `fft` (Fourier transforms on the host, by rustfft) and `files` (NumPy's files). Calls that need what is
//! left out end as [`NotFound`].

pub mod testing;

pub use polyarray_core::array::{
    Buffer, Device, Dyn, ForeignMemory, Gpu, HOST, Host, HostBuffer, HostMemory, Item, Marker, Operandlike,
    Slice, Transfers, Typed, host_memory, set_host_memory_limit, transfers, trim_host_memory,
};
pub use polyarray_core::dispatch::{
    Clear, Cx, Explanation, GlobalOptions, Instance, Key, Kind, NotFound, Options, State, Stop, clear,
    detached, determine_backend, explain, set_global, skip, with_backend,
};
pub use polyarray_core::dtype::{DTYPES, promote};
pub use polyarray_core::expr::{OPS, Op, OpInfo, REDUCTIONS, Reduction};
pub use polyarray_core::ndarray::{self, s};
pub use polyarray_core::numpy::*;
pub use polyarray_core::{Array, DType, Element, Error, Result, Scalar, Unsupported, multimethod};
pub use polyarray_core::{array, backend, dispatch, dispatch::scope, dtype as dtypes, expr};
pub use polyarray_core::{half, num_complex};

pub use polyarray_auto::{self as offload, auto};

#[cfg(feature = "files")]
pub use polyarray_files as files;

/// The host: ndarray's, rayon's and gemm's place.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant")]
pub const cpu: Kind = Kind::new(&CPU);
static CPU: dispatch::KindCell = dispatch::KindCell::new("cpu");

/// Every GPU that wgpu finds, a software adapter among them.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant")]
pub const gpu: Kind = Kind::new(&GPU);
static GPU: dispatch::KindCell = dispatch::KindCell::new("gpu");

// Linked for what they enrol.
use polyarray_cpu as _;
#[cfg(feature = "fft")]
use polyarray_cpu_fft as _;
#[cfg(feature = "linalg")]
use polyarray_cpu_linalg as _;
#[cfg(feature = "gpu")]
use polyarray_gpu as _;

/// The pages' examples, run with the documentation tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../ARCHITECTURE.md")]
    mod architecture {}
    #[doc = include_str!("../CONTRIBUTING.md")]
    mod contributing {}
    #[doc = include_str!("../docs/CI.md")]
    mod ci {}
    #[doc = include_str!("../docs/DOMAINS.md")]
    mod domains {}
    #[cfg(feature = "gpu")]
    #[doc = include_str!("../docs/BACKENDS.md")]
    mod backends {}
    #[doc = include_str!("../docs/EVALUATION.md")]
    mod evaluation {}
}
