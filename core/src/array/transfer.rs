//! Copies between host and devices. All are made in this module, and counted.

use super::Array;
use crate::device::residency::{self, Site};
use crate::device::{Device, HOST, Query};
use crate::dispatch::Key;
use crate::error::{Error, Result};
use crate::graph::node::Node;
use crate::graph::{record, trace};
use crate::memory::strided::gather;
use crate::memory::{Buffer, HostBuffer, Layout};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A view is uploaded with its whole buffer (which is then kept for the next use) if it has at least 1/`SHOWN` of the
/// buffer's elements; a smaller one is gathered first, and its copy is not kept.
const SHOWN: usize = 4;

static UPLOADS: AtomicU64 = AtomicU64::new(0);
static DOWNLOADS: AtomicU64 = AtomicU64::new(0);
static BYTES_UP: AtomicU64 = AtomicU64::new(0);
static BYTES_DOWN: AtomicU64 = AtomicU64::new(0);

/// Copies between host and devices since the process began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Transfers {
    /// Copies to a device.
    pub uploads: u64,
    /// Copies to the host.
    pub downloads: u64,
    /// Bytes copied to devices, as the host holds them.
    pub bytes_up: u64,
    /// Bytes copied to the host.
    pub bytes_down: u64,
}

impl std::ops::Sub for Transfers {
    type Output = Transfers;

    /// The copies between two readings of the counters, the later one first.
    fn sub(self, before: Transfers) -> Transfers {
        Transfers {
            uploads: self.uploads - before.uploads,
            downloads: self.downloads - before.downloads,
            bytes_up: self.bytes_up - before.bytes_up,
            bytes_down: self.bytes_down - before.bytes_down,
        }
    }
}

/// Copies made so far by the whole process. Those of a scope are in its trace.
pub fn transfers() -> Transfers {
    Transfers {
        uploads: UPLOADS.load(Relaxed),
        downloads: DOWNLOADS.load(Relaxed),
        bytes_up: BYTES_UP.load(Relaxed),
        bytes_down: BYTES_DOWN.load(Relaxed),
    }
}

/// The array on another residency.
pub(crate) fn to(array: &Array, device: Device) -> Result<Array> {
    let target = device.key()?;
    if let Some(repr) = array.repr()
        && array.residency() != target
    {
        return to(&repr.to_dense()?, device);
    }
    if array.residency() == target || (array.is_weak() && target == *HOST) {
        return Ok(array.clone());
    }
    if target == *HOST {
        let (buffer, layout) = download(array)?;
        return Ok(record::host_leaf(buffer, layout).into());
    }
    if array.residency() != *HOST && array.residency() != Key::NONE {
        // From device to device through the host.
        let (buffer, layout) = download(array)?;
        return upload(&Array::from(record::host_leaf(buffer, layout)), target);
    }
    upload(array, target)
}

/// Copies a host array to a device. The copy of the whole buffer is kept beside it for the next use.
fn upload(array: &Array, target: Key) -> Result<Array> {
    let instance = residency::instance_at(target)?;
    let site = residency::site(instance)?;
    let backend = site.backend;
    backend.supports(Query::Hold(array.dtype())).map_err(|reason| Error::Unsupported {
        op: "to".into(),
        backend: instance.name(),
        reason,
    })?;
    let (buffer, layout) = array.on_host()?;
    let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "upload")?;
    let on_device = |buffer: Arc<dyn Buffer>, layout: Layout| {
        let dense = layout.is_dense() && layout.len() == buffer.len();
        let shape = if dense { layout.shape.clone() } else { SmallVec::from_slice(&[buffer.len()]) };
        Array::from_node(Node::leaf(shape, site.residency, Some(site), buffer), (!dense).then_some(layout))
    };
    let send = |host: &HostBuffer| -> Result<Arc<dyn Buffer>> {
        backend.fits(host.dtype(), host.len())?;
        let copy = backend.upload(host)?;
        UPLOADS.fetch_add(1, Relaxed);
        BYTES_UP.fetch_add(host.nbytes() as u64, Relaxed);
        trace::copied(&array.dense.node, *HOST, target, host.nbytes());
        Ok(copy)
    };
    if layout.len().saturating_mul(SHOWN) < host.len() {
        let gathered = gather(host, &layout)?;
        return Ok(on_device(send(&gathered)?, Layout::dense(&layout.shape)));
    }
    let slot = host.mirror(instance);
    let kept = slot.lock().clone();
    if let Some(copy) = kept {
        return Ok(on_device(copy, layout));
    }
    let copy = send(host)?;
    if !array.is_weak() {
        *slot.lock() = Some(copy.clone());
        backend.keeps_mirror(&slot);
    }
    Ok(on_device(copy, layout))
}

/// Copies a device array to the host. A view of a small part of its buffer is made dense on the device first.
pub(crate) fn download(array: &Array) -> Result<(Arc<dyn Buffer>, Layout)> {
    let buffer = array.dense.eval()?;
    let layout = array.layout();
    let Some(Site { backend, .. }) = array.dense.node.site else {
        return Ok((buffer, layout));
    };
    if layout.len() * SHOWN < buffer.len() {
        return download(&record::copy(&array.dense)?.into());
    }
    let host = backend.download(&*buffer)?;
    DOWNLOADS.fetch_add(1, Relaxed);
    BYTES_DOWN.fetch_add(host.nbytes() as u64, Relaxed);
    trace::copied(&array.dense.node, array.residency(), *HOST, host.nbytes());
    Ok((Arc::new(host), layout))
}
