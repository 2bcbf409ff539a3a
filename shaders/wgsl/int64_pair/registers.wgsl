// 64-bit integers where the adapter lacks them: (low word, high word).
alias i64_reg = vec2<u32>;
alias u64_reg = vec2<u32>;
fn i64_from_i32(x: i32) -> vec2<u32> { return vec2<u32>(bitcast<u32>(x), bitcast<u32>(x >> 31u)); }
fn i64_from_u32(x: u32) -> vec2<u32> { return vec2<u32>(x, 0u); }
fn i64_from_u64(x: vec2<u32>) -> vec2<u32> { return x; }
fn u64_from_i32(x: i32) -> vec2<u32> { return i64_from_i32(x); }
fn u64_from_u32(x: u32) -> vec2<u32> { return vec2<u32>(x, 0u); }
fn u64_from_i64(x: vec2<u32>) -> vec2<u32> { return x; }
fn i64_low(x: vec2<u32>) -> u32 { return x.x; }
fn u64_low(x: vec2<u32>) -> u32 { return x.x; }
fn i64_high(x: vec2<u32>) -> u32 { return x.y; }
fn u64_high(x: vec2<u32>) -> u32 { return x.y; }
fn i64_join(lo: u32, hi: u32) -> vec2<u32> { return vec2<u32>(lo, hi); }
fn u64_join(lo: u32, hi: u32) -> vec2<u32> { return vec2<u32>(lo, hi); }
