//! All WGSL of polyarray: a function library, kernels generated from structure, and the pipeline that compiles
//! them to SPIR-V.
//!
//! * [`library`]: small WGSL files, one idea each, and the linker that takes from them what a kernel uses. Every
//!   elementwise operation of every dtype is a function `{dtype}_{name}`, as `f32_exp` or `i8_add`.
//! * [`mod@compile`]: WGSL to SPIR-V whose float algebra is left as written.
//! * [`plan`]: what a backend gets to run. It is the whole interface: a backend asks a planner for a
//!   [`plan::Plan`], compiles each step's [`plan::Shader`] once, binds the buffers that the step names, and
//!   dispatches. Planners: [`fused::plan`] for core's kernels, [`matmul::plan`], [`take::plan`],
//!   [`put::plan`] for assignment to a part, and [`region::plan`] for copies into a part of a buffer (concat, stack).
//!
//! The crate knows no wgpu. Every file is validated when the crate builds.

pub mod compile;
mod exact;
pub mod fused;
pub mod library;
pub mod matmul;
pub mod plan;
pub mod put;
mod refuse;
pub mod region;
pub mod take;

pub use compile::{Binding, BindingKind, EntryPoint, Exact, Options, ShaderError, Spirv, compile};
pub use library::{Features, Library};
pub use plan::{Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step};
