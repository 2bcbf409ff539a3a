// Comparison and division of pairs. Division is the schoolbook's, a bit a step; it is for index arithmetic and
// for correctness, not for speed.
fn u64_less(a: vec2<u32>, b: vec2<u32>) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }
fn i64_less(a: vec2<u32>, b: vec2<u32>) -> bool {
    let flip = vec2<u32>(0u, 0x80000000u);
    return u64_less(a ^ flip, b ^ flip);
}

// (quotient, remainder) of a / b; of anything by zero: all ones and a.
fn u64_divide(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
    var q = vec2<u32>(0u, 0u);
    var r = vec2<u32>(0u, 0u);
    for (var i = 0u; i < 64u; i++) {
        let bit = select(a.x >> (31u - (i & 31u)), a.y >> (31u - (i & 31u)), i < 32u) & 1u;
        let carried = r.y >= 0x80000000u;
        r = vec2<u32>((r.x << 1u) | bit, (r.y << 1u) | (r.x >> 31u));
        let fits = carried || !u64_less(r, b);
        r = select(r, u64_subtract(r, b), fits);
        q = vec2<u32>((q.x << 1u) | select(0u, 1u, fits), (q.y << 1u) | (q.x >> 31u));
    }
    return vec4<u32>(q, r);
}
fn u64_is_zero(x: vec2<u32>) -> bool { return (x.x | x.y) == 0u; }
fn u64_absolute(x: vec2<u32>) -> vec2<u32> { return x; }
fn i64_absolute(x: vec2<u32>) -> vec2<u32> { return select(x, i64_negative(x), x.y >= 0x80000000u); }
fn u64_floor_divide(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return select(u64_divide(a, b).xy, vec2<u32>(0u, 0u), u64_is_zero(b));
}
fn u64_remainder(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return select(u64_divide(a, b).zw, vec2<u32>(0u, 0u), u64_is_zero(b));
}
fn i64_floor_divide(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let d = u64_divide(i64_absolute(a), i64_absolute(b));
    let differ = ((a.y ^ b.y) & 0x80000000u) > 0u;
    let up = u64_add(d.xy, vec2<u32>(select(1u, 0u, u64_is_zero(d.zw)), 0u));
    return select(select(d.xy, u64_negative(up), differ), vec2<u32>(0u, 0u), u64_is_zero(b));
}
fn i64_remainder(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return select(i64_subtract(a, i64_multiply(b, i64_floor_divide(a, b))), vec2<u32>(0u, 0u), u64_is_zero(b));
}
