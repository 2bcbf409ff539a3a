//! Reads of memory that host and device share, without a copy: a large array on an adapter of the CPU type is mapped, and the
//! host reads it where it is. The buffer stays mapped as long as somebody holds the [`MappedRead`].
//!
//! A mapped buffer can't be in a submit. So a buffer that a kernel needs while it is mapped moves: it takes other memory with a
//! copy of its bytes, and the mapped memory is the host's until the read ends. That is the copy which mapping saved, and
//! no more.

use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard};
use polyarray_core::array::ForeignMemory;
use smallvec::SmallVec;

use crate::device::Gpu;
use crate::error::Result;
use crate::pool::{GpuBuffer, Memory};
use crate::submit::{Recorder, Window};

/// Bytes from which on memory is mapped: less is copied in the time that mapping for longer takes.
const MAPPED_FROM: u64 = 256 << 10;

/// The memory of a call's buffers, in order of binding.
type Memories = SmallVec<[Arc<Memory>; 8]>;

/// A buffer's bytes, which the host reads where they are.
pub(crate) struct MappedRead {
    /// None while it is being given back.
    view: Option<wgpu::BufferView>,
    memory: Arc<Memory>,
}

impl ForeignMemory for MappedRead {
    fn bytes(&self) -> &[u8] {
        self.view.as_deref().unwrap_or(&[])
    }
}

impl Drop for MappedRead {
    fn drop(&mut self) {
        self.view = None;
        self.memory.raw().unmap();
        self.memory.set_mapped(false);
        self.memory.gpu().mapped_reads().end();
    }
}

/// The mapped reads of a device. It is destroyed after the last of them: their bytes are its memory.
#[derive(Debug, Default)]
pub(crate) struct MappedReads {
    state: Mutex<Out>,
}

#[derive(Debug, Default)]
struct Out {
    mapped_reads: usize,
    destroy: Option<wgpu::Device>,
}

impl MappedReads {
    fn begin(&self) {
        self.state.lock().mapped_reads += 1;
    }

    fn end(&self) {
        let mut out = self.state.lock();
        out.mapped_reads -= 1;
        if out.mapped_reads == 0
            && let Some(device) = out.destroy.take()
        {
            drop(out);
            device.destroy();
        }
    }

    /// Destroys the device, at once or when the last mapped read ends.
    pub(crate) fn destroy(&self, device: &wgpu::Device) {
        let mut out = self.state.lock();
        if out.mapped_reads > 0 {
            out.destroy = Some(device.clone());
            return;
        }
        drop(out);
        device.destroy();
    }
}

impl Gpu {
    /// Whether host and device share memory, and mapping so many bytes of it pays.
    pub(crate) fn maps_reads(&self, bytes: u64) -> bool {
        self.profile().mapped_primary && bytes >= MAPPED_FROM
    }

    /// Maps a buffer's memory for the host, after all that was recorded has run.
    ///
    /// # Errors
    /// As [`Gpu::read`].
    pub(crate) fn map_read(&self, buffer: &GpuBuffer) -> Result<Arc<MappedRead>> {
        self.check()?;
        // The lock is held to the end: a mapped buffer must not be in a submit.
        let mut recorder = self.recorder();
        let mut place = buffer.place();
        if let Some(read) = place.read.upgrade() {
            return Ok(read);
        }
        returned(&place.memory);
        let memory = Arc::clone(&place.memory);
        recorder.flush_uses(&memory, self.raw_queue());
        let slice = memory.raw().slice(..);
        self.map(&slice, wgpu::MapMode::Read, "download")?;
        match slice.get_mapped_range() {
            Ok(view) => {
                memory.set_mapped(true);
                self.mapped_reads().begin();
                let read = Arc::new(MappedRead { view: Some(view), memory });
                place.read = Arc::downgrade(&read);
                Ok(read)
            }
            Err(error) => {
                memory.raw().unmap();
                Err(self.map_error("download", error.to_string()))
            }
        }
    }

    /// The recorder, and the memory of what a call binds, none of which the host has.
    pub(crate) fn claim(&self, windows: &[Window<'_>]) -> Result<(MutexGuard<'_, Recorder>, Memories)> {
        loop {
            let recorder = self.recorder();
            let memories: Memories = windows.iter().map(|window| window.buffer.memory()).collect();
            let Some(read) = memories.iter().position(|memory| memory.is_mapped()) else {
                return Ok((recorder, memories));
            };
            // Moving allocates, which may wait for the device, which takes the recorder.
            drop(recorder);
            self.move_away(windows[read].buffer)?;
        }
    }

    /// As [`Gpu::claim`], of one buffer.
    pub(crate) fn claim_one(&self, buffer: &GpuBuffer) -> Result<(MutexGuard<'_, Recorder>, Arc<Memory>)> {
        let (recorder, mut memories) = self.claim(&[buffer.into()])?;
        Ok((recorder, memories.remove(0)))
    }

    /// Gives a buffer whose bytes the host reads other memory with a copy of them.
    fn move_away(&self, buffer: &GpuBuffer) -> Result<()> {
        let (memory, read) = {
            let place = buffer.place();
            (Arc::clone(&place.memory), place.read.upgrade())
        };
        let Some(read) = read else {
            returned(&memory);
            return Ok(());
        };
        let fresh = self.allocate(buffer.capacity(), "moving a buffer that the host reads")?;
        self.write_uncounted(&fresh, read.bytes())?;
        let (mut place, mut fresh) = (buffer.place(), fresh.place());
        // Else another thread was faster, and this copy is dropped.
        if Arc::ptr_eq(&place.memory, &memory) {
            std::mem::swap(&mut place.memory, &mut fresh.memory);
            place.read = Weak::new();
        }
        Ok(())
    }
}

/// Waits for memory whose mapped read is just ending on another thread, which takes no lock and waits for nothing.
fn returned(memory: &Memory) {
    while memory.is_mapped() {
        std::thread::yield_now();
    }
}
