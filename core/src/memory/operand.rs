//! An evaluated operand.

use super::{Buffer, Layout};
use std::sync::Arc;

/// An evaluated operand, as a backend's own kernel gets it.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The buffer.
    pub buffer: Arc<dyn Buffer>,
    /// How the array's elements lie in it.
    pub layout: Layout,
}
