//! How elements lie in buffers, as WGSL sees them: one by one, and in blocks of whole quads.

use polyarray_core::DType;
use std::fmt::Write as _;

/// The dtype's short name, the prefix of its functions: `f32`, `bool`.
pub fn name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::I8 => "i8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::U8 => "u8",
        DType::U16 => "u16",
        DType::U32 => "u32",
        DType::U64 => "u64",
        DType::F16 => "f16",
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::C64 => "c64",
        DType::C128 => "c128",
    }
}

/// The type that holds an element in a register.
pub fn register(dtype: DType) -> String {
    format!("{}_reg", name(dtype))
}

/// Elements in a u32 word: 4, 2, or 1 for a dtype that is not packed.
pub fn per_word(dtype: DType) -> u32 {
    (4 / dtype.size().min(4)) as u32
}

/// The WGSL type of a buffer's elements when they are taken one by one: words for packed dtypes.
pub fn element(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 | DType::I16 | DType::U16 | DType::F16 => "u32",
        DType::I32 => "i32",
        DType::U32 => "u32",
        DType::I64 => "i64_reg",
        DType::U64 => "u64_reg",
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::C64 => "vec2<f32>",
        DType::C128 => "vec2<f64>",
    }
}

/// The element `index` (a WGSL expression) of a buffer variable.
pub fn load_element(dtype: DType, buffer: &str, index: &str) -> String {
    match per_word(dtype) {
        1 => format!("{buffer}[{index}]"),
        n => format!("{}_unpack({buffer}[({index}) / {n}u], ({index}) % {n}u)", name(dtype)),
    }
}

/// The type of the 16 bytes in which a uniform window is declared.
pub fn uniform_element(dtype: DType) -> &'static str {
    if dtype.size() >= 8 { "vec2<u64>" } else { "vec4<u32>" }
}

/// The element `index` (a WGSL expression) of a uniform window. Dtypes of 64 bits are read where there are
/// native 64-bit integers.
pub fn load_uniform(dtype: DType, buffer: &str, index: &str) -> String {
    let word = |n: u32| format!("{buffer}[({index}) / {}u][(({index}) / {n}u) % 4u]", 4 * n);
    let long = |at: &str| format!("{buffer}[({at}) / 2u][({at}) % 2u]");
    match dtype {
        DType::F32 | DType::I32 => format!("bitcast<{}>({})", element(dtype), word(1)),
        DType::U32 => word(1),
        DType::F64 | DType::I64 => format!("bitcast<{}>({})", name(dtype), long(index)),
        DType::U64 => long(index),
        DType::C64 => {
            let bits = long(index);
            format!("bitcast<vec2<f32>>(vec2<u32>(u64_low({bits}), u64_high({bits})))")
        }
        DType::C128 => {
            let part = |i: u32| format!("bitcast<f64>({buffer}[{index}][{i}u])");
            format!("vec2<f64>({}, {})", part(0), part(1))
        }
        _ => {
            let n = per_word(dtype);
            format!("{}_unpack({}, ({index}) % {n}u)", name(dtype), word(n))
        }
    }
}

/// The type of four elements.
fn quad(dtype: DType, int64: bool) -> &'static str {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 => "u32",
        DType::I16 | DType::U16 | DType::F16 => "vec2<u32>",
        DType::I32 => "vec4<i32>",
        DType::U32 => "vec4<u32>",
        DType::F32 => "vec4<f32>",
        DType::I64 if int64 => "vec4<i64>",
        DType::U64 if int64 => "vec4<u64>",
        DType::I64 | DType::U64 => "words_quad",
        DType::F64 => "vec4<f64>",
        DType::C64 => "c64_quad",
        DType::C128 => "c128_quad",
    }
}

/// Element `e` (0..4) of a quad expression.
fn quad_get(dtype: DType, int64: bool, quad: &str, e: usize) -> String {
    let split = || format!("{quad}.{}.{}", ["a", "b"][e / 2], ["xy", "zw"][e % 2]);
    match dtype {
        DType::Bool | DType::I8 | DType::U8 => format!("{}_unpack({quad}, {e}u)", name(dtype)),
        DType::I16 | DType::U16 | DType::F16 => {
            format!("{}_unpack({quad}.{}, {}u)", name(dtype), ["x", "y"][e / 2], e % 2)
        }
        DType::I64 | DType::U64 if !int64 => split(),
        DType::C64 | DType::C128 => split(),
        _ => format!("{quad}.{}", ["x", "y", "z", "w"][e]),
    }
}

/// Four register expressions as a quad.
fn quad_put(dtype: DType, int64: bool, e: &[String]) -> String {
    let packed = |i: usize| format!("{}_pack({})", name(dtype), e[i]);
    match dtype {
        DType::Bool | DType::I8 | DType::U8 => {
            format!(
                "({} | ({} << 8u) | ({} << 16u) | ({} << 24u))",
                packed(0),
                packed(1),
                packed(2),
                packed(3)
            )
        }
        DType::I16 | DType::U16 | DType::F16 => {
            format!(
                "vec2<u32>({} | ({} << 16u), {} | ({} << 16u))",
                packed(0),
                packed(1),
                packed(2),
                packed(3)
            )
        }
        DType::I64 | DType::U64 if !int64 => {
            format!("words_quad(vec4<u32>({}, {}), vec4<u32>({}, {}))", e[0], e[1], e[2], e[3])
        }
        DType::C64 => format!("c64_quad(vec4<f32>({}, {}), vec4<f32>({}, {}))", e[0], e[1], e[2], e[3]),
        DType::C128 => format!("c128_quad(vec4<f64>({}, {}), vec4<f64>({}, {}))", e[0], e[1], e[2], e[3]),
        _ => format!("{}({}, {}, {}, {})", quad(dtype, int64), e[0], e[1], e[2], e[3]),
    }
}

/// Name of the struct of a block of `elements`.
pub fn block(dtype: DType, elements: u32) -> String {
    format!("block_{}_{elements}", name(dtype))
}

/// The struct of a block of `elements` (a multiple of 4).
pub fn declare_block(dtype: DType, elements: u32, int64: bool) -> String {
    let mut text = format!("struct {} {{ ", block(dtype, elements));
    for q in 0..elements / 4 {
        let _ = write!(text, "q{q}: {}, ", quad(dtype, int64));
    }
    text + "}\n"
}

/// Whether a block is loaded and stored in 64-bit words, where the adapter is better served so (`Profile::wide`): it halves
/// what memory-bound kernels wait for.
pub fn loads_wide(dtype: DType, elements: u32, wide: bool) -> bool {
    wide && (dtype.size() <= 4 || dtype == DType::C64) && elements as usize * dtype.size() >= 8
}

/// Name of the struct of a block as it lies in a buffer.
pub fn loaded_block(dtype: DType, elements: u32, wide: bool) -> String {
    match loads_wide(dtype, elements, wide) {
        true => format!("wide_{}_{elements}", name(dtype)),
        false => block(dtype, elements),
    }
}

/// The struct of a block as it lies in a buffer.
pub fn declare_loaded(dtype: DType, elements: u32, int64: bool, wide: bool) -> String {
    if !loads_wide(dtype, elements, wide) {
        return declare_block(dtype, elements, int64);
    }
    let words = elements as usize * dtype.size() / 8;
    let members: Vec<String> = match words {
        1 => vec!["w0: u64".to_owned()],
        2 => vec!["w0: vec2<u64>".to_owned()],
        _ => (0..words / 4).map(|i| format!("w{i}: vec4<u64>")).collect(),
    };
    format!("struct {} {{ {} }}\n", loaded_block(dtype, elements, wide), members.join(", "))
}

/// The structs of blocks of so many elements of dtypes, each once.
pub fn declare_each(blocks: impl IntoIterator<Item = (DType, u32)>, int64: bool, wide: bool) -> String {
    let mut seen = Vec::new();
    let mut text = String::new();
    for block in blocks {
        if !seen.contains(&block) {
            text += &declare_loaded(block.0, block.1, int64, wide);
            seen.push(block);
        }
    }
    text
}

/// Element `e` of a loaded block's variable.
pub fn loaded_get(dtype: DType, elements: u32, int64: bool, wide: bool, variable: &str, e: usize) -> String {
    if !loads_wide(dtype, elements, wide) {
        return quad_get(dtype, int64, &format!("{variable}.q{}", e / 4), e % 4);
    }
    let words = elements as usize * dtype.size() / 8;
    let long = |i: usize| match words {
        1 => format!("{variable}.w0"),
        _ => format!("{variable}.w{}.{}", i / 4, ["x", "y", "z", "w"][i % 4]),
    };
    // The 32-bit word number `i` of the block.
    let word = |i: usize| format!("u64_{}({})", ["low", "high"][i % 2], long(i / 2));
    let per = per_word(dtype) as usize;
    match dtype {
        DType::F32 => format!("bitcast<f32>({})", word(e)),
        DType::I32 => format!("bitcast<i32>({})", word(e)),
        DType::U32 => word(e),
        DType::C64 => format!("vec2<f32>(bitcast<f32>({}), bitcast<f32>({}))", word(2 * e), word(2 * e + 1)),
        _ => format!("{}_unpack({}, {}u)", name(dtype), word(e / per), e % per),
    }
}

/// Register expressions as a block, of 64-bit words where it would be loaded in such.
pub fn block_put(dtype: DType, int64: bool, wide: bool, elements: &[String]) -> String {
    let unit = elements.len() as u32;
    let members: Vec<String> = if loads_wide(dtype, unit, wide) {
        let pairs: Vec<String> =
            words_put(dtype, elements).chunks(2).map(|w| format!("u64_join({}, {})", w[0], w[1])).collect();
        match pairs.len() {
            1 => pairs,
            n => pairs.chunks(4).map(|p| format!("vec{}<u64>({})", n.min(4), p.join(", "))).collect(),
        }
    } else {
        elements.chunks(4).map(|e| quad_put(dtype, int64, e)).collect()
    };
    format!("{}({})", loaded_block(dtype, unit, wide), members.join(", "))
}

/// The words of elements of 4 bytes or fewer, or of c64.
fn words_put(dtype: DType, elements: &[String]) -> Vec<String> {
    let bits = |x: &str| format!("bitcast<u32>({x})");
    match dtype {
        DType::U32 => elements.to_vec(),
        DType::F32 | DType::I32 => elements.iter().map(|e| bits(e)).collect(),
        DType::C64 => {
            elements.iter().flat_map(|e| ["x", "y"].map(|part| bits(&format!("{e}.{part}")))).collect()
        }
        _ => elements.chunks(per_word(dtype) as usize).map(|e| word_put(dtype, e)).collect(),
    }
}

/// One word of a packed dtype from its register expressions.
pub fn word_put(dtype: DType, elements: &[String]) -> String {
    let bits = 32 / elements.len();
    let terms =
        elements.iter().enumerate().map(|(i, e)| format!("({}_pack({e}) << {}u)", name(dtype), i * bits));
    terms.collect::<Vec<_>>().join(" | ")
}
