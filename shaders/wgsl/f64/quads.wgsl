// Four complex doubles.
struct c128_quad { a: vec4<f64>, b: vec4<f64> }
