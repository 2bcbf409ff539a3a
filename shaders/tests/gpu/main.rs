//! The function library and the generated kernels, run on a Vulkan adapter and held against references of
//! higher precision. One binary, so that wgpu is linked once and one device is opened.

mod algebra;
mod device;
mod division;
mod epilogue;
mod functions_complex;
mod functions_f32;
mod functions_f64;
mod fused;
mod kernels;
mod matmul;
mod moves;
mod primitives;
mod random;
mod reduce;
mod rows;
