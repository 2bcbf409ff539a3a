//! The wrapper backend `auto`: it holds the other backends, and chooses among them each time a multimethod is
//! recorded, by where the operands live, how large they are, and what such work was measured to cost here.
//!
//! It is never chosen for anybody: a caller names it, `scope!(auto)` or `POLYARRAY_BACKEND=auto`, and thereby
//! allows it to copy operands between residencies. What has a default in terms of the `numpy` domain (a domain's own
//! methods too) runs that default here, and each call inside it is decided by itself.
//!
//! The decision is that of a careful neighbour, not of an oracle: it knows what is recorded, not what comes
//! next. Work goes elsewhere when copying the operands there, computing, and copying the result back is
//! expected to take less time than computing where they are; so a result read on the host at once is never a
//! bad surprise. What is pending has cost nothing yet: elementwise work that has become too much for where it was
//! begun is recorded again elsewhere, as a whole. `explain` shows the estimates.
//!
//! Costs are measured once per machine and kept in a file (see [`Costs::of`]).
#![warn(missing_docs)]

mod calibrate;
mod costs;
mod decide;
mod devices;
mod enrol;
mod estimate;
mod store;
mod work;
mod work_class;

pub use costs::{Costs, Curve, assume};
pub use decide::{Estimate, estimates};
pub use enrol::auto;
pub use store::directory;
pub use work::Work;
