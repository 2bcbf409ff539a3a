//! The wrapper backend `auto`: it holds the other backends, and chooses among them each time a multimethod is
//! recorded, by the residency and size of the operands and by the measured cost of such work on this machine.
//!
//! It is used only where a caller names it, by `scope!(auto)` or `POLYARRAY_BACKEND=auto`, which also allows it to copy
//! operands between residencies. A method with a default in terms of the `numpy` domain (in any domain) runs that
//! default, and each call inside it is decided separately.
//!
//! The decision is greedy: it knows what is recorded, and does not predict later calls. Work moves to another device if
//! copying the operands there, computing, and copying the result back is expected to take less time than computing
//! where they are; a result that is read on the host at once is therefore not slower than without `auto`. Pending work
//! has cost nothing yet: an elementwise chain that has become too expensive where it was recorded is re-recorded on
//! another device as a whole. `explain` shows the estimates.
//!
//! Costs are measured once on each machine and stored in a file (see [`Costs::of`]).
#![warn(missing_docs)]

mod calibrate;
mod costs;
mod decide;
mod devices;
mod enrol;
mod estimate;
mod measurement_cache;
mod store;
mod work;
mod work_class;

pub use costs::{Costs, Curve, assume};
pub use decide::{Estimate, estimates};
pub use enrol::auto;
pub use store::directory;
pub use work::Work;
