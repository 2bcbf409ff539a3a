//! What a backend of arrays is: buffers to and from the host, and fused kernels run.

use crate::dispatch::{Instance, Key};
use crate::dtype::DType;
use crate::error::{Error, Result, Unsupported};
use crate::expr::Part;
use crate::expr::{Kernel, Op, Reduction};
use crate::memory::{Buffer, HostBuffer, MirrorSlot, Operand};
use std::sync::Arc;

/// Bounds of what one fused kernel may hold on a backend; recording cuts expressions to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelLimits {
    /// Most inputs (a GPU's bindings minus one).
    pub inputs: usize,
    /// Most axes of a view.
    pub axes: usize,
    /// Elements of the longest row that a kernel may reduce and go on with ([`crate::expr::kernel::Instr::Reduce`]);
    /// 0 where it never may.
    pub row: usize,
}

/// What recording asks a backend whether it can do it, so that evaluation can't be declined.
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
/// Every buffer that a method is given was made by this instance's `upload` or `run`, except `upload`'s own
/// argument. Instances live as long as the process.
pub trait ArrayBackend: Send + Sync {
    /// Which instance this is.
    fn instance(&self) -> Instance;

    /// The hardware and what drives it, in one line, with versions: what was measured here holds for the same line
    /// elsewhere, and for no other.
    fn identity(&self) -> String;

    /// The residency of the arrays that it computes; its buffers can be read by whoever takes that residency.
    fn residency(&self) -> Key;

    /// Can this be done here, whatever the shapes? Asked when an operation is recorded; must be quick.
    ///
    /// # Errors
    /// The reason why not.
    fn supports(&self, query: Query) -> Result<(), Unsupported>;

    /// Bounds of a fused kernel. They never change.
    fn limits(&self) -> KernelLimits;

    /// The float dtype that integers become in `exp`, `mean` and the like. It never changes.
    fn default_float(&self) -> DType;

    /// Can an array of that size exist here? Checked before anything is recorded or allocated.
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

    /// Copies from the host. Only `array::transfer` calls this: it counts.
    ///
    /// # Errors
    /// Out of memory, device lost.
    fn upload(&self, host: &HostBuffer) -> Result<Arc<dyn Buffer>>;

    /// Copies to the host, waiting for what must be computed first. Only `array::transfer` calls this.
    ///
    /// # Errors
    /// Out of memory, device lost.
    fn download(&self, buffer: &dyn Buffer) -> Result<HostBuffer>;

    /// Copies `x` with the elements of `part` taken from `value`, which has the part's lengths as its shape, into a
    /// fresh buffer, dense row-major. Both are of one dtype, and `part` has an element. Arrays in
    /// [`HostBuffer`]s are written by core; a backend with other buffers has to bring this.
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

    /// Told that a slot now holds this backend's copy of a host buffer: a backend whose memory runs short may
    /// empty the slot, and the next use uploads again.
    fn keeps_mirror(&self, slot: &MirrorSlot) {
        let _ = slot;
    }

    /// Waits until all work handed over so far is done.
    ///
    /// # Errors
    /// Whatever that work failed with; device lost.
    fn synchronize(&self) -> Result<()>;
}
