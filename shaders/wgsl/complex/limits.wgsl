// The product of no complex numbers; its zero is one that drivers don't know.
fn c64_one() -> vec2<f32> { return vec2<f32>(1.0, f32_run_time_zero()); }
