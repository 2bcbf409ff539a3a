// The register type of each integer dtype, and what brings a result back into its range.
alias i8_reg = i32;
alias i16_reg = i32;
alias i32_reg = i32;
alias u8_reg = u32;
alias u16_reg = u32;
alias u32_reg = u32;
fn i8_wrap(x: i32) -> i32 { return (x << 24u) >> 24u; }
fn i16_wrap(x: i32) -> i32 { return (x << 16u) >> 16u; }
fn i32_wrap(x: i32) -> i32 { return x; }
fn u8_wrap(x: u32) -> u32 { return x & 0xffu; }
fn u16_wrap(x: u32) -> u32 { return x & 0xffffu; }
fn u32_wrap(x: u32) -> u32 { return x; }
fn i8_register_bits() -> i32 { return i32(32); }
fn i16_register_bits() -> i32 { return i32(32); }
fn i32_register_bits() -> i32 { return i32(32); }
fn u8_register_bits() -> u32 { return u32(32); }
fn u16_register_bits() -> u32 { return u32(32); }
fn u32_register_bits() -> u32 { return u32(32); }
