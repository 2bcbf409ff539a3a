//! The domain's own GPU kernel: `variant_stats` counts the bits of packed genotypes. Everything else runs on a GPU
//! through its default. Uses only the public interface of the GPU backend.
use std::sync::LazyLock;

use polyarray_core::array::Array;
use polyarray_core::dispatch::{Cx, Stop, registrations};
use polyarray_core::numpy as np;
use polyarray_core::{DType, Error, Result};
use polyarray_gpu::{ArrayKernel, GpuBackend, LaneMap, RawKernel};

use crate::domain::{Form, variant_stats};

registrations! { VARIANT_STATS_ON_THE_GPU;
    "gpu": variant_stats = count_bits;
}

/// Invocations of a workgroup; the same constant as in the WGSL.
const WORKGROUP: usize = 64;

/// The kernel with one of its two entry points, and the number of invocations for a result of `n` elements (four
/// per variant).
fn kernel(entry: &'static str, lanes: fn(usize) -> usize) -> ArrayKernel {
    let shape = |operands: &[&[usize]]| Ok(vec![operands[0][0], 4]);
    let wgsl = include_str!("variant_stats.wgsl");
    ArrayKernel::new(RawKernel::new(entry, wgsl, entry), DType::I32, shape).lanes(lanes)
}

static ROW_PER_LANE: LazyLock<ArrayKernel> = LazyLock::new(|| kernel("row_per_lane", |counts| counts / 4));
static ROW_PER_GROUP: LazyLock<ArrayKernel> =
    LazyLock::new(|| kernel("row_per_group", |counts| counts / 4 * WORKGROUP));

/// `variant_stats` of packed genotypes, in blocks of variants none of which is larger than one binding.
fn count_bits(cx: Cx, genotypes: &Array) -> Result<Array, Stop<Error>> {
    if Form::of("variant_stats", genotypes)? == Form::Dosages {
        return Err(Stop::declined("its own kernel is for packed genotypes, these are dosages"));
    }
    let device = GpuBackend::open(cx.instance.index)?.device();
    let profile = device.profile();
    let [variants, row_words] = [genotypes.shape()[0], genotypes.shape()[1]];
    // A lane ends its loops after so many words.
    let longest = profile.loop_budget as usize;
    let kernel = match profile.lane_map {
        LaneMap::Run if row_words <= longest => &ROW_PER_LANE,
        _ => &ROW_PER_GROUP,
    };
    // Four words of counts.
    let block = profile.max_binding as usize / (4 * row_words.max(4));
    if block == 0 || row_words.div_ceil(WORKGROUP) > longest {
        return Err(Stop::declined("a row is longer than one workgroup may walk"));
    }
    let counts_of = |rows: &Array| {
        // Both fit 32 bits: the block is no larger than one binding.
        let shape = [rows.shape()[0] as u32, row_words as u32];
        kernel.record(cx, &[rows], bytemuck::cast_slice(&shape))
    };
    if variants <= block {
        return counts_of(genotypes);
    }
    let blocks = (0..variants).step_by(block).map(|start| {
        let counts = counts_of(&genotypes.slice(ndarray::s![start..(start + block).min(variants), ..])?)?;
        // Computed before the next, so that the copy of one block is in memory and not of all.
        counts.eval()?;
        Ok(counts)
    });
    let blocks = blocks.collect::<Result<Vec<Array>, Stop<Error>>>()?;
    Ok(np::concat(&blocks.iter().collect::<Vec<_>>(), 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::Genotype;
    use crate::simulate::Simulation;
    use polyarray_gpu::{Gpu, adapters};

    /// Both entry points, whichever the adapter prefers, into poisoned memory.
    fn counted(gpu: &Gpu, entry: &'static str, lanes: usize, words: &[u32], shape: [u32; 2]) -> Vec<i32> {
        let kernel = RawKernel::new(entry, include_str!("variant_stats.wgsl"), entry);
        let input = gpu.upload(bytemuck::cast_slice(words), "words").unwrap();
        let poison = vec![-7i32; 4 * shape[0] as usize];
        let output = gpu.upload(bytemuck::cast_slice(&poison), "counts").unwrap();
        let params = bytemuck::cast_slice(&shape);
        kernel.launch_over(gpu, &[&input, &output], params, lanes as u64).unwrap();
        let mut counts = poison;
        gpu.read(&output, 0, bytemuck::cast_slice_mut(&mut counts)).unwrap();
        counts
    }

    #[test]
    fn both_entry_points_count_every_genotype() {
        let adapter = adapters::chosen().unwrap_or_else(|error| panic!("{error}")).0;
        let gpu = Gpu::open(adapter).unwrap();
        // Rows of one word, of part of a word, and of more words than a workgroup has invocations.
        for (variants, samples) in [(1, 16), (65, 5), (130, 33), (3, 16 * WORKGROUP + 1)] {
            let simulation = Simulation { missing: 0.1, ..Simulation::new(variants, samples) };
            let genotypes = simulation.dataset().unwrap().genotypes;
            let mut expected = Vec::new();
            for variant in 0..variants {
                let number = |wanted| {
                    (0..samples).filter(|&sample| genotypes.get(variant, sample) == Some(wanted)).count()
                        as i32
                };
                let [ref_, het, alt] = [Genotype::HomA2, Genotype::Het, Genotype::HomA1].map(number);
                expected.extend([ref_ + het + alt, ref_, het, alt]);
            }
            let shape = [variants as u32, genotypes.row_words() as u32];
            for (entry, lanes) in [("row_per_lane", variants), ("row_per_group", variants * WORKGROUP)] {
                let counts = counted(&gpu, entry, lanes, genotypes.words(), shape);
                assert_eq!(counts, expected, "{entry}, {variants} × {samples}");
            }
        }
    }
}
