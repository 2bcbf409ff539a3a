//! Work is batched: many dispatches share one submit, and nothing is waited for until it is read.

mod recorder;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pipeline::{Access, Pipeline};
use crate::pool::{GpuBuffer, Memory};
use recorder::PARAMS_BYTES;
pub(crate) use recorder::Recorder;

/// A part of a buffer, as a kernel is shown it.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The buffer.
    pub buffer: &'a GpuBuffer,
    /// First byte; a multiple of the profile's offset alignment.
    pub offset: u64,
    /// Bytes shown, a multiple of 4; what the kernel's `arrayLength` sees.
    pub bytes: u64,
}

impl<'a> From<&'a GpuBuffer> for Window<'a> {
    fn from(buffer: &'a GpuBuffer) -> Self {
        Self { buffer, offset: 0, bytes: buffer.len().next_multiple_of(4).max(4) }
    }
}

/// One kernel call.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch<'a> {
    /// The kernel.
    pub pipeline: &'a Pipeline,
    /// Its buffers, in order of binding.
    pub windows: &'a [Window<'a>],
    /// Its parameters.
    pub params: Params<'a>,
    /// Workgroups.
    pub groups: [u32; 3],
}

/// How a kernel gets its parameters.
#[derive(Debug, Clone, Copy)]
pub enum Params<'a> {
    /// As immediates; as many bytes as it declares.
    Immediates(&'a [u8]),
    /// As a read-only storage buffer, its last binding: for parameters beyond the adapter's
    /// immediates. They are copied into one buffer that all calls of a batch share.
    Buffer(&'a [u8]),
}

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// How long it took.
    pub elapsed: Duration,
    /// Whose clock says so.
    pub clock: Clock,
}

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The device's own timestamps.
    Device,
    /// Wall time from an idle device to an idle device: timestamps are missing, or came back zero.
    Wall,
}

impl Gpu {
    /// Records one kernel call; it runs when the batch is full, or when something is read.
    ///
    /// # Errors
    /// [`GpuError::Binding`] and [`GpuError::Grid`] for what does not fit the kernel,
    /// [`GpuError::DeviceLost`].
    pub fn dispatch(&self, call: &Dispatch<'_>) -> Result<()> {
        self.check_call(call)?;
        if call.groups.contains(&0) {
            return Ok(());
        }
        let (mut recorder, memories) = self.claim(call.windows)?;
        let params = match call.params {
            Params::Immediates(_) => None,
            Params::Buffer(bytes) => {
                let (buffer, offset) = recorder.place_params(self, bytes);
                Some((buffer, offset, bytes.len().next_multiple_of(4) as u64))
            }
        };
        let group = self.bind(call, &memories, params.as_ref());
        let batch = recorder.batch();
        let pass = recorder.pass(self.raw_device());
        encode(pass, call, &group);
        recorder.count(call.bytes());
        memories.iter().for_each(|memory| memory.used_by(batch));
        if recorder.is_full() {
            recorder.flush(self.raw_queue());
        }
        Ok(())
    }

    /// As [`Gpu::dispatch`], for a kernel that somebody else wrote: what wgpu finds wrong with the
    /// call is this call's error, and the rest of the batch is untouched.
    ///
    /// # Errors
    /// As [`Gpu::dispatch`], and [`GpuError::Binding`] for whatever wgpu finds.
    pub fn dispatch_checked(&self, call: &Dispatch<'_>) -> Result<()> {
        self.check_call(call)?;
        if call.groups.contains(&0) {
            return Ok(());
        }
        // Held to the end: what is bound must not be mapped meanwhile.
        let (mut recorder, memories) = self.claim(call.windows)?;
        let commands = self
            .scoped(|| {
                let group = self.bind(call, &memories, None);
                let mut encoder =
                    self.raw_device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                encode(&mut pass, call, &group);
                drop(pass);
                encoder.finish()
            })
            .map_err(|problem| GpuError::Binding { kernel: call.pipeline.name().to_owned(), problem })?;
        recorder.close();
        recorder.finished.push(commands);
        recorder.count(call.bytes());
        let batch = recorder.batch();
        memories.iter().for_each(|memory| memory.used_by(batch));
        if recorder.is_full() {
            recorder.flush(self.raw_queue());
        }
        Ok(())
    }

    /// Hands the recorded work to the device without waiting for it.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`].
    pub fn flush(&self) -> Result<()> {
        self.check()?;
        self.recorder().flush(self.raw_queue());
        self.check()
    }

    /// Hands the recorded work over and waits until the device is idle.
    ///
    /// # Errors
    /// [`GpuError::Timeout`], [`GpuError::DeviceLost`].
    pub fn finish(&self, operation: &'static str) -> Result<()> {
        self.flush()?;
        self.wait(operation)
    }

    /// What the kernels recorded by `work` take, from an idle device to an idle device.
    ///
    /// # Errors
    /// What `work` answers, and as [`Gpu::finish`].
    pub fn time<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Timing)> {
        self.finish("waiting before a measurement")?;
        let queries = self.timestamps();
        if let Some(queries) = &queries {
            self.mark(queries, 0);
        }
        let start = Instant::now();
        let answer = work()?;
        if let Some(queries) = &queries {
            self.mark(queries, 1);
        }
        self.finish("a measured run")?;
        let wall = Timing { elapsed: start.elapsed(), clock: Clock::Wall };
        let timing = match queries {
            Some(queries) => {
                self.elapsed(&queries)?.map_or(wall, |elapsed| Timing { elapsed, clock: Clock::Device })
            }
            None => wall,
        };
        Ok((answer, timing))
    }

    fn timestamps(&self) -> Option<wgpu::QuerySet> {
        self.profile().timestamps.then(|| {
            self.raw_device().create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            })
        })
    }

    /// An empty pass whose beginning writes a timestamp.
    fn mark(&self, queries: &wgpu::QuerySet, index: u32) {
        let mut recorder = self.recorder();
        let encoder = recorder.encoder(self.raw_device());
        drop(encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: None,
            timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                query_set: queries,
                beginning_of_pass_write_index: Some(index),
                end_of_pass_write_index: None,
            }),
        }));
    }

    fn elapsed(&self, queries: &wgpu::QuerySet) -> Result<Option<Duration>> {
        let resolved = self.raw_device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        self.recorder().encoder(self.raw_device()).resolve_query_set(queries, 0..2, &resolved, 0);
        let mut bytes = [0_u8; 16];
        self.read_raw(&resolved, &mut bytes)?;
        let [start, end]: [u64; 2] = bytemuck::cast(bytes);
        if start == 0 || end <= start {
            return Ok(None);
        }
        let ticks = (end - start) as f64;
        let nanoseconds = ticks * f64::from(self.raw_queue().get_timestamp_period());
        Ok((nanoseconds > 0.0).then(|| Duration::from_nanos(nanoseconds as u64)))
    }

    /// Everything that can be checked without wgpu, so that no error of ours reaches a batch.
    fn check_call(&self, call: &Dispatch<'_>) -> Result<()> {
        self.check()?;
        let pipeline = call.pipeline;
        let complain = |problem: String| GpuError::Binding { kernel: pipeline.name().to_owned(), problem };
        let (immediates, params) = match call.params {
            Params::Immediates(bytes) => (bytes.len(), None),
            Params::Buffer(bytes) => (0, Some(bytes.len())),
        };
        let given = call.windows.len() + usize::from(params.is_some());
        if given != pipeline.bindings().len() {
            return Err(complain(format!(
                "it binds {} buffers, {given} were given",
                pipeline.bindings().len()
            )));
        }
        if immediates != pipeline.immediates() as usize {
            return Err(complain(format!(
                "it takes {} bytes of immediates, {immediates} were given",
                pipeline.immediates()
            )));
        }
        if params.is_some_and(|bytes| bytes == 0 || bytes > PARAMS_BYTES) {
            return Err(complain(format!("parameters of a buffer are 1 to {PARAMS_BYTES} bytes")));
        }
        let profile = self.profile();
        for (index, (window, binding)) in call.windows.iter().zip(pipeline.bindings()).enumerate() {
            if !window.buffer.gpu().is(self) {
                return Err(complain(format!(
                    "binding {index} lives on {}, the kernel runs on {}",
                    window.buffer.gpu().title(),
                    self.title()
                )));
            }
            let end = window.offset.saturating_add(window.bytes);
            if window.bytes == 0 || !window.bytes.is_multiple_of(4) || end > window.buffer.capacity() {
                return Err(complain(format!(
                    "binding {index} is bytes {}..{end} of a buffer of {}",
                    window.offset,
                    window.buffer.capacity()
                )));
            }
            if !window.offset.is_multiple_of(u64::from(profile.offset_alignment)) {
                return Err(complain(format!(
                    "binding {index} begins at byte {}, not a multiple of {}",
                    window.offset, profile.offset_alignment
                )));
            }
            if window.bytes > profile.max_binding {
                return Err(complain(format!(
                    "binding {index} is {} bytes, the adapter's limit is {}",
                    window.bytes, profile.max_binding
                )));
            }
            if window.bytes < binding.least_bytes {
                return Err(complain(format!(
                    "binding {index} is {} bytes, the kernel needs {}",
                    window.bytes, binding.least_bytes
                )));
            }
            // wgpu refuses one buffer that is read through one binding and written through another,
            // and only when the batch ends.
            if binding.access == Access::ReadWrite {
                let clash =
                    call.windows.iter().zip(pipeline.bindings()).enumerate().find(|(other, (w, b))| {
                        *other != index
                            && b.access != Access::ReadWrite
                            && std::ptr::eq(w.buffer, window.buffer)
                    });
                if let Some((other, _)) = clash {
                    return Err(complain(format!(
                        "bindings {index} (written) and {other} (read) are the same buffer; write to another one"
                    )));
                }
            }
        }
        if call.groups.iter().any(|&groups| groups > profile.max_groups) {
            return Err(GpuError::Grid {
                kernel: pipeline.name().to_owned(),
                device: self.title(),
                asked: call.groups.map(u64::from),
                limit: profile.max_groups,
            });
        }
        Ok(())
    }

    fn bind(
        &self,
        call: &Dispatch<'_>,
        memories: &[Arc<Memory>],
        params: Option<&(wgpu::Buffer, u64, u64)>,
    ) -> wgpu::BindGroup {
        let windows = (memories.iter().zip(call.windows))
            .map(|(memory, window)| (memory.raw(), window.offset, window.bytes));
        let params = params.map(|(buffer, offset, bytes)| (buffer, *offset, *bytes));
        let entries: smallvec::SmallVec<[wgpu::BindGroupEntry<'_>; 8]> = windows
            .chain(params)
            .zip(0..)
            .map(|((buffer, offset, bytes), binding)| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset,
                    size: std::num::NonZeroU64::new(bytes),
                }),
            })
            .collect();
        self.raw_device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: call.pipeline.layout(),
            entries: &entries,
        })
    }
}

impl Dispatch<'_> {
    fn bytes(&self) -> u64 {
        self.windows.iter().map(|window| window.bytes).sum()
    }
}

fn encode(pass: &mut wgpu::ComputePass<'_>, call: &Dispatch<'_>, group: &wgpu::BindGroup) {
    pass.set_pipeline(call.pipeline.raw());
    pass.set_bind_group(0, group, &[]);
    if let Params::Immediates(bytes) = call.params
        && !bytes.is_empty()
    {
        pass.set_immediates(0, bytes);
    }
    let [x, y, z] = call.groups;
    pass.dispatch_workgroups(x, y, z);
}

/// A flat grid of `groups` workgroups spread over two dimensions where one can't hold it. The kernel
/// takes `x + y * num_workgroups.x` for its flat index and checks its bounds: the spread overshoots.
///
/// # Errors
/// [`GpuError::Grid`] where two dimensions can't hold it either.
pub fn spread(gpu: &Gpu, kernel: &str, groups: u64) -> Result<[u32; 3]> {
    let limit = u64::from(gpu.profile().max_groups);
    let rows = groups.div_ceil(limit).max(1);
    if rows > limit {
        return Err(GpuError::Grid {
            kernel: kernel.to_owned(),
            device: gpu.title(),
            asked: [groups, 1, 1],
            limit: gpu.profile().max_groups,
        });
    }
    let columns = groups.div_ceil(rows);
    // Both are at most `limit`, which is a u32.
    Ok([columns as u32, rows as u32, 1])
}
