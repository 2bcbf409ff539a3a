//! All WGSL of polyarray: a function library, kernels generated from structure, and the pipeline that compiles
//! them to SPIR-V.
//!
//! * [`library`]: small WGSL files, one idea each, and the linker that takes from them what a kernel uses. Every
//!   elementwise operation of every dtype is a function `{dtype}_{name}`, as `f32_exp` or `i8_add`.
//! * [`mod@compile`]: WGSL to SPIR-V whose float algebra is left as written.
//! * [`plan`]: what a backend gets to run. It is the whole interface: a backend asks a planner for a
//!   [`plan::Plan`], compiles each step's [`plan::Shader`] once, binds the buffers that the step names, and
//!   dispatches. Planners: [`fused::plan`] for core's kernels, [`matmul::plan`], [`linalg::plan`], and one in each file of [`methods`]
//!   and [`primitives`].
//!
//! The crate knows no wgpu. A test validates every file, in every instance, under every set of features.

mod builder;
pub mod compile;
mod exact;
pub mod fft;
pub mod fused;
pub mod library;
mod limits;
pub mod linalg;
pub mod matmul;
pub mod methods;
mod opaque;
mod params;
pub mod plan;
pub mod primitives;
mod shader;

pub use compile::{
    Binding, BindingKind, EntryPoint, Exact, Options, ShaderError, Spirv, compile, compile_opaque,
};
pub use library::{Features, Library};
pub use plan::{Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step};
