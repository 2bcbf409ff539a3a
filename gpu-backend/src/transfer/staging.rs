//! Staging: memory that host and device both reach, two pieces in each direction, so that the host copies one while
//! the device copies the other. And the host's part of every copy, shared among threads where it is long: one thread
//! does not fill a bus.

use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use parking_lot::Mutex;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::submit::Recorder;

/// Bytes of a piece. Smaller ones cost more submissions than they overlap.
const PIECE: usize = 8 << 20;
/// Bytes up to which an upload is the queue's own affair: it returns at once, and no piece is waited for.
const SMALL: usize = 256 << 10;
/// Bytes that a thread copies at least: starting it takes as long as copying a tenth of that.
const SHARE: usize = 4 << 20;
/// Threads that copy, at most: memory is not faster for more.
const THREADS: usize = 4;

/// What a mapping came to, once it is told.
type Outcome = Arc<Mutex<Option<std::result::Result<(), String>>>>;

/// A piece for uploads: mapped, or on its way to be.
#[derive(Debug)]
struct Up {
    buffer: wgpu::Buffer,
    /// The submission that reads it last, and whether it is mapped again.
    used: Option<(wgpu::SubmissionIndex, Outcome)>,
}

/// The pieces of a device. One that was in use when something failed is dropped with whatever state it had.
#[derive(Debug, Default)]
pub(super) struct Staging {
    up: Mutex<[Option<Up>; 2]>,
    down: Mutex<[Option<wgpu::Buffer>; 2]>,
}

impl Gpu {
    /// Copies whole words to `target` from byte `offset` on, after what was handed over, and before what comes.
    pub(super) fn stage_up(
        &self,
        recorder: &mut Recorder,
        target: &wgpu::Buffer,
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        let queue = self.raw_queue();
        if bytes.len() <= SMALL {
            if !bytes.is_empty() {
                queue.write_buffer(target, offset, bytes);
            }
            return Ok(());
        }
        let mut pieces = self.transfers().staging.up.lock();
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            let slot = &mut pieces[number % 2];
            let up = match slot.take() {
                Some(up) => up,
                None => Up { buffer: self.new_staging(PIECE as u64, Direction::Up)?, used: None },
            };
            if let Some((index, outcome)) = up.used {
                self.wait_for("upload", Some(index))?;
                self.mapped(&outcome, "upload")?;
            }
            self.copy_to_mapped(&up.buffer, piece)?;
            up.buffer.unmap();
            let at = offset + (number * PIECE) as u64;
            let encoder = recorder.encoder(self.raw_device());
            encoder.copy_buffer_to_buffer(&up.buffer, 0, target, at, piece.len() as u64);
            let index = recorder.flush(queue);
            let outcome = begin(&up.buffer.slice(..), wgpu::MapMode::Write);
            *slot = Some(Up { used: index.map(|index| (index, outcome)), buffer: up.buffer });
        }
        Ok(())
    }

    /// Copies from byte `offset` of `source` to `target`, after all that was recorded has run.
    pub(super) fn stage_down(&self, source: &wgpu::Buffer, offset: u64, target: &mut [u8]) -> Result<()> {
        // One staged read at a time.
        let mut pieces = self.transfers().staging.down.lock();
        let mut before: Option<(usize, OnItsWay<'_>)> = None;
        let parts = target.chunks_mut(PIECE).enumerate().map(Some).chain([None]);
        for part in parts {
            let next = match part {
                Some((number, target)) => {
                    let at = offset + (number * PIECE) as u64;
                    let held = pieces[number % 2].take();
                    Some((number, self.send_down(source, at, target, held)?))
                }
                None => None,
            };
            if let Some((number, sent)) = std::mem::replace(&mut before, next) {
                pieces[number % 2] = Some(self.receive(sent)?);
            }
        }
        Ok(())
    }

    /// Has the device copy a piece to staging memory: `held`, where that is large enough.
    fn send_down<'a>(
        &self,
        source: &wgpu::Buffer,
        offset: u64,
        target: &'a mut [u8],
        held: Option<wgpu::Buffer>,
    ) -> Result<OnItsWay<'a>> {
        let start = offset / 4 * 4;
        let bytes = (offset + target.len() as u64).next_multiple_of(4) - start;
        let staging = match held.filter(|buffer| buffer.size() >= bytes) {
            Some(buffer) => buffer,
            None => self.new_staging(bytes.next_power_of_two().max(64 << 10), Direction::Down)?,
        };
        let mut recorder = self.recorder();
        let encoder = recorder.encoder(self.raw_device());
        encoder.copy_buffer_to_buffer(source, start, &staging, 0, bytes);
        let index = recorder.flush(self.raw_queue());
        drop(recorder);
        let outcome = begin(&staging.slice(..bytes), wgpu::MapMode::Read);
        let skipped = (offset - start) as usize;
        Ok(OnItsWay { staging, index, outcome, range: skipped..skipped + target.len(), target })
    }

    /// Waits for a piece, and copies it to its target.
    fn receive(&self, sent: OnItsWay<'_>) -> Result<wgpu::Buffer> {
        self.wait_for("download", sent.index)?;
        self.mapped(&sent.outcome, "download")?;
        self.copy_from_mapped(&sent.staging, sent.range, sent.target)?;
        sent.staging.unmap();
        Ok(sent.staging)
    }

    /// Copies to the beginning of a mapped buffer; what is left of the last word becomes zero.
    pub(super) fn copy_to_mapped(&self, buffer: &wgpu::Buffer, bytes: &[u8]) -> Result<()> {
        let each = part(bytes.len());
        let copy = |(number, part): (usize, &[u8])| {
            let padded = part.len().next_multiple_of(4);
            let start = (number * each) as u64;
            // Every part has its own view: one can't be given to several threads.
            let mut view = buffer.slice(start..start + padded as u64).get_mapped_range_mut()?;
            view.slice(..part.len()).copy_from_slice(part);
            view.slice(part.len()..).copy_from_slice(&[0; 4][..padded - part.len()]);
            Ok(())
        };
        let copied: std::result::Result<(), wgpu::MapRangeError> =
            shared(bytes.chunks(each).enumerate().collect(), copy);
        copied.map_err(|error| self.map_error("upload", error.to_string()))
    }

    /// Copies bytes `range` of a mapped buffer.
    pub(super) fn copy_from_mapped(
        &self,
        buffer: &wgpu::Buffer,
        range: Range<usize>,
        target: &mut [u8],
    ) -> Result<()> {
        let start = range.start / 8 * 8;
        let end = range.end.next_multiple_of(4);
        let view = buffer.slice(start as u64..end as u64).get_mapped_range();
        let view = view.map_err(|error| self.map_error("download", error.to_string()))?;
        let bytes = &view[range.start - start..range.end - start];
        let each = part(bytes.len());
        let parts: Vec<(&mut [u8], &[u8])> = target.chunks_mut(each).zip(bytes.chunks(each)).collect();
        shared(parts, |(target, bytes)| {
            target.copy_from_slice(bytes);
            Ok(())
        })
    }

    /// A new piece; one for uploads is mapped.
    pub(super) fn new_staging(&self, bytes: u64, direction: Direction) -> Result<wgpu::Buffer> {
        let (operation, usage) = match direction {
            Direction::Up => {
                ("staging an upload", wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC)
            }
            Direction::Down => {
                ("staging a download", wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
            }
        };
        let descriptor = wgpu::BufferDescriptor {
            label: None,
            size: bytes.next_multiple_of(4),
            usage,
            mapped_at_creation: direction == Direction::Up,
        };
        let create = || self.scoped(|| self.raw_device().create_buffer(&descriptor));
        create().or_else(|_| {
            self.trim();
            create().map_err(|_| GpuError::OutOfMemory {
                operation: operation.to_owned(),
                device: self.title(),
                asked: bytes,
                in_use: self.pool_stats().in_use,
                limit: self.memory_limit(),
            })
        })
    }

    /// Maps and waits for it.
    pub(crate) fn map(
        &self,
        slice: &wgpu::BufferSlice<'_>,
        mode: wgpu::MapMode,
        operation: &'static str,
    ) -> Result<()> {
        let outcome = begin(slice, mode);
        let mapped = self.wait(operation).and_then(|()| self.mapped(&outcome, operation));
        if mapped.is_err() {
            // Takes the request back: a buffer that gets mapped later would be a fault in the next submit. One that was
            // refused is not mapped, which is a complaint of its own.
            let _ = self.scoped(|| slice.buffer().unmap());
        }
        mapped
    }

    /// What a mapping came to, after the work that it waited for is done.
    fn mapped(&self, outcome: &Outcome, operation: &'static str) -> Result<()> {
        self.told(operation, || outcome.lock().take())?.map_err(|error| self.map_error(operation, error))
    }

    /// An answer to a mapping on an idle device. Another thread that polls may have found it, and tells it when it is
    /// through with polling.
    pub(super) fn told<T>(
        &self,
        operation: &'static str,
        mut answer: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(answer) = answer() {
                return Ok(answer);
            }
            if start.elapsed() >= self.patience() {
                return Err(self.map_error(operation, "the device is idle and never answered".to_owned()));
            }
            self.check()?;
            std::thread::yield_now();
        }
    }

    pub(crate) fn map_error(&self, operation: &'static str, reason: String) -> GpuError {
        match self.check() {
            Err(sick) => sick,
            Ok(()) => GpuError::Map { operation, device: self.title(), reason },
        }
    }
}

/// Which way a piece goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// A piece that the device copies to staging memory.
#[derive(Debug)]
struct OnItsWay<'a> {
    staging: wgpu::Buffer,
    index: Option<wgpu::SubmissionIndex>,
    outcome: Outcome,
    /// The bytes of it that are asked for.
    range: Range<usize>,
    target: &'a mut [u8],
}

/// Asks for a mapping.
fn begin(slice: &wgpu::BufferSlice<'_>, mode: wgpu::MapMode) -> Outcome {
    let outcome = Outcome::default();
    let told = Arc::clone(&outcome);
    slice.map_async(mode, move |result| *told.lock() = Some(result.map_err(|error| error.to_string())));
    outcome
}

/// Bytes of each thread's part of a copy, a multiple of what mapped ranges are aligned to.
fn part(bytes: usize) -> usize {
    // Asked once: it reads files.
    static THREADS_HERE: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from).min(THREADS));
    let threads = (bytes / SHARE).clamp(1, *THREADS_HERE);
    bytes.div_ceil(threads).next_multiple_of(64).max(64)
}

/// Does every part on a thread of its own, the first on this one. Threads of their own, and not those of a pool: callers
/// hold locks, and a pool's thread that waits may begin other work that wants the same.
fn shared<T: Send, E: Send>(
    parts: Vec<T>,
    work: impl Fn(T) -> std::result::Result<(), E> + Sync,
) -> std::result::Result<(), E> {
    let parts: Vec<Mutex<Option<T>>> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
    let take = |part: &Mutex<Option<T>>| part.lock().take().map_or(Ok(()), &work);
    std::thread::scope(|scope| {
        let start = |part| std::thread::Builder::new().spawn_scoped(scope, move || take(part));
        let others: Vec<_> = parts.iter().skip(1).map(start).collect();
        // What no thread could be started for is done here, too.
        let mut done = parts.iter().take(1).try_for_each(take);
        for (other, part) in others.into_iter().zip(parts.iter().skip(1)) {
            done = done.and(match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => take(part),
            });
        }
        done
    })
}
