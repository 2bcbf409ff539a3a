//! What the pipeline refuses, and how it says so.

use polyarray_shaders::{Features, Options, ShaderError, compile};

fn main_with(body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n@compute @workgroup_size(1) fn main() {{\n{body}\n}}\n"
    )
}

const ALL: Features = Features { f64: true, int64: true };

#[test]
fn a_broken_snippet_is_refused_with_its_place() {
    let error = compile("broken", &main_with("x[0] = y;"), &Options::foreign(ALL)).expect_err("y is unknown");
    let text = error.to_string();
    assert!(matches!(error, ShaderError::Parse { .. }), "{text}");
    assert!(text.contains("broken:3") && text.contains('y'), "{text}");
    let error =
        compile("types", &main_with("x[0] = 1.5f;"), &Options::foreign(ALL)).expect_err("the types differ");
    assert!(error.to_string().contains("types:3"), "{error}");
}

#[test]
fn features_that_are_not_there_are_refused() {
    let wgsl = main_with("var d = 1.0lf; d = d + d; x[0] = u32(d);");
    assert!(compile("double", &wgsl, &Options::foreign(ALL)).is_ok());
    let error = compile("double", &wgsl, &Options::foreign(Features::default())).expect_err("no f64 there");
    assert!(matches!(error, ShaderError::Invalid { .. }), "{error}");
}

#[test]
fn what_computes_garbage_or_crashes_naga_is_refused() {
    for (body, word) in [
        ("var d = 1.0lf; x[0] = u32(exp(d));", "Exp on f64"),
        ("var d = 1.0lf; x[0] = u32(sqrt(d));", "Sqrt on f64"),
        ("var d = 1.0lf; x[0] = u32(d % d);", "% on f64"),
        ("var d = 1lu; x[0] = u32(countLeadingZeros(d));", "CountLeadingZeros on a 64-bit integer"),
    ] {
        let error = compile("refused", &main_with(body), &Options::foreign(ALL)).expect_err(body);
        assert!(matches!(error, ShaderError::Refused { line: 3, .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_module_says_what_it_binds() {
    let wgsl = "@group(0) @binding(1) var<storage, read> a: array<u32>;
        @group(0) @binding(0) var<storage, read_write> b: array<u32>;
        struct P { n: u32, m: u32 }
        var<immediate> p: P;
        @compute @workgroup_size(4, 2) fn go() { b[0] = a[0] + p.n; }";
    let options = Options { immediates: true, ..Options::foreign(ALL) };
    let spirv = compile("bindings", wgsl, &options).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(spirv.bindings.iter().map(|b| b.number).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(spirv.immediate_bytes, 8);
    assert_eq!(
        (spirv.entry_points[0].name.as_str(), spirv.entry_points[0].workgroup_size),
        ("go", [4, 2, 1])
    );
}
