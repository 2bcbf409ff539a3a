// Float to integer: towards zero, saturating, NaN to 0. The language's own conversion stops short of the
// largest value and gives MIN for NaN.
fn i32_from_f32(x: f32) -> i32 {
    let y = select(i32(clamp(x, -2147483648.0, 2147483520.0)), 2147483647, x >= 2147483648.0);
    return select(y, 0, f32_isnan(x));
}
fn u32_from_f32(x: f32) -> u32 {
    let y = select(u32(clamp(x, 0.0, 4294967040.0)), 0xffffffffu, x >= 4294967296.0);
    return select(y, 0u, f32_isnan(x));
}
fn i8_clamp(x: i32) -> i32 { return clamp(x, -128, 127); }
fn i16_clamp(x: i32) -> i32 { return clamp(x, -32768, 32767); }
fn i32_clamp(x: i32) -> i32 { return x; }
fn u8_clamp(x: u32) -> u32 { return min(x, 255u); }
fn u16_clamp(x: u32) -> u32 { return min(x, 65535u); }
fn u32_clamp(x: u32) -> u32 { return x; }
