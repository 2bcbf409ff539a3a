// bool and the 8- and 16-bit dtypes lie packed in u32 words: element e of a word, and the bits of an element.
fn bool_unpack(w: u32, e: u32) -> bool { return ((w >> (8u * e)) & 0xffu) > 0u; }
fn u8_unpack(w: u32, e: u32) -> u32 { return (w >> (8u * e)) & 0xffu; }
fn i8_unpack(w: u32, e: u32) -> i32 { return bitcast<i32>(w << (24u - 8u * e)) >> 24u; }
fn u16_unpack(w: u32, e: u32) -> u32 { return (w >> (16u * e)) & 0xffffu; }
fn i16_unpack(w: u32, e: u32) -> i32 { return bitcast<i32>(w << (16u - 16u * e)) >> 16u; }
fn f16_unpack(w: u32, e: u32) -> f32 { return f16_from_bits((w >> (16u * e)) & 0xffffu); }
fn bool_pack(x: bool) -> u32 { return select(0u, 1u, x); }
fn u8_pack(x: u32) -> u32 { return x; }
fn i8_pack(x: i32) -> u32 { return bitcast<u32>(x) & 0xffu; }
fn u16_pack(x: u32) -> u32 { return x; }
fn i16_pack(x: i32) -> u32 { return bitcast<u32>(x) & 0xffffu; }
fn f16_pack(x: f32) -> u32 { return f16_bits(x); }
