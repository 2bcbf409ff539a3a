//! The interface of a backend of arrays: buffers to and from the host, and fused kernels.

use crate::dispatch::{Instance, Key};
use crate::dtype::DType;
use crate::error::{Error, Result, Unsupported};
use crate::expr::Part;
use crate::expr::{Kernel, Op, Reduction};
use crate::memory::{Buffer, HostBuffer, Layout, MirrorSlot, Operand};
use std::sync::Arc;

/// Limits of one fused kernel on a backend; recording materialises operands to stay within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelLimits {
    /// Most inputs (a GPU's bindings minus one).
    pub inputs: usize,
    /// Most axes of a view.
    pub axes: usize,
    /// Longest row, in elements, of a row reduction inside a kernel ([`crate::expr::kernel::Instr::Reduce`]); 0 where there
    /// may be none.
    pub row: usize,
}

/// What recording asks a backend to support, so that evaluation can't be declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query {
    /// Hold arrays of this dtype.
    Hold(DType),
    /// Compute an elementwise operation in this dtype.
    Map(Op, DType),
    /// Cast between two dtypes.
    Cast(DType, DType),
    /// Reduce elements of this dtype.
    Reduce(Reduction, DType),
}

/// One instance of a backend: the host, one GPU.
///
/// Every buffer passed to a method was made by this instance's `upload` or `run`, except `upload`'s own argument. Instances
/// live as long as the process.
pub trait ArrayBackend: Send + Sync {
    /// Which instance this is.
    fn instance(&self) -> Instance;

    /// The hardware and its driver, in one line, with versions: measurements are valid for machines with the same line
    /// only.
    fn identity(&self) -> String;

    /// The residency of the arrays that it computes; every backend that takes that residency can read its buffers.
    fn residency(&self) -> Key;

    /// Whether this is supported, for any shapes. Called whenever an operation is recorded; must be cheap.
    ///
    /// # Errors
    /// The reason why not.
    fn supports(&self, query: Query) -> Result<(), Unsupported>;

    /// Limits of a fused kernel. They never change.
    fn limits(&self) -> KernelLimits;

    /// The float dtype that integers become in `exp`, `mean` and the like. It never changes.
    fn default_float(&self) -> DType;

    /// Whether an array of that size can exist here. Checked before anything is allocated, and, but for what may be
    /// computed in passing, before it is recorded.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    fn fits(&self, dtype: DType, len: usize) -> Result<()>;

    /// Runs a fused kernel into a fresh buffer of [`Kernel::output_len`] elements of
    /// [`Kernel::output_dtype`], dense row-major. May return before the work is done.
    ///
    /// # Errors
    /// Out of memory, device lost, a driver's failure.
    fn run(&self, kernel: &Kernel) -> Result<Arc<dyn Buffer>>;

    /// Runs a fused kernel without a reduction straight into a part of host memory: distinct elements of the kernel's dtype, of
    /// its dimensions. `false`, with nothing written, where running it and copying is no slower.
    ///
    /// # Errors
    /// Those of [`run`](ArrayBackend::run), with nothing written.
    fn run_into(&self, kernel: &Kernel, out: &mut HostBuffer, part: &Layout) -> Result<bool> {
        let _ = (kernel, out, part);
        Ok(false)
    }

    /// Copies from the host. Only `array::transfer` calls this, because it counts copies.
    ///
    /// # Errors
    /// Out of memory, device lost.
    fn upload(&self, host: &HostBuffer) -> Result<Arc<dyn Buffer>>;

    /// Copies to the host, waiting for pending work on the buffer. Only `array::transfer` calls this.
    ///
    /// # Errors
    /// Out of memory, device lost.
    fn download(&self, buffer: &dyn Buffer) -> Result<HostBuffer>;

    /// Copies `x` with the elements of `part` taken from `value`, which has the part's lengths as its shape, into a
    /// new buffer, dense row-major. Both are of one dtype, and `part` has an element. Core writes arrays in
    /// [`HostBuffer`]s itself; a backend with other buffers implements this.
    ///
    /// # Errors
    /// Out of memory, device lost.
    fn assign(&self, x: &Operand, value: &Operand, part: &Part) -> Result<Arc<dyn Buffer>> {
        let _ = (x, value, part);
        Err(Error::Unsupported {
            op: "assign".into(),
            backend: self.instance().name(),
            reason: Unsupported::Because(
                "it has no kernel for that; assign to a copy of the array on the host",
            ),
        })
    }

    /// Called when a slot now holds this backend's copy of a host buffer: a backend that runs short of memory may empty the
    /// slot, and the next use uploads again.
    fn keeps_mirror(&self, slot: &MirrorSlot) {
        let _ = slot;
    }

    /// What its arithmetic does not promise, such as a driver that rewrites float algebra, in words; `explain` shows it
    /// beside every kernel. It never changes.
    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }

    /// Waits until all work submitted so far is done.
    ///
    /// # Errors
    /// Those of that work; device lost.
    fn synchronize(&self) -> Result<()>;
}
