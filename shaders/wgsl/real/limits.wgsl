// Identities of reductions over f32, and by renaming over f64.
fn f32_one() -> f32 { return 1.0; }
fn f32_lowest() -> f32 { return f32_negative(f32_highest()); }
fn f32_highest() -> f32 { return f32_inf(f32_run_time_zero()); }
