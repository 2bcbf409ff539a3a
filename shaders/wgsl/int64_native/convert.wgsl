// To and from 64-bit integers where the adapter has them. Every file of int64_pair answers to the same names.
// The sign is spread by hand: some drivers compare what they converted from i32 with a constant as if it had none
// (Mesa 22.3: the absolute value of -2 was -2).
fn i64_from_i32(x: i32) -> i64 { return i64_join(bitcast<u32>(x), bitcast<u32>(x >> 31u)); }
// By way of u64: converting u32 to i64 extends the sign on some drivers.
fn i64_from_u32(x: u32) -> i64 { return bitcast<i64>(u64(x)); }
fn i64_from_u64(x: u64) -> i64 { return bitcast<i64>(x); }
fn u64_from_i32(x: i32) -> u64 { return u64_join(bitcast<u32>(x), bitcast<u32>(x >> 31u)); }
fn u64_from_u32(x: u32) -> u64 { return u64(x); }
fn u64_from_i64(x: i64) -> u64 { return bitcast<u64>(x); }
fn i64_low(x: i64) -> u32 { return u32(bitcast<u64>(x) & 0xfffffffflu); }
fn u64_low(x: u64) -> u32 { return u32(x & 0xfffffffflu); }
fn i64_high(x: i64) -> u32 { return u32(bitcast<u64>(x) >> 32u); }
fn u64_high(x: u64) -> u32 { return u32(x >> 32u); }
fn i64_join(lo: u32, hi: u32) -> i64 { return bitcast<i64>(u64_join(lo, hi)); }
fn u64_join(lo: u32, hi: u32) -> u64 { return (u64(hi) << 32u) | u64(lo); }
