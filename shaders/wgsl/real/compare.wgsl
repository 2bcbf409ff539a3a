// Comparisons of f32, and by renaming of f64. The language's `!=` is false for NaN, so it is the negated `==`.
fn f32_equal(a: f32, b: f32) -> bool { return a == b; }
fn f32_not_equal(a: f32, b: f32) -> bool { return !(a == b); }
fn f32_less(a: f32, b: f32) -> bool { return a < b; }
fn f32_less_equal(a: f32, b: f32) -> bool { return a <= b; }
fn f32_greater(a: f32, b: f32) -> bool { return a > b; }
fn f32_greater_equal(a: f32, b: f32) -> bool { return a >= b; }
fn f32_where(c: bool, a: f32, b: f32) -> f32 { return select(b, a, c); }
// The language's min and max drop NaN; NumPy's hand it on, the first operand's first.
fn f32_minimum(a: f32, b: f32) -> f32 { return select(b, a, f32_isnan(a) || (!f32_isnan(b) && a <= b)); }
fn f32_maximum(a: f32, b: f32) -> f32 { return select(b, a, f32_isnan(a) || (!f32_isnan(b) && a >= b)); }
