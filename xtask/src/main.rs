//! Set-up, demo and test in one command each.
fn main() {}
