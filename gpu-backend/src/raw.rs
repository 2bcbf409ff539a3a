//! A user's own WGSL, run on our buffers.

use std::sync::Arc;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pipeline::{Pipeline, Route, Source};
use crate::submit::{Dispatch, Params, Window};

/// A kernel of the user's. Buffers are `var<storage>` in group 0 with bindings from 0 without a gap;
/// parameters are one `var<immediate>`. It is compiled once per device, at its first use, and runs
/// with wgpu's own checks: indices are clamped to the binding, loops are bounded.
///
/// ```no_run
/// # fn main() -> Result<(), polyarray_gpu::GpuError> {
/// use polyarray_gpu::{Gpu, RawKernel, adapters};
/// let (adapter, _) = adapters::chosen()?;
/// let gpu = Gpu::open(adapter)?;
/// let double = RawKernel::new(
///     "double",
///     "@group(0) @binding(0) var<storage, read> x: array<f32>;
///      @group(0) @binding(1) var<storage, read_write> y: array<f32>;
///      @compute @workgroup_size(64)
///      fn main(@builtin(global_invocation_id) id: vec3<u32>) {
///          if (id.x < arrayLength(&y)) { y[id.x] = x[id.x] + x[id.x]; }
///      }",
///     "main",
/// );
/// let x = gpu.upload(bytemuck::cast_slice(&[1.0f32, 2.0]), "x")?;
/// let y = gpu.allocate(x.len(), "y")?;
/// double.launch(&gpu, &[&x, &y], &[], [1, 1, 1])?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawKernel {
    name: Arc<str>,
    wgsl: Arc<str>,
    entry: Arc<str>,
}

impl RawKernel {
    /// Keeps the text; nothing is compiled yet.
    pub fn new(name: impl Into<Arc<str>>, wgsl: impl Into<Arc<str>>, entry: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), wgsl: wgsl.into(), entry: entry.into() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles it for `gpu`, or finds it compiled.
    ///
    /// # Errors
    /// [`GpuError::Shader`], with naga's source span.
    pub fn compile(&self, gpu: &Gpu) -> Result<Arc<Pipeline>> {
        gpu.pipeline(&Source {
            name: &self.name,
            wgsl: &self.wgsl,
            entry: &self.entry,
            route: Route::Checked,
        })
    }

    /// Runs it over `groups` workgroups, when the batch runs. Buffers are [`GpuBuffer`](crate::GpuBuffer)s or [`Window`]s of them.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::Binding`] where buffers or immediates are not those it
    /// declares, [`GpuError::Grid`], [`GpuError::DeviceLost`].
    pub fn launch<'a>(
        &self,
        gpu: &Gpu,
        buffers: &[impl Into<Window<'a>> + Copy],
        immediates: &[u8],
        groups: [u32; 3],
    ) -> Result<()> {
        let pipeline = self.compile(gpu)?;
        let windows: Vec<Window<'_>> = buffers.iter().map(|&buffer| buffer.into()).collect();
        let params = Params::Immediates(immediates);
        gpu.dispatch_checked(&Dispatch { pipeline: &pipeline, windows: &windows, params, groups })
    }

    /// Runs it with one lane per element of `elements`, over as many workgroups as that takes. A grid
    /// of more than one dimension is spread over two: the kernel computes its flat index as
    /// `(group.x + group.y * num_workgroups.x) * workgroup_size + local_index`.
    ///
    /// # Errors
    /// As [`RawKernel::launch`].
    pub fn launch_over<'a>(
        &self,
        gpu: &Gpu,
        buffers: &[impl Into<Window<'a>> + Copy],
        immediates: &[u8],
        elements: u64,
    ) -> Result<()> {
        let pipeline = self.compile(gpu)?;
        let [x, y, z] = pipeline.workgroup().map(u64::from);
        let lanes =
            x.checked_mul(y).and_then(|lanes| lanes.checked_mul(z)).filter(|&lanes| lanes > 0).ok_or_else(
                || GpuError::Binding {
                    kernel: self.name.to_string(),
                    problem: format!("its workgroup is {x} x {y} x {z}"),
                },
            )?;
        let groups = crate::submit::spread(gpu, &self.name, elements.div_ceil(lanes))?;
        self.launch(gpu, buffers, immediates, groups)
    }
}
