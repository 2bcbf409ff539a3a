// Any and all of bools; stored as words.
struct bool_any { v: u32 }
fn bool_any_empty() -> bool_any { return bool_any(0u); }
fn bool_any_push(a: bool_any, x: bool, i: u32) -> bool_any { return bool_any(a.v | select(0u, 1u, x)); }
fn bool_any_merge(a: bool_any, b: bool_any) -> bool_any { return bool_any(a.v | b.v); }
fn bool_any_result(a: bool_any) -> bool { return a.v > 0u; }
struct bool_all { v: u32 }
fn bool_all_empty() -> bool_all { return bool_all(1u); }
fn bool_all_push(a: bool_all, x: bool, i: u32) -> bool_all { return bool_all(a.v & select(0u, 1u, x)); }
fn bool_all_merge(a: bool_all, b: bool_all) -> bool_all { return bool_all(a.v & b.v); }
fn bool_all_result(a: bool_all) -> bool { return a.v > 0u; }
