// Identities of reductions over the 64-bit integers, in either representation.
fn i64_zero() -> i64_reg { return i64_join(0u, 0u); }
fn i64_one() -> i64_reg { return i64_join(1u, 0u); }
fn i64_lowest() -> i64_reg { return i64_join(0u, 0x80000000u); }
fn i64_highest() -> i64_reg { return i64_join(0xffffffffu, 0x7fffffffu); }
fn u64_zero() -> u64_reg { return u64_join(0u, 0u); }
fn u64_one() -> u64_reg { return u64_join(1u, 0u); }
fn u64_lowest() -> u64_reg { return u64_join(0u, 0u); }
fn u64_highest() -> u64_reg { return u64_join(0xffffffffu, 0xffffffffu); }
