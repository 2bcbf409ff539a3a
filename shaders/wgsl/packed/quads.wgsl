// Four elements that no vector type holds lie in a pair of vectors.
struct words_quad { a: vec4<u32>, b: vec4<u32> }
struct c64_quad { a: vec4<f32>, b: vec4<f32> }
