// Genotype counts straight from the two-bit codes of a .bed: 00 two copies of A1, 01 missing, 10 one copy,
// 11 none. A word has sixteen; rows are padded with the code of missing, which is not counted.

struct Shape {
    variants: u32,
    row_words: u32,
}

@group(0) @binding(0) var<storage, read> words: array<u32>;
// Per variant: called, two copies of A2, one copy of each, two copies of A1.
@group(0) @binding(1) var<storage, read_write> counts: array<i32>;
var<immediate> shape: Shape;

const WORKGROUP: u32 = 64u;
const LOW: u32 = 0x55555555u;

// Genotypes of a word: two copies of A2, one copy of each, two copies of A1.
fn tally(word: u32) -> vec3<u32> {
    let low = word & LOW;
    let high = (word >> 1u) & LOW;
    return vec3(countOneBits(low & high), countOneBits(high & ~low), countOneBits(LOW & ~(low | high)));
}

fn store(variant: u32, tallied: vec3<u32>) {
    let at = 4u * variant;
    counts[at] = i32(tallied.x + tallied.y + tallied.z);
    counts[at + 1u] = i32(tallied.x);
    counts[at + 2u] = i32(tallied.y);
    counts[at + 3u] = i32(tallied.z);
}

// One invocation for each variant, which loops over its row: for adapters that run on the CPU.
@compute @workgroup_size(WORKGROUP)
fn row_per_lane(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let variant = (group.x + group.y * groups.x) * WORKGROUP + lane;
    if (variant >= shape.variants) {
        return;
    }
    var tallied = vec3(0u);
    for (var word = 0u; word < shape.row_words; word++) {
        tallied += tally(words[variant * shape.row_words + word]);
    }
    store(variant, tallied);
}

var<workgroup> partial: array<vec3<u32>, WORKGROUP>;

// One workgroup for each variant; neighbouring invocations read neighbouring words: for real GPUs.
@compute @workgroup_size(WORKGROUP)
fn row_per_group(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // The grid may exceed the number of variants; invocations of a surplus workgroup still have to reach the barriers.
    let variant = group.x + group.y * groups.x;
    var tallied = vec3(0u);
    if (variant < shape.variants) {
        for (var word = lane; word < shape.row_words; word += WORKGROUP) {
            tallied += tally(words[variant * shape.row_words + word]);
        }
    }
    partial[lane] = tallied;
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) {
            partial[lane] += partial[lane + half];
        }
    }
    if (lane == 0u && variant < shape.variants) {
        store(variant, partial[0]);
    }
}
