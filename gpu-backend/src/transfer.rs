//! THE module that copies between host and device. Everything that crosses is counted here.
//!
//! Where the adapter shares the host's memory its buffers are mapped and copied to directly
//! (64 MiB: 3.3 ms, which is a `memcpy`); elsewhere copies go through staging in bounded pieces.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pool::GpuBuffer;

/// Bytes staged at once.
const PIECE: u64 = 32 << 20;

/// The copies between host and device so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferStats {
    /// Copies to the device.
    pub uploads: u64,
    /// Bytes copied to the device.
    pub upload_bytes: u64,
    /// Copies to the host.
    pub downloads: u64,
    /// Bytes copied to the host.
    pub download_bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Transfers {
    uploads: AtomicU64,
    upload_bytes: AtomicU64,
    downloads: AtomicU64,
    download_bytes: AtomicU64,
    staging: Mutex<Option<wgpu::Buffer>>,
}

impl Transfers {
    pub(crate) fn stats(&self) -> TransferStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TransferStats {
            uploads: read(&self.uploads),
            upload_bytes: read(&self.upload_bytes),
            downloads: read(&self.downloads),
            download_bytes: read(&self.download_bytes),
        }
    }

    /// Forgets what the probes copied.
    pub(crate) fn reset(&self) {
        for counter in [&self.uploads, &self.upload_bytes, &self.downloads, &self.download_bytes] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    fn count_upload(&self, bytes: usize) {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        self.upload_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn count_download(&self, bytes: u64) {
        self.downloads.fetch_add(1, Ordering::Relaxed);
        self.download_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Gpu {
    /// A new buffer with a copy of `bytes`.
    ///
    /// # Errors
    /// As [`Gpu::allocate`] and [`Gpu::write`].
    pub fn upload(&self, bytes: &[u8], operation: &str) -> Result<GpuBuffer> {
        let buffer = self.allocate(bytes.len() as u64, operation)?;
        self.write(&buffer, bytes)?;
        Ok(buffer)
    }

    /// Copies `bytes` to the beginning of `buffer`. The rest of the last word becomes zero, so that
    /// packed elements beyond the end are never garbage.
    ///
    /// # Errors
    /// [`GpuError::Range`] where they don't fit, [`GpuError::DeviceLost`].
    pub fn write(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
        self.write_uncounted(buffer, bytes)?;
        self.transfers().count_upload(bytes.len());
        Ok(())
    }

    fn write_uncounted(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
        self.check()?;
        let len = bytes.len() as u64;
        if len > buffer.capacity() {
            return Err(GpuError::Range { operation: "upload", start: 0, end: len, len: buffer.capacity() });
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if self.profile().mapped_primary {
            self.write_mapped(buffer, bytes)
        } else {
            self.write_staged(buffer, bytes)
        }
    }

    fn write_mapped(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
        // The lock is held to the end: a mapped buffer must not be in a submit.
        let mut recorder = self.recorder();
        if buffer.last_use() == recorder.batch() {
            recorder.flush(self.raw_queue());
        }
        let padded = (bytes.len() as u64).next_multiple_of(4);
        let slice = buffer.raw().slice(..padded);
        self.map(&slice, wgpu::MapMode::Write, "upload")?;
        let copied = slice.get_mapped_range_mut().map(|mut view| {
            view.slice(..bytes.len()).copy_from_slice(bytes);
            let tail = padded as usize - bytes.len();
            view.slice(bytes.len()..).copy_from_slice(&[0; 4][..tail]);
        });
        buffer.raw().unmap();
        copied.map_err(|error| self.map_error("upload", error.to_string()))
    }

    fn write_staged(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
        let mut recorder = self.recorder();
        // A queued write overtakes what is recorded and not yet handed over.
        if buffer.last_use() == recorder.batch() {
            recorder.flush(self.raw_queue());
        }
        let queue = self.raw_queue();
        let whole = bytes.len() / 4 * 4;
        for (piece, offset) in bytes[..whole].chunks(PIECE as usize).zip((0..).step_by(PIECE as usize)) {
            queue.write_buffer(buffer.raw(), offset, piece);
            if piece.len() as u64 == PIECE {
                // Hand the piece over and wait, or staging memory grows with the array.
                queue.submit([]);
                self.wait("upload")?;
            }
        }
        if whole < bytes.len() {
            let mut word = [0_u8; 4];
            word[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
            queue.write_buffer(buffer.raw(), whole as u64, &word);
        }
        Ok(())
    }

    /// Fills the whole buffer with a repeated word; no copy of the user's, so it is not counted.
    pub(crate) fn fill_with(&self, buffer: &GpuBuffer, word: u32) -> Result<()> {
        let words = vec![word; (buffer.capacity() / 4) as usize];
        self.write_uncounted(buffer, bytemuck::cast_slice(&words))
    }

    /// Copies bytes `offset..` of `buffer` to `target`, after all that was recorded has run.
    ///
    /// # Errors
    /// [`GpuError::Range`], [`GpuError::Timeout`], [`GpuError::DeviceLost`].
    pub fn read(&self, buffer: &GpuBuffer, offset: u64, target: &mut [u8]) -> Result<()> {
        self.check()?;
        let end = offset.saturating_add(target.len() as u64);
        if end > buffer.capacity() {
            return Err(GpuError::Range {
                operation: "download",
                start: offset,
                end,
                len: buffer.capacity(),
            });
        }
        if target.is_empty() {
            return Ok(());
        }
        if self.profile().mapped_primary {
            self.read_mapped(buffer, offset..end, target)?;
        } else {
            self.read_staged(buffer.raw(), offset, target)?;
        }
        self.transfers().count_download(target.len() as u64);
        Ok(())
    }

    fn read_mapped(&self, buffer: &GpuBuffer, range: Range<u64>, target: &mut [u8]) -> Result<()> {
        let mut recorder = self.recorder();
        if buffer.last_use() == recorder.batch() {
            recorder.flush(self.raw_queue());
        }
        let start = range.start / 8 * 8;
        let slice = buffer.raw().slice(start..range.end.next_multiple_of(4));
        self.map(&slice, wgpu::MapMode::Read, "download")?;
        let copied = slice.get_mapped_range().map(|view| {
            let skipped = (range.start - start) as usize;
            target.copy_from_slice(&view[skipped..skipped + target.len()]);
        });
        buffer.raw().unmap();
        copied.map_err(|error| self.map_error("download", error.to_string()))
    }

    fn read_staged(&self, source: &wgpu::Buffer, offset: u64, target: &mut [u8]) -> Result<()> {
        // One staging buffer per device, and so one staged read at a time.
        let mut held = self.transfers().staging.lock();
        let mut offset = offset;
        for piece in target.chunks_mut(PIECE as usize) {
            let start = offset / 4 * 4;
            let end = (offset + piece.len() as u64).next_multiple_of(4);
            let staging = self.staging(&mut held, end - start)?;
            {
                let mut recorder = self.recorder();
                recorder.encoder(self.raw_device()).copy_buffer_to_buffer(
                    source,
                    start,
                    &staging,
                    0,
                    end - start,
                );
                recorder.flush(self.raw_queue());
            }
            let slice = staging.slice(..end - start);
            self.map(&slice, wgpu::MapMode::Read, "download")?;
            let copied = slice.get_mapped_range().map(|view| {
                let skipped = (offset - start) as usize;
                piece.copy_from_slice(&view[skipped..skipped + piece.len()]);
            });
            staging.unmap();
            copied.map_err(|error| self.map_error("download", error.to_string()))?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// Reads a buffer that is no array: timestamps. Not counted.
    pub(crate) fn read_raw(&self, source: &wgpu::Buffer, target: &mut [u8]) -> Result<()> {
        self.read_staged(source, 0, target)
    }

    fn staging(&self, held: &mut Option<wgpu::Buffer>, bytes: u64) -> Result<wgpu::Buffer> {
        match held {
            Some(buffer) if buffer.size() >= bytes => Ok(buffer.clone()),
            _ => {
                *held = None;
                let buffer = self.new_staging(bytes.next_power_of_two().max(64 << 10))?;
                *held = Some(buffer.clone());
                Ok(buffer)
            }
        }
    }

    fn new_staging(&self, bytes: u64) -> Result<wgpu::Buffer> {
        let descriptor = wgpu::BufferDescriptor {
            label: None,
            size: bytes.next_multiple_of(4),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let create = || self.scoped(|| self.raw_device().create_buffer(&descriptor));
        create().or_else(|_| {
            self.trim();
            create().map_err(|_| GpuError::OutOfMemory {
                operation: "staging a download".to_owned(),
                device: self.title(),
                asked: bytes,
                in_use: self.pool_stats().in_use,
                limit: self.memory_limit(),
            })
        })
    }

    /// Maps and waits for it.
    fn map(&self, slice: &wgpu::BufferSlice<'_>, mode: wgpu::MapMode, operation: &'static str) -> Result<()> {
        let outcome = Arc::new(Mutex::new(None));
        let told = Arc::clone(&outcome);
        slice.map_async(mode, move |result| *told.lock() = Some(result));
        self.wait(operation)?;
        match outcome.lock().take() {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.map_error(operation, error.to_string())),
            None => Err(self.map_error(operation, "the device is idle and never answered".to_owned())),
        }
    }

    fn map_error(&self, operation: &'static str, reason: String) -> GpuError {
        match self.check() {
            Err(sick) => sick,
            Ok(()) => GpuError::Map { operation, device: self.title(), reason },
        }
    }

    /// Begins copying `range` of `buffer` home, and returns at once. The copy shows the buffer as
    /// the work recorded so far leaves it.
    ///
    /// # Errors
    /// [`GpuError::Range`], [`GpuError::OutOfMemory`], [`GpuError::DeviceLost`].
    pub fn read_async(&self, buffer: &GpuBuffer, range: Range<u64>) -> Result<ReadBack> {
        self.check()?;
        if range.start > range.end || range.end > buffer.capacity() {
            return Err(GpuError::Range {
                operation: "download",
                start: range.start,
                end: range.end,
                len: buffer.capacity(),
            });
        }
        let start = range.start / 4 * 4;
        let bytes = range.end.next_multiple_of(4) - start;
        let staging = self.new_staging(bytes.max(4))?;
        if bytes > 0 {
            let mut recorder = self.recorder();
            recorder.encoder(self.raw_device()).copy_buffer_to_buffer(
                buffer.raw(),
                start,
                &staging,
                0,
                bytes,
            );
            recorder.flush(self.raw_queue());
        }
        let state = Arc::new(Mutex::new(ReadState::default()));
        let told = Arc::clone(&state);
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let mut state = told.lock();
            state.outcome = Some(result.map_err(|error| error.to_string()));
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        self.transfers().count_download(range.end - range.start);
        let skipped = (range.start - start) as usize;
        Ok(ReadBack { gpu: self.clone(), staging, skipped, len: (range.end - range.start) as usize, state })
    }
}

#[derive(Debug, Default)]
struct ReadState {
    outcome: Option<Result<(), String>>,
    failure: Option<GpuError>,
    waker: Option<Waker>,
    driven: bool,
}

/// A copy on its way home: a future, or something to wait for.
#[derive(Debug)]
pub struct ReadBack {
    gpu: Gpu,
    staging: wgpu::Buffer,
    skipped: usize,
    len: usize,
    state: Arc<Mutex<ReadState>>,
}

impl ReadBack {
    /// Waits for the bytes.
    ///
    /// # Errors
    /// [`GpuError::Timeout`], [`GpuError::DeviceLost`].
    pub fn wait(self) -> Result<Vec<u8>> {
        if self.state.lock().outcome.is_none() {
            self.gpu.wait("download")?;
        }
        let outcome = self.state.lock().outcome.take();
        self.take(outcome)
    }

    fn take(&self, outcome: Option<Result<(), String>>) -> Result<Vec<u8>> {
        match outcome {
            Some(Ok(())) => {
                let bytes = self
                    .staging
                    .slice(..)
                    .get_mapped_range()
                    .map(|view| view[self.skipped..self.skipped + self.len].to_vec());
                self.staging.unmap();
                bytes.map_err(|error| self.gpu.map_error("download", error.to_string()))
            }
            Some(Err(reason)) => Err(self.gpu.map_error("download", reason)),
            None => Err(self.gpu.map_error("download", "the device is idle and never answered".to_owned())),
        }
    }
}

impl Future for ReadBack {
    type Output = Result<Vec<u8>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.state.lock();
        if let Some(outcome) = state.outcome.take() {
            drop(state);
            return Poll::Ready(self.take(Some(outcome)));
        }
        if let Some(failure) = state.failure.take() {
            return Poll::Ready(Err(failure));
        }
        state.waker = Some(context.waker().clone());
        if !std::mem::replace(&mut state.driven, true) {
            // wgpu calls back only while somebody polls; the thread polls by the one polling path.
            let (gpu, told) = (self.gpu.clone(), Arc::clone(&self.state));
            let drive = move || {
                let waited = gpu.wait("download");
                let mut state = told.lock();
                if let Err(error) = waited {
                    state.failure = Some(error);
                }
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
            };
            if let Err(error) =
                std::thread::Builder::new().name("polyarray read-back".to_owned()).spawn(drive)
            {
                return Poll::Ready(Err(self.gpu.map_error("download", error.to_string())));
            }
        }
        Poll::Pending
    }
}
