// High 32 bits of a·b.
fn u32_multiply_high(a: u32, b: u32) -> u32 { return u32((u64(a) * u64(b)) >> 32u); }
