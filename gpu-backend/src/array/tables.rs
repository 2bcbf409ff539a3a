//! Tables on a device that kernels read: kept for the next call, the most recently used ones.

use std::sync::Arc;

use parking_lot::Mutex;
use polyarray_core::DType;
use polyarray_core::array::{Buffer, downcast};
use polyarray_shaders::fft::Table;

use super::buffer::DeviceBuffer;
use super::kind::KIND;
use crate::device::Gpu;

/// Bytes of all tables that are kept; the newest one is kept whatever its size.
const MOST: usize = 64 << 20;

type Entry = (Table, DType, Arc<dyn Buffer>);

/// The tables of one instance, the most recently used one last.
#[derive(Default)]
pub(crate) struct Tables(Mutex<Vec<Entry>>);

impl Tables {
    /// A table that is kept on this device.
    pub(crate) fn find(&self, table: Table, dtype: DType, device: &Gpu) -> Option<Arc<dyn Buffer>> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|(other, of, _)| (*other, *of) == (table, dtype))?;
        let entry = kept.remove(at);
        // Of a device that was lost there is nothing left.
        let here = downcast::<DeviceBuffer>(&*entry.2, KIND, "fft").ok()?.memory().gpu().is(device);
        let found = here.then(|| Arc::clone(&entry.2));
        kept.extend(here.then_some(entry));
        found
    }

    /// Keeps a table, and lets go of what was used longest ago.
    pub(crate) fn keep(&self, table: Table, dtype: DType, made: &Arc<dyn Buffer>) {
        let mut kept = self.0.lock();
        kept.retain(|(other, of, _)| (*other, *of) != (table, dtype));
        kept.push((table, dtype, Arc::clone(made)));
        let mut bytes = 0;
        let many = kept.iter().rev().take_while(|(.., buffer)| {
            bytes += buffer.nbytes();
            bytes <= MOST
        });
        let gone = kept.len() - many.count().max(1);
        kept.drain(..gone);
    }

    /// Lets go of tables until `wanted` bytes are free; the bytes freed.
    pub(crate) fn drop_bytes(&self, wanted: u64) -> u64 {
        let mut freed = 0;
        let entries = std::mem::take(&mut *self.0.lock());
        let keep = |(.., buffer): &Entry| {
            let keeps = freed >= wanted;
            freed += if keeps { 0 } else { buffer.nbytes() as u64 };
            keeps
        };
        let rest: Vec<Entry> = entries.into_iter().filter(keep).collect();
        self.0.lock().splice(0..0, rest);
        freed
    }
}
