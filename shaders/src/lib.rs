//! All WGSL of polyarray.
