// What 64-bit integers lack: naga panics on countLeadingZeros(u64), and there is no high half of a product.
fn u64_leading_zeros(x: u64) -> u32 {
    let hi = u32(x >> 32u);
    return select(countLeadingZeros(hi), 32u + countLeadingZeros(u32(x & 0xfffffffflu)), hi == 0u);
}

// High 64 bits of a·b.
fn u64_multiply_high(a: u64, b: u64) -> u64 {
    let al = a & 0xfffffffflu;
    let ah = a >> 32u;
    let bl = b & 0xfffffffflu;
    let bh = b >> 32u;
    let low = al * bl;
    let mid = ah * bl + (low >> 32u);
    let mid2 = al * bh + (mid & 0xfffffffflu);
    return ah * bh + (mid >> 32u) + (mid2 >> 32u);
}
