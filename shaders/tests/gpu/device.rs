//! A device for tests: SPIR-V goes to the driver as the crate made it.

use polyarray_shaders::plan::{ENTRY, LaneMap, Plan, Profile, Slot, Step};
use polyarray_shaders::{BindingKind, Features, Spirv};
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Fills buffers before they are written.
pub const POISON: u8 = 0xa5;

/// Distinct kernels that all tests of this binary may compile.
const MOST_KERNELS: usize = 2600;

pub struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pub profile: Profile,
    pipelines: Mutex<HashMap<u128, (wgpu::ComputePipeline, wgpu::BindGroupLayout)>>,
}

/// The first adapter that takes SPIR-V.
pub fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| {
        pollster::block_on(open())
            .expect("no Vulkan adapter; install Mesa's: apt-get install -y mesa-vulkan-drivers libvulkan1")
    })
}

async fn open() -> Option<Device> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = instance.enumerate_adapters(wgpu::Backends::VULKAN).await;
    let adapter =
        adapters.into_iter().find(|a| a.features().contains(wgpu::Features::PASSTHROUGH_SHADERS))?;
    let wanted = wgpu::Features::PASSTHROUGH_SHADERS
        | wgpu::Features::SHADER_F64
        | wgpu::Features::SHADER_INT64
        | wgpu::Features::SUBGROUP
        | wgpu::Features::IMMEDIATES;
    let features = adapter.features() & wanted;
    let limits = adapter.limits();
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            required_features: features,
            required_limits: limits.clone(),
            ..Default::default()
        })
        .await
        .ok()?;
    let cpu = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
    let int64 = features.contains(wgpu::Features::SHADER_INT64);
    let profile = Profile {
        features: Features { f64: int64 && features.contains(wgpu::Features::SHADER_F64), int64 },
        subgroups: features.contains(wgpu::Features::SUBGROUP),
        lane_map: if cpu { LaneMap::Run } else { LaneMap::Coalesced },
        workgroup: if cpu { 8 } else { 256 },
        immediates: if features.contains(wgpu::Features::IMMEDIATES) { limits.max_immediate_size } else { 0 },
        max_groups: limits.max_compute_workgroups_per_dimension,
        max_binding: limits.max_storage_buffer_binding_size,
        storage_buffers: limits.max_storage_buffers_per_shader_stage,
        offset_alignment: limits.min_storage_buffer_offset_alignment,
        ..Profile::BASELINE
    };
    Some(Device { device, queue, profile, pipelines: Mutex::default() })
}

impl Device {
    pub fn buffer(&self, bytes: &[u8]) -> wgpu::Buffer {
        let size = (bytes.len() as u64).div_ceil(64).max(1) * 64;
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut padded = bytes.to_vec();
        padded.resize(size as usize, POISON);
        self.queue.write_buffer(&buffer, 0, &padded);
        buffer
    }

    pub fn poisoned(&self, bytes: u64) -> wgpu::Buffer {
        self.buffer(&vec![POISON; bytes as usize])
    }

    pub fn read(&self, buffer: &wgpu::Buffer) -> Vec<u8> {
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: buffer.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, buffer.size());
        self.queue.submit([encoder.finish()]);
        let slice = staging.slice(..);
        slice.map_async(wgpu::MapMode::Read, |r| r.expect("mapping a staging buffer"));
        self.wait();
        slice.get_mapped_range().expect("it is mapped").to_vec()
    }

    pub fn wait(&self) {
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
    }

    fn pipeline(&self, spirv: &Spirv, entry: &str) -> (wgpu::ComputePipeline, wgpu::BindGroupLayout) {
        let entries: Vec<_> = spirv
            .bindings
            .iter()
            .map(|b| wgpu::BindGroupLayoutEntry {
                binding: b.number,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: b.kind == BindingKind::Read },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let layout = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let pipeline_layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: spirv.immediate_bytes,
        });
        let [x, y, z] = spirv.entry_points[0].workgroup_size;
        // SAFETY: the words are naga's for a validated module, decorated; the layout is reflected from it.
        let module = unsafe {
            self.device.create_shader_module_passthrough(wgpu::ShaderModuleDescriptorPassthrough {
                entry_points: (&[wgpu::PassthroughShaderEntryPoint {
                    name: entry.into(),
                    workgroup_size: (x, y, z),
                }][..])
                    .into(),
                spirv: Some((&spirv.words).into()),
                ..Default::default()
            })
        };
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        });
        (pipeline, layout)
    }

    /// Runs a module on whole buffers.
    pub fn run(&self, spirv: &Spirv, buffers: &[&wgpu::Buffer], groups: [u32; 3]) {
        let (pipeline, layout) = self.pipeline(spirv, &spirv.entry_points[0].name);
        let entries: Vec<_> = buffers
            .iter()
            .zip(0..)
            .map(|(b, binding)| wgpu::BindGroupEntry { binding, resource: b.as_entire_binding() })
            .collect();
        self.dispatch(&pipeline, &layout, &entries, &[], groups);
    }

    fn dispatch(
        &self,
        pipeline: &wgpu::ComputePipeline,
        layout: &wgpu::BindGroupLayout,
        entries: &[wgpu::BindGroupEntry<'_>],
        immediates: &[u8],
        groups: [u32; 3],
    ) {
        let group =
            self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &group, &[]);
            if !immediates.is_empty() {
                pass.set_immediates(0, immediates);
            }
            pass.dispatch_workgroups(groups[0], groups[1], groups[2]);
        }
        self.queue.submit([encoder.finish()]);
    }

    /// Runs a plan; the output and the scratch start poisoned.
    pub fn execute(&self, plan: &Plan, inputs: &[&wgpu::Buffer]) -> wgpu::Buffer {
        let output = self.poisoned(plan.output_bytes);
        self.execute_into(plan, inputs, &output);
        output
    }

    /// Runs a plan into a buffer.
    pub fn execute_into(&self, plan: &Plan, inputs: &[&wgpu::Buffer], output: &wgpu::Buffer) {
        let scratch: Vec<_> = plan.scratch.iter().map(|&bytes| self.poisoned(bytes)).collect();
        for step in &plan.steps {
            self.step(step, inputs, output, &scratch);
        }
    }

    pub fn step(
        &self,
        step: &Step,
        inputs: &[&wgpu::Buffer],
        output: &wgpu::Buffer,
        scratch: &[wgpu::Buffer],
    ) {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let (pipeline, layout) = pipelines
            .entry(step.shader.key())
            .or_insert_with(|| {
                let spirv = step.shader.compile().unwrap_or_else(|e| panic!("{e}\n{}", step.shader.wgsl()));
                self.pipeline(&spirv, ENTRY)
            })
            .clone();
        // Each takes a software adapter 10 to 50 ms to compile, and longer: sample, or share structures.
        assert!(pipelines.len() <= MOST_KERNELS, "these tests compile more than {MOST_KERNELS} kernels");
        drop(pipelines);
        let bytes: &[u8] = bytemuck::cast_slice(&step.params);
        let params = (!step.params_are_immediate).then(|| self.buffer(bytes));
        let mut entries: Vec<_> = step
            .bindings
            .iter()
            .zip(0..)
            .map(|(b, binding)| {
                let buffer = match b.slot {
                    Slot::Input(i) => inputs[i],
                    Slot::Output => output,
                    Slot::Scratch(i) => &scratch[i],
                };
                assert!(b.size <= self.profile.max_binding && b.offset + b.size <= buffer.size());
                let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: b.offset,
                    size: NonZeroU64::new(b.size),
                });
                wgpu::BindGroupEntry { binding, resource }
            })
            .collect();
        if let Some(p) = &params {
            let binding = entries.len() as u32;
            entries.push(wgpu::BindGroupEntry { binding, resource: p.as_entire_binding() });
        }
        let immediates = if step.params_are_immediate { bytes } else { &[] };
        self.dispatch(&pipeline, &layout, &entries, immediates, step.groups);
    }
}
