//! An evaluated operand.

use super::{Buffer, Layout};
use std::sync::Arc;

/// An evaluated operand, as passed to a kernel by spec.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The buffer.
    pub buffer: Arc<dyn Buffer>,
    /// Layout of the array's elements in it.
    pub layout: Layout,
}
