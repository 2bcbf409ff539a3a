//! How elements lie in buffers, as WGSL sees them: one by one, and in blocks of whole quads.

use crate::shader::Module;
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

/// The structs of blocks of `elements` (a multiple of 4) of dtypes, each once.
pub fn declare_blocks(dtypes: impl IntoIterator<Item = DType>, elements: u32, module: &mut Module) {
    let mut seen = Vec::new();
    for dtype in dtypes {
        if !seen.contains(&dtype) {
            let quad = quad(dtype, module.features.int64);
            let quads: String = (0..elements / 4).map(|q| format!("q{q}: {quad}, ")).collect();
            let _ = writeln!(module, "struct {} {{ {quads}}}", block(dtype, elements));
            seen.push(dtype);
        }
    }
}

/// Element `e` of a block's variable.
pub fn block_get(dtype: DType, int64: bool, variable: &str, e: u32) -> String {
    quad_get(dtype, int64, &format!("{variable}.q{}", e / 4), e as usize % 4)
}

/// Register expressions as a block.
pub fn block_put(dtype: DType, int64: bool, elements: &[String]) -> String {
    let quads: Vec<String> = elements.chunks(4).map(|e| quad_put(dtype, int64, e)).collect();
    format!("{}({})", block(dtype, elements.len() as u32), quads.join(", "))
}

/// One word of a packed dtype from its register expressions.
pub fn word_put(dtype: DType, elements: &[String]) -> String {
    let bits = 32 / elements.len();
    let terms =
        elements.iter().enumerate().map(|(i, e)| format!("({}_pack({e}) << {}u)", name(dtype), i * bits));
    terms.collect::<Vec<_>>().join(" | ")
}
