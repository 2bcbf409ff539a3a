//! Kernels, compiled once per device. A kernel's layout is read off its own source: what it binds is
//! written down in one place.

use std::sync::Arc;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::reflect::{self, Reflection};

/// Whether a kernel writes to a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    ReadWrite,
}

/// One buffer of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The variable's name in the source.
    pub name: String,
    /// Whether it is written.
    pub access: Access,
    /// The fewest bytes that may be bound; 0 where only the driver knows.
    pub least_bytes: u64,
    /// The scalar type of a runtime-sized array's elements, as WGSL spells it; `None` for anything
    /// else.
    pub element: Option<&'static str>,
}

/// How a kernel reaches the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Our own kernels: every float operation exact (SPIR-V decorated NoContraction where the adapter takes SPIR-V, which
    /// naga's run-time checks are off in, as the generator guarantees bounds; elsewhere an exclusive or with a zero that is
    /// known at run time only).
    Exact,
    /// A stranger's kernel: wgpu validates it and adds every run-time check.
    Checked,
}

/// What a kernel is made from.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// For messages.
    pub name: &'a str,
    /// The WGSL text. On [`Route::Exact`] it has a function `run_time_zero` that loads a zero.
    pub wgsl: &'a str,
    /// Its entry point.
    pub entry: &'a str,
    /// How it reaches the driver.
    pub route: Route,
}

/// What the driver is given.
#[derive(Clone, Copy)]
enum Code<'a> {
    Spirv(&'a [u32]),
    Module(&'a wgpu::naga::Module),
    Wgsl(&'a str),
}

/// A compiled kernel.
#[derive(Debug)]
pub struct Pipeline {
    name: String,
    raw: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    reflection: Reflection,
    bytes: u64,
}

impl Pipeline {
    /// The kernel's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its buffers, in order of binding.
    pub fn bindings(&self) -> &[Binding] {
        &self.reflection.bindings
    }

    /// Bytes of immediates it takes.
    pub fn immediates(&self) -> u32 {
        self.reflection.immediates
    }

    /// Its workgroup size.
    pub fn workgroup(&self) -> [u32; 3] {
        self.reflection.workgroup
    }

    /// Bytes of the code that the driver was given; 0 where wgpu translates a module.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn raw(&self) -> &wgpu::ComputePipeline {
        &self.raw
    }

    pub(crate) fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.layout
    }
}

/// A hash of everything that tells one kernel from another. 128 bits: a collision would run the
/// wrong kernel without a word.
pub fn structure_key(parts: &[&[u8]]) -> u128 {
    // FNV-1a, whose 128-bit constants are those of draft-eastlake-fnv.
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        // The length goes in first, so that moving a byte from one part to the next changes the key.
        for &byte in (part.len() as u64).to_le_bytes().iter().chain(*part) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    hash
}

impl Gpu {
    /// The kernel of this source, compiled at its first use.
    ///
    /// # Errors
    /// [`GpuError::Shader`] with naga's message and source span.
    pub fn pipeline(&self, source: &Source<'_>) -> Result<Arc<Pipeline>> {
        let route = [matches!(source.route, Route::Exact) as u8];
        let key = structure_key(&[source.wgsl.as_bytes(), source.entry.as_bytes(), &route]);
        self.pipeline_keyed(key, || match source.route {
            Route::Exact => {
                let options = self.shader_options();
                let compiled = if self.profile().passthrough {
                    polyarray_shaders::compile(source.name, source.wgsl, &options)
                } else {
                    polyarray_shaders::compile_opaque(source.name, source.wgsl, &options)
                };
                self.make_exact(source.name, source.entry, compiled)
            }
            Route::Checked => {
                let reflection = reflect::foreign(source, self)?;
                self.refuse_known_garbage(source)?;
                self.make(source.name, source.entry, Code::Wgsl(source.wgsl), reflection)
            }
        })
    }

    /// The kernel of the structure behind `key`; `make` runs at its first use, outside any lock.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn pipeline_keyed(
        &self,
        key: u128,
        make: impl FnOnce() -> Result<Pipeline>,
    ) -> Result<Arc<Pipeline>> {
        self.check()?;
        if let Some(found) = self.kept_kernels().find(key) {
            return Ok(found);
        }
        // Two threads may both compile it; the first one published is the one that is used.
        Ok(self.kept_kernels().keep(key, Arc::new(make()?)))
    }

    /// The generated kernel of `shader`, compiled at its first use.
    ///
    /// # Errors
    /// [`GpuError::Shader`]: a defect of the generator, or a driver that refuses the kernel.
    pub(crate) fn generated(&self, shader: &polyarray_shaders::Shader) -> Result<Arc<Pipeline>> {
        self.pipeline_keyed(shader.key(), || {
            let compiled =
                if self.profile().passthrough { shader.compile() } else { shader.compile_opaque() };
            self.make_exact(&shader.label(), polyarray_shaders::plan::ENTRY, compiled)
        })
    }

    /// The names of the kernels that are kept, for reports; in no order.
    pub fn kernel_names(&self) -> Vec<String> {
        self.kept_kernels().names()
    }

    fn shader_options(&self) -> polyarray_shaders::Options {
        let profile = self.profile();
        polyarray_shaders::Options {
            subgroups: profile.subgroup.is_some(),
            immediates: profile.immediates > 0,
            ..polyarray_shaders::Options::own(profile.shader_features())
        }
    }

    /// A stranger's kernel with what is known to compute garbage or to crash a compiler is refused.
    fn refuse_known_garbage(&self, source: &Source<'_>) -> Result<()> {
        use polyarray_shaders::ShaderError;
        let options = polyarray_shaders::Options { checked: true, ..self.shader_options() };
        match polyarray_shaders::compile(source.name, source.wgsl, &options) {
            Err(error @ (ShaderError::Refused { .. } | ShaderError::Panicked { .. })) => {
                Err(self.complaint(source.name, error.to_string()))
            }
            // Whatever else it says, naga has already judged the text with all of the adapter's features.
            _ => Ok(()),
        }
    }

    fn complaint(&self, kernel: &str, reason: String) -> GpuError {
        GpuError::Shader { kernel: kernel.to_owned(), device: self.title(), reason }
    }

    /// A kernel from what the shaders crate compiled: its SPIR-V where the adapter takes that, else a module, which wgpu
    /// compiles itself.
    fn make_exact(
        &self,
        name: &str,
        entry: &str,
        compiled: Result<polyarray_shaders::Spirv, polyarray_shaders::ShaderError>,
    ) -> Result<Pipeline> {
        let compiled = compiled.map_err(|error| self.complaint(name, error.to_string()))?;
        let reflection = reflect::own(&compiled, entry).map_err(|reason| self.complaint(name, reason))?;
        let code = match &compiled.module {
            None => Code::Spirv(&compiled.words),
            Some(module) => Code::Module(module),
        };
        self.make(name, entry, code, reflection)
    }

    fn make(&self, name: &str, entry: &str, code: Code<'_>, reflection: Reflection) -> Result<Pipeline> {
        if reflection.immediates > self.profile().immediates {
            let (wanted, there) = (reflection.immediates, self.profile().immediates);
            let reason = format!("it takes {wanted} bytes of immediates, the adapter has {there}");
            return Err(self.complaint(name, reason));
        }
        let bindings = reflection.bindings.len() as u32;
        if bindings > self.profile().storage_buffers {
            let there = self.profile().storage_buffers;
            return Err(self.complaint(name, format!("it binds {bindings} buffers, the adapter {there}")));
        }
        let device = self.raw_device();
        let bytes = match code {
            Code::Spirv(words) => size_of_val(words),
            Code::Module(_) => 0,
            Code::Wgsl(text) => text.len(),
        };
        // wgpu or the driver may panic on a shader that nobody foresaw (naga does on some): a
        // stranger's text must not take the process with it.
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.scoped(|| {
                let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                    label: None,
                    entries: &entries(&reflection.bindings),
                });
                let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                    label: None,
                    bind_group_layouts: &[Some(&layout)],
                    immediate_size: reflection.immediates,
                });
                let module = match code {
                    Code::Spirv(words) => passthrough(device, entry, &reflection, words),
                    Code::Module(module) => device.create_shader_module(wgpu::ShaderModuleDescriptor {
                        label: None,
                        source: wgpu::ShaderSource::Naga(std::borrow::Cow::Owned(module.clone())),
                    }),
                    Code::Wgsl(text) => device.create_shader_module(wgpu::ShaderModuleDescriptor {
                        label: None,
                        source: wgpu::ShaderSource::Wgsl(text.into()),
                    }),
                };
                let raw = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                    label: Some(name),
                    layout: Some(&pipeline_layout),
                    module: &module,
                    entry_point: Some(entry),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    cache: None,
                });
                (raw, layout)
            })
        }));
        let (raw, layout) = made
            .unwrap_or_else(|panic| Err(reflect::panic_text(&*panic)))
            .map_err(|reason| self.complaint(name, reason))?;
        Ok(Pipeline { name: name.to_owned(), raw, layout, reflection, bytes: bytes as u64 })
    }
}

fn entries(bindings: &[Binding]) -> Vec<wgpu::BindGroupLayoutEntry> {
    bindings
        .iter()
        .zip(0..)
        .map(|(described, binding)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: described.access == Access::Read },
                has_dynamic_offset: false,
                min_binding_size: std::num::NonZeroU64::new(described.least_bytes),
            },
            count: None,
        })
        .collect()
}

/// The one place where code reaches the driver unseen by wgpu.
fn passthrough(
    device: &wgpu::Device,
    entry: &str,
    reflection: &Reflection,
    words: &[u32],
) -> wgpu::ShaderModule {
    let [x, y, z] = reflection.workgroup;
    let entry = wgpu::PassthroughShaderEntryPoint { name: entry.into(), workgroup_size: (x, y, z) };
    let descriptor = wgpu::ShaderModuleDescriptorPassthrough {
        label: None,
        entry_points: std::slice::from_ref(&entry).into(),
        spirv: Some(words.into()),
        ..Default::default()
    };
    // SAFETY: the words are naga's own output for a module that naga validated with no more than this
    // adapter's features, changed only by decorations that forbid rewriting float operations. The
    // layout it is used with is reflected from the same module: bindings are dense from 0 in group 0,
    // which is how wgpu's Vulkan layer numbers them. Only kernels of our own come here: their
    // generators keep indices within the bindings and loops within the budget, naga zeroes their
    // workgroup memory, and every dispatch is checked against the bindings' sizes.
    unsafe { device.create_shader_module_passthrough(descriptor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_parts_and_their_borders_apart() {
        let keys = [
            structure_key(&[b"ab", b"c"]),
            structure_key(&[b"a", b"bc"]),
            structure_key(&[b"abc"]),
            structure_key(&[b"abd"]),
            structure_key(&[]),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                assert_ne!(a, b);
            }
        }
    }
}
