//! Wrapper backends in under 200 lines each, written against what is exported: a chunked one and reverse-mode
//! differentiation. Both run over the host and over a GPU, and on a method of a crate that they don't know.
mod chunked;
mod conformance;
mod diff;
mod kind;
mod learns;
mod same;
