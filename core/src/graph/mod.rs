//! The expression graph: nodes, recording, lowering to fused kernels, evaluation.
//!
//! | file | idea |
//! |---|---|
//! | `node` | what a value is, or how it will be computed |
//! | `dense` | a node and how it is seen |
//! | `record`, `bounds` | operations become nodes, bounded so that each fused kernel fits its backend |
//! | `lower` | pending nodes become one [`Kernel`](crate::expr::Kernel) |
//! | `eval` | the graph is computed by its backends, without recursion and outside any lock |
//! | `trace` | what a listener hears of it |

mod bounds;
pub(crate) mod dense;
pub(crate) mod eval;
mod lower;
pub(crate) mod node;
pub(crate) mod record;
pub mod trace;

pub(crate) use dense::Dense;
pub(crate) use lower::MAX_OPS;
pub(crate) use node::NodeRef;
pub use record::NotRecorded;
