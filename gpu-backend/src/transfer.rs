//! THE module that copies between host and device. Everything that crosses is counted here.
//!
//! Where the adapter shares the host's memory its buffers are mapped and copied to directly, which is a `memcpy`, or
//! mapped to the host ([`crate::mapped_read`]); elsewhere copies go through staging memory in bounded pieces ([`staging`]).

mod staging;

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use polyarray_core::array::ForeignMemory;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pool::GpuBuffer;
use staging::{Direction, Staging};

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
    /// Of the copies to the host, those that were none: the host reads the device's memory. They are counted as
    /// copies as well, so that a program has the same numbers on every adapter.
    pub mapped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Transfers {
    uploads: AtomicU64,
    upload_bytes: AtomicU64,
    downloads: AtomicU64,
    download_bytes: AtomicU64,
    mapped: AtomicU64,
    staging: Staging,
}

impl Transfers {
    pub(crate) fn stats(&self) -> TransferStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TransferStats {
            uploads: read(&self.uploads),
            upload_bytes: read(&self.upload_bytes),
            downloads: read(&self.downloads),
            download_bytes: read(&self.download_bytes),
            mapped: read(&self.mapped),
        }
    }

    /// Forgets what the probes copied.
    pub(crate) fn reset(&self) {
        let Self { uploads, upload_bytes, downloads, download_bytes, mapped, .. } = self;
        for counter in [uploads, upload_bytes, downloads, download_bytes, mapped] {
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

    pub(crate) fn write_uncounted(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
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
        let (mut recorder, memory) = self.claim_one(buffer)?;
        recorder.flush_uses(&memory, self.raw_queue());
        let padded = (bytes.len() as u64).next_multiple_of(4);
        let slice = memory.raw().slice(..padded);
        self.map(&slice, wgpu::MapMode::Write, "upload")?;
        let copied = self.copy_to_mapped(memory.raw(), bytes);
        memory.raw().unmap();
        copied
    }

    fn write_staged(&self, buffer: &GpuBuffer, bytes: &[u8]) -> Result<()> {
        let (mut recorder, memory) = self.claim_one(buffer)?;
        // A queued write overtakes what is recorded and not yet handed over.
        recorder.flush_uses(&memory, self.raw_queue());
        let whole = bytes.len() / 4 * 4;
        self.stage_up(&mut recorder, memory.raw(), 0, &bytes[..whole])?;
        if whole < bytes.len() {
            let mut word = [0_u8; 4];
            word[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
            self.raw_queue().write_buffer(memory.raw(), whole as u64, &word);
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
            self.stage_down(buffer.memory().raw(), offset, target)?;
        }
        self.transfers().count_download(target.len() as u64);
        Ok(())
    }

    fn read_mapped(&self, buffer: &GpuBuffer, range: Range<u64>, target: &mut [u8]) -> Result<()> {
        let mapped = buffer.place().read.upgrade();
        if let Some(mapped) = mapped {
            target.copy_from_slice(&mapped.bytes()[range.start as usize..range.end as usize]);
            return Ok(());
        }
        let (mut recorder, memory) = self.claim_one(buffer)?;
        recorder.flush_uses(&memory, self.raw_queue());
        let start = range.start / 8 * 8;
        let slice = memory.raw().slice(start..range.end.next_multiple_of(4));
        self.map(&slice, wgpu::MapMode::Read, "download")?;
        let range = range.start as usize..range.end as usize;
        let copied = self.copy_from_mapped(memory.raw(), range, target);
        memory.raw().unmap();
        copied
    }

    /// Counts bytes that were mapped.
    pub(crate) fn count_mapped(&self, bytes: u64) {
        self.transfers().count_download(bytes);
        self.transfers().mapped.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads a buffer that is no array: timestamps. Not counted.
    pub(crate) fn read_raw(&self, source: &wgpu::Buffer, target: &mut [u8]) -> Result<()> {
        self.stage_down(source, 0, target)
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
        let staging = self.new_staging(bytes.max(4), Direction::Down)?;
        if bytes > 0 {
            let (mut recorder, memory) = self.claim_one(buffer)?;
            recorder.encoder(self.raw_device()).copy_buffer_to_buffer(
                memory.raw(),
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
        let outcome = self.gpu.told("download", || self.state.lock().outcome.take())?;
        self.take(outcome)
    }

    fn take(&self, outcome: Result<(), String>) -> Result<Vec<u8>> {
        match outcome {
            Ok(()) => {
                let bytes = self
                    .staging
                    .slice(..)
                    .get_mapped_range()
                    .map(|view| view[self.skipped..self.skipped + self.len].to_vec());
                self.staging.unmap();
                bytes.map_err(|error| self.gpu.map_error("download", error.to_string()))
            }
            Err(reason) => Err(self.gpu.map_error("download", reason)),
        }
    }
}

impl Future for ReadBack {
    type Output = Result<Vec<u8>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.state.lock();
        if let Some(outcome) = state.outcome.take() {
            drop(state);
            return Poll::Ready(self.take(outcome));
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
