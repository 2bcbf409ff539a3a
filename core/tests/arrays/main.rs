//! Tests of arrays on two naive backends: one at home on the host, one far away, both interpreting kernels
//! element by element from the op table's references and counting what they do.
mod assign;
mod calls;
mod conformance;
mod epilogue;
mod errors;
mod graph;
mod implementations;
mod naive;
mod oneliners;
mod printing;
mod residency;
mod rows;
mod surface;
mod ufuncs;
mod views;
