//! All WGSL of polyarray: a function library, and the pipeline that compiles it to SPIR-V.
//!
//! * [`library`]: small WGSL files, one idea each, and the linker that takes from them what a kernel uses. Every
//!   elementwise operation of every dtype is a function `{dtype}_{name}`, as `f32_exp` or `i8_add`.
//! * [`compile`]: WGSL to SPIR-V whose float algebra is left as written.
//!
//! The crate knows no wgpu. Every file is validated when the crate builds.

pub mod compile;
mod exact;
pub mod library;
mod refuse;

pub use compile::{Binding, BindingKind, EntryPoint, Options, ShaderError, Spirv, compile};
pub use library::{Features, Library};
