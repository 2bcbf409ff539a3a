//! The tests of this crate from outside, as one program: linked once, and one set of helpers.
mod backends;
mod host_reference;
mod plink_files;
mod support;
