//! The expression graph: nodes, recording, lowering to fused kernels, evaluation.
//!
//! | file | idea |
//! |---|---|
//! | `node` | a value, or the expression that computes it |
//! | `dense` | a node and the view of its value |
//! | `record`, `bounds` | operations become nodes, bounded so that each fused kernel fits its backend |
//! | `lower` | pending nodes become one [`Kernel`](crate::expr::Kernel) |
//! | `eval` | evaluation by the backends, without recursion and outside any lock |
//! | `interrupt` | stopping an evaluation, and how much it would be |
//! | `trace` | events and counters for listeners |

mod bounds;
pub(crate) mod dense;
pub(crate) mod eval;
pub(crate) mod interrupt;
mod lower;
pub(crate) mod node;
pub(crate) mod record;
pub mod trace;

pub(crate) use dense::Dense;
pub use interrupt::stoppable;
pub(crate) use lower::MAX_OPS;
pub(crate) use node::NodeRef;
pub use record::NotRecorded;
