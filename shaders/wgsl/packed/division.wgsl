// n / d for a d ≥ 2 known to the host, by multiplication (Granlund and Montgomery 1994): the shader's own
// division is slow, and indices are divided per element.
fn index_divide(n: u32, magic: u32, shift: u32) -> u32 {
    let t = u32_multiply_high(n, magic);
    return (t + ((n - t) >> 1u)) >> shift;
}
