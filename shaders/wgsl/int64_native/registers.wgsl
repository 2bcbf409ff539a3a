// 64-bit integers where the adapter has them.
alias i64_reg = i64;
alias u64_reg = u64;
fn i64_wrap(x: i64) -> i64 { return x; }
fn u64_wrap(x: u64) -> u64 { return x; }
fn i64_register_bits() -> i64 { return i64(64); }
fn u64_register_bits() -> u64 { return u64(64); }
