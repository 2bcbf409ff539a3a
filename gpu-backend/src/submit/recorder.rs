//! The batch being recorded.

use crate::device::Gpu;
use crate::pool::Memory;

/// Dispatches per submit: enough to hide a submit's cost, few enough to start the device early.
const DISPATCHES_PER_SUBMIT: u32 = 32;
/// Bytes touched per submit, which bounds how long one submit runs.
const BYTES_PER_SUBMIT: u64 = 512 << 20;
/// Bytes of parameters per submit that are no immediates.
pub(super) const PARAMS_BYTES: usize = 256 << 10;

/// The batch being recorded. Passes are kept open: wgpu puts the barriers between dispatches.
#[derive(Debug)]
pub(crate) struct Recorder {
    // Declared before the encoder: a pass must end before its encoder does.
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    pub(super) finished: Vec<wgpu::CommandBuffer>,
    dispatches: u32,
    bytes: u64,
    batch: u64,
    submits: u64,
    total_dispatches: u64,
    /// Parameters of the batch that are no immediates, and the buffer they go to when it is handed
    /// over. Rewriting it is safe then: what was handed over before has its own turn of the queue.
    params: Vec<u8>,
    params_buffer: Option<wgpu::Buffer>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            pass: None,
            encoder: None,
            finished: Vec::new(),
            dispatches: 0,
            bytes: 0,
            batch: 1,
            submits: 0,
            total_dispatches: 0,
            params: Vec::new(),
            params_buffer: None,
        }
    }

    /// The number of the batch being recorded.
    pub(crate) fn batch(&self) -> u64 {
        self.batch
    }

    pub(crate) fn submits(&self) -> u64 {
        self.submits
    }

    pub(crate) fn dispatches(&self) -> u64 {
        self.total_dispatches
    }

    /// The encoder, with no pass open on it.
    pub(crate) fn encoder(&mut self, device: &wgpu::Device) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder
            .get_or_insert_with(|| device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default()))
    }

    pub(super) fn pass(&mut self, device: &wgpu::Device) -> &mut wgpu::ComputePass<'static> {
        let encoder = self
            .encoder
            .get_or_insert_with(|| device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default()));
        self.pass.get_or_insert_with(|| {
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
        })
    }

    /// Ends the open encoder, keeping its commands in order.
    pub(super) fn close(&mut self) {
        self.pass = None;
        if let Some(encoder) = self.encoder.take() {
            self.finished.push(encoder.finish());
        }
    }

    /// Hands the batch to the device, and returns what to wait for; nothing happens where nothing was recorded.
    pub(crate) fn flush(&mut self, queue: &wgpu::Queue) -> Option<wgpu::SubmissionIndex> {
        self.close();
        if self.finished.is_empty() {
            return None;
        }
        if let Some(buffer) = &self.params_buffer
            && !self.params.is_empty()
        {
            queue.write_buffer(buffer, 0, &self.params);
            self.params.clear();
        }
        let index = queue.submit(self.finished.drain(..));
        self.batch += 1;
        self.submits += 1;
        self.dispatches = 0;
        self.bytes = 0;
        Some(index)
    }

    /// Hands the batch over if it uses this memory, which the host is about to touch.
    pub(crate) fn flush_uses(&mut self, memory: &Memory, queue: &wgpu::Queue) {
        if memory.last_use() == self.batch {
            self.flush(queue);
        }
    }

    /// A place for parameters in the batch's buffer, and that buffer.
    pub(super) fn place_params(&mut self, gpu: &Gpu, params: &[u8]) -> (wgpu::Buffer, u64) {
        let alignment = gpu.profile().offset_alignment as usize;
        let mut at = self.params.len().next_multiple_of(alignment);
        if at + params.len() > PARAMS_BYTES {
            self.flush(gpu.raw_queue());
            at = 0;
        }
        self.params.resize(at, 0);
        self.params.extend_from_slice(params);
        // `write_buffer` takes whole words.
        self.params.resize(self.params.len().next_multiple_of(4), 0);
        let buffer = self.params_buffer.get_or_insert_with(|| {
            gpu.raw_device().create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: PARAMS_BYTES as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
        (buffer.clone(), at as u64)
    }

    pub(super) fn count(&mut self, bytes: u64) {
        self.dispatches += 1;
        self.total_dispatches += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn is_full(&self) -> bool {
        self.dispatches >= DISPATCHES_PER_SUBMIT || self.bytes >= BYTES_PER_SUBMIT
    }
}
