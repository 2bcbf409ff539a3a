//! The domain `numpy.sk_allel` on both backends, against plain f64 loops and against what scikit-allel and
//! sgkit gave.
use polyarray::array::Array;
use polyarray::dispatch::trace::{Event, Outcome};
use polyarray::dispatch::{Options, explain, with_backend};
use polyarray::{DType, Result};
use polyarray_genetics::plink::Dataset;
use polyarray_genetics::simulate::Simulation;
use polyarray_genetics::{
    Analysis, AnalysisOptions, Chromosome, Float, MissingCalls, PackedGenotypes, Relationship, analyse,
    count_alleles, grm_vanraden, heterozygosity_expected, heterozygosity_observed, run_analysis, to_f64,
    unpack_dosages, variant_stats,
};

use crate::support::host;
use ndarray::{Array2, Array3, ArrayView2, Axis, s};

/// A backend and a float dtype, and how far results may be from the truth: ratios, relationships.
struct Place {
    backend: &'static str,
    float: Float,
    ratio: f64,
    relationship: f64,
}

const PLACES: [Place; 3] = [
    Place { backend: "cpu", float: Float(None), ratio: 1e-12, relationship: 1e-10 },
    Place { backend: "gpu", float: Float(Some(DType::F32)), ratio: 1e-6, relationship: 5e-6 },
    // The adapter's own default: float64 where it has that, which f32's bounds allow, too.
    Place { backend: "gpu", float: Float(None), ratio: 1e-6, relationship: 5e-6 },
];

/// Runs `work` on every backend, its arguments copied there as need be.
fn everywhere(work: impl Fn(&Place) -> Result<()>) {
    at(&PLACES, work);
}

fn at(places: &[Place], work: impl Fn(&Place) -> Result<()>) {
    for place in places {
        with_backend(place.backend, Options::COERCE, || work(place))
            .unwrap_or_else(|error| panic!("{}: {error}", place.backend));
    }
}

/// A comparison that says by how much it fails.
fn close<D: ndarray::Dimension>(
    what: &str,
    place: &Place,
    got: &Array,
    expected: &ndarray::Array<f64, D>,
    tolerance: f64,
) {
    let got = to_f64(got).unwrap();
    let worst = host::worst(&got, &expected.clone().into_dyn());
    assert!(worst <= tolerance, "{what} on {}: off by {worst:e}, allowed {tolerance:e}", place.backend);
}

fn counts(array: &Array) -> Array2<i32> {
    assert_eq!(array.dtype(), DType::I32);
    array.to_ndarray::<i32>().unwrap().into_dimensionality().unwrap()
}

/// Dosages with the shapes that hurt: rows around the edge of a word, a variant without a call, one without
/// variation, samples without a common call.
fn awkward() -> Vec<Array2<i8>> {
    let mut all = Vec::new();
    for (variants, samples) in [(1, 1), (3, 15), (70, 16), (65, 17), (200, 67)] {
        let simulation =
            Simulation { missing: 0.2, seed: samples as u64, ..Simulation::new(variants, samples) };
        let mut dosages = simulation.dataset().unwrap().genotypes.to_dosages();
        if variants > 2 {
            dosages.row_mut(1).fill(-1);
            dosages.row_mut(2).fill(2);
        }
        if samples == 67 {
            // The first is never called, the second only where the third is not.
            dosages.column_mut(0).fill(-1);
            for mut row in dosages.outer_iter_mut() {
                row[1] = if row[2] < 0 { 1 } else { -1 };
            }
        }
        all.push(dosages);
    }
    all
}

fn imputed(float: Float) -> Relationship {
    Relationship { missing: MissingCalls::MeanImputed, float, samples: None }
}

fn packed(dosages: ArrayView2<'_, i8>) -> Array {
    Array::try_from(&PackedGenotypes::from_dosages(dosages).unwrap()).unwrap()
}

#[test]
fn counts_are_exact_in_both_forms() {
    for dosages in awkward() {
        everywhere(|_| {
            for genotypes in [Array::from(&dosages), packed(dosages.view())] {
                assert_eq!(counts(&variant_stats(&genotypes)?), host::variant_counts(dosages.view()));
                assert_eq!(counts(&count_alleles(&genotypes)?), host::allele_counts(dosages.view()));
            }
            Ok(())
        });
    }
}

#[test]
fn packing_is_undone_where_the_data_lives() {
    for dosages in awkward() {
        everywhere(|_| {
            let unpacked = unpack_dosages(&packed(dosages.view()), dosages.ncols())?;
            assert_eq!(unpacked.dtype(), DType::I8);
            assert_eq!(unpacked.to_ndarray::<i8>()?, dosages.clone().into_dyn());
            Ok(())
        });
    }
}

#[test]
fn heterozygosity_is_that_of_the_formulas() {
    for dosages in awkward() {
        everywhere(|place| {
            let genotypes = packed(dosages.view());
            let observed = heterozygosity_observed(&genotypes, place.float)?;
            close("het_obs", place, &observed, &host::het_obs(dosages.view()), place.ratio);
            let expected = heterozygosity_expected(&genotypes, place.float)?;
            close("het_exp", place, &expected, &host::het_exp(dosages.view()), place.ratio);
            Ok(())
        });
    }
}

#[test]
fn relationships_are_those_of_the_formula() {
    for dosages in awkward() {
        everywhere(|place| {
            let genotypes = Array::from(&dosages);
            let skipped = host::grm(dosages.view(), dosages.ncols());
            close("grm", place, &grm_vanraden(&genotypes, place.float)?, &skipped, place.relationship);
            let imputed = grm_vanraden(&genotypes, imputed(place.float))?;
            close(
                "imputed grm",
                place,
                &imputed,
                &host::grm_mean_imputed(dosages.view()),
                place.relationship,
            );
            Ok(())
        });
    }
}

/// Several windows of variants, the last one short.
#[test]
fn relationships_add_up_over_windows() {
    let simulation = Simulation { missing: 0.05, ..Simulation::new(5000, 20) };
    let dosages = simulation.dataset().unwrap().genotypes.to_dosages();
    let expected = host::grm(dosages.view(), 20);
    everywhere(|place| {
        close(
            "grm",
            place,
            &grm_vanraden(Array::from(&dosages), place.float)?,
            &expected,
            place.relationship,
        );
        Ok(())
    });
}

/// Numbers that are no dosages are missing calls to every method.
#[test]
fn what_is_no_dosage_is_missing_everywhere() {
    let mut dosages = awkward()[2].clone();
    let missing = dosages.clone();
    for (at, dosage) in dosages.iter_mut().filter(|dosage| **dosage < 0).enumerate() {
        *dosage = [3, -1, 127, -128, 4][at % 5];
    }
    everywhere(|place| {
        let genotypes = Array::from(&dosages);
        assert_eq!(counts(&variant_stats(&genotypes)?), host::variant_counts(missing.view()));
        let expected = host::grm(missing.view(), missing.ncols());
        close("grm", place, &grm_vanraden(&genotypes, place.float)?, &expected, place.relationship);
        let expected = host::grm_mean_imputed(missing.view());
        close(
            "imputed",
            place,
            &grm_vanraden(&genotypes, imputed(place.float))?,
            &expected,
            place.relationship,
        );
        Ok(())
    });
}

#[test]
fn packed_genotypes_have_the_relationships_of_their_dosages() {
    for dosages in awkward() {
        everywhere(|place| {
            let samples = Some(dosages.ncols());
            let options = Relationship { float: place.float, samples, ..Relationship::default() };
            let grm = grm_vanraden(packed(dosages.view()), options)?;
            close("grm", place, &grm, &host::grm(dosages.view(), dosages.ncols()), place.relationship);
            Ok(())
        });
    }
}

/// 200 variants of which the first and every tenth lie elsewhere than on an autosome.
fn with_other_chromosomes() -> Dataset {
    let mut dataset = Simulation { missing: 0.1, ..Simulation::new(200, 30) }.dataset().unwrap();
    for (row, variant) in dataset.variants.iter_mut().enumerate().filter(|(row, _)| row % 10 == 0) {
        variant.chromosome = Chromosome::new(["X", "Y", "XY", "MT", "0", "contig"][row / 10 % 6]);
    }
    dataset
}

/// On X, Y and MT not everybody has two copies.
#[test]
fn relationships_are_over_autosomes() {
    let dataset = with_other_chromosomes();
    let all = dataset.genotypes.to_dosages();
    let autosomes: Vec<usize> = (0..200).filter(|row| row % 10 != 0).collect();
    let kept = all.select(Axis(0), &autosomes);
    everywhere(|place| {
        let analysis = run_analysis(&dataset, place.float, |_| ()).unwrap();
        assert_eq!((analysis.grm_variants, analysis.call_rate.len()), (180, 200));
        close("grm", place, &analysis.grm, &host::grm(kept.view(), 30), place.relationship);
        let options = AnalysisOptions { float: place.float, all_chromosomes: true };
        let analysis = run_analysis(&dataset, options, |_| ()).unwrap();
        assert_eq!(analysis.grm_variants, 200);
        close("grm of all", place, &analysis.grm, &host::grm(all.view(), 30), place.relationship);
        Ok(())
    });
    let mut none = dataset;
    none.variants.iter_mut().for_each(|variant| variant.chromosome = Chromosome::new("X"));
    everywhere(|place| {
        let analysis = run_analysis(&none, place.float, |_| ()).unwrap();
        assert_eq!(analysis.grm_variants, 0);
        assert!(to_f64(&analysis.grm)?.iter().all(|g| g.is_nan()));
        Ok(())
    });
}

#[test]
fn an_analysis_counts_genotypes_once() {
    let dataset = Simulation::new(300, 100).dataset().unwrap();
    everywhere(|place| {
        let (analysis, trace) = explain(|| run_analysis(&dataset, place.float, |_| ()));
        let stats = analysis.unwrap().variant_counts;
        assert_eq!(counts(&stats), host::variant_counts(dataset.genotypes.to_dosages().view()));
        let passes = trace.to_string().matches("numpy.sk_allel.variant_stats(").count();
        assert_eq!(passes, 1, "{trace}");
        Ok(())
    });
}

/// 129 MiB packed, more than one binding of most adapters. The rows repeat, and so do the counts; only the first and the
/// last variants are autosomal, or the relationships would take long.
#[test]
fn genotypes_of_more_than_one_binding_are_analysed() {
    let (period, samples, ends) = (64, 1024, 3000);
    let pattern = Simulation { missing: 0.1, ..Simulation::new(period, samples) }.dataset().unwrap();
    let variants = 129 * (1 << 20) / (samples / 4);
    let mut genotypes = PackedGenotypes::with_capacity(variants, samples);
    let mut listed = Vec::with_capacity(variants);
    for row in 0..variants {
        genotypes.push_row(&pattern.genotypes.bed_row(row % period));
        let mut variant = pattern.variants[row % period].clone();
        let autosomal = row < ends || variants - row <= ends;
        variant.chromosome = Chromosome::new(if autosomal { "1" } else { "X" });
        listed.push(variant);
    }
    let dataset = Dataset { variants: listed, samples: pattern.samples, genotypes };
    let dosages = pattern.genotypes.to_dosages();
    let rows = |n: usize| (0..n).map(|row| row % period).collect::<Vec<_>>();
    let expected = host::variant_counts(dosages.view()).select(Axis(0), &rows(variants));
    let het_exp = host::het_exp(dosages.view()).select(Axis(0), &rows(variants));
    let near = [rows(ends), rows(variants).split_off(variants - ends)].concat();
    at(&PLACES[1..2], |place| {
        let analysis = run_analysis(&dataset, place.float, |_| ()).unwrap();
        assert!(counts(&analysis.variant_counts) == expected, "the counts differ");
        close("het_exp", place, &analysis.het_exp, &het_exp, place.ratio);
        assert_eq!(analysis.grm_variants, 2 * ends);
        let leading = analysis.grm.slice(s![..20, ..20])?;
        let dosages = dosages.select(Axis(0), &near);
        close("grm", place, &leading, &host::grm(dosages.view(), 20), place.relationship);
        Ok(())
    });
}

/// What came of each candidate of the outermost call of `variant_stats`.
fn fate(backend: &'static str, genotypes: &Array) -> Outcome {
    let (result, trace) = explain(|| {
        with_backend(backend, Options::COERCE, || variant_stats(genotypes).map(|a| a.eval().map(drop)))
    });
    result.unwrap().unwrap();
    let outermost = trace.records.into_iter().filter(|record| record.depth == 1);
    let mut considered = outermost.filter_map(|record| match record.event {
        Event::Considered { outcome, .. } => Some(outcome),
        _ => None,
    });
    considered.next().expect("one candidate at least was asked")
}

#[test]
fn the_gpu_counts_packed_genotypes_with_its_own_kernel() {
    let dosages = Array::from(&awkward()[2]);
    let packed = packed(awkward()[2].view());
    assert!(matches!(fate("gpu", &packed), Outcome::Ran), "{:?}", fate("gpu", &packed));
    let declined = fate("gpu", &dosages);
    assert!(matches!(&declined, Outcome::RanDefault(Some(why)) if why.contains("packed")), "{declined:?}");
    assert!(matches!(fate("cpu", &packed), Outcome::RanDefault(None)), "{:?}", fate("cpu", &packed));
}

/// Packed genotypes are copied to the device once, for all steps of an analysis.
#[test]
fn an_analysis_uploads_its_genotypes_once() {
    let dataset = Simulation::new(300, 100).dataset().unwrap();
    let bytes = 4 * dataset.genotypes.words().len() as u64;
    // The sixteen divisors of the unpacking are on the device from the first time on, whichever test that is in.
    let first = Simulation::new(1, 1).dataset().unwrap();
    with_backend("gpu", Options::COERCE, || run_analysis(&first, (), |_| ()).map(drop)).unwrap();
    let (analysis, trace) =
        explain(|| with_backend("gpu", Options::COERCE, || run_analysis(&dataset, (), |_| ()).unwrap()));
    assert_eq!(analysis.grm.residency().name(), "gpu:0");
    // Besides the genotypes nothing goes up, and nothing comes back.
    assert_eq!(trace.counters["bytes copied"], bytes, "{trace}");
    assert_eq!(trace.counters["copies between residencies"], 1, "{trace}");
}

#[test]
fn what_is_no_genotypes_is_an_error() {
    everywhere(|_| {
        let message = variant_stats(Array::from(Array2::<f64>::zeros((2, 3)))).unwrap_err().to_string();
        assert!(message.contains("float64[2, 3]") && message.contains("uint32"), "{message}");
        let message = count_alleles(Array::from(Array3::<i8>::zeros((2, 3, 2)))).unwrap_err().to_string();
        assert!(message.contains("[2, 3, 2]") && message.contains("two axes"), "{message}");
        let packed = Array::from(Array2::<u32>::zeros((2, 3)));
        let message = unpack_dosages(&packed, 49usize).unwrap_err().to_string();
        assert!(message.contains("at most 48"), "{message}");
        let message = heterozygosity_observed(&packed, DType::I32).unwrap_err().to_string();
        assert!(message.contains("int32") && message.contains("float32 or float64"), "{message}");
        let message = grm_vanraden(&packed, ()).unwrap_err().to_string();
        assert!(message.contains("unpack_dosages"), "{message}");
        let message =
            unpack_dosages(Array::from(Array2::<i8>::zeros((2, 3))), 3usize).unwrap_err().to_string();
        assert!(message.contains("dosages already"), "{message}");
        Ok(())
    });
}

/// Needs the reference data.
mod with_reference_data {
    use super::*;
    use crate::support::{data_dir, hapmap_autosomes, reference};
    use ndarray::{Ix1, Ix2};
    use polyarray_genetics::plink::{self, PlinkPaths, ReadOptions};

    #[test]
    fn hapmap_on_every_backend() {
        let dataset = hapmap_autosomes();
        at(&PLACES[..2], |place| {
            let Analysis { allele_counts, variant_counts, call_rate, het_obs, het_exp, grm, .. } =
                run_analysis(&dataset, place.float, |_| ())
                    .unwrap_or_else(|error| panic!("{}: {error}", place.backend));
            assert_eq!(counts(&allele_counts), reference::<i32, Ix2>("hm3_ac"));
            assert_eq!(counts(&variant_counts), reference::<i32, Ix2>("hm3_variant_counts"));
            let reference = |name| reference::<f64, Ix1>(name);
            close("call_rate", place, &call_rate, &reference("hm3_call_rate"), place.ratio);
            close("het_obs", place, &het_obs, &reference("hm3_het_obs"), place.ratio);
            close("het_exp", place, &het_exp, &reference("hm3_het_exp"), place.ratio);
            assert_eq!(grm.shape(), [957, 957]);
            assert_eq!(grm.dtype(), place.float.0.unwrap_or(DType::F64));
            let leading = grm.slice(s![..200, ..200])?;
            close(
                "grm",
                place,
                &leading,
                &crate::support::reference::<f64, Ix2>("hm3_grm_skipna"),
                place.relationship,
            );
            Ok(())
        });
    }

    /// rrBLUP, whose matrix this is, puts the mean where a call is missing.
    #[test]
    fn few_common_calls_or_none() {
        for case in
            ["33_grm_sample_never_called", "34_grm_pair_without_common_variant", "35_grm_95_percent_missing"]
        {
            let paths = PlinkPaths::find(data_dir().join("cases").join(case)).unwrap();
            let dosages = plink::read(&paths, ReadOptions::default()).unwrap().genotypes.to_dosages();
            let expected = host::grm(dosages.view(), dosages.ncols());
            assert_eq!(expected.iter().any(|g| g.is_nan()), !case.starts_with("35"), "{case}");
            let host_f32 = Place { backend: "cpu", float: Float(Some(DType::F32)), ..PLACES[1] };
            for places in [&PLACES[..], &[host_f32]] {
                at(places, |place| {
                    let grm = grm_vanraden(Array::from(&dosages), place.float)?;
                    close(case, place, &grm, &expected, place.relationship);
                    Ok(())
                });
            }
        }
    }

    #[test]
    fn pine_on_every_backend() {
        let dosages: Array2<i8> = reference("pine_gn");
        let expected: Array2<f64> = reference("pine_grm");
        everywhere(|place| {
            let grm = grm_vanraden(Array::from(&dosages), imputed(place.float))?;
            close("grm", place, &grm, &expected, place.relationship);
            Ok(())
        });
    }
}

#[test]
fn an_analysis_of_an_array_is_that_of_its_data_set() {
    let dataset = Simulation { missing: 0.1, ..Simulation::new(120, 33) }.dataset().unwrap();
    everywhere(|place| {
        let options = AnalysisOptions { float: place.float, all_chromosomes: true };
        let whole = run_analysis(&dataset, options, |_| {}).unwrap();
        let home = whole.grm.residency().name();
        let dosages = Array::from(dataset.genotypes.to_dosages()).to(home)?;
        let steps = std::cell::RefCell::new(Vec::new());
        let of_array =
            analyse(&dosages, 33, None, place.float, |step| steps.borrow_mut().push(step)).unwrap();
        assert_eq!(steps.into_inner(), whole.steps.iter().map(|step| step.name).collect::<Vec<_>>());
        assert_eq!((of_array.grm_variants, of_array.grm.residency()), (120, whole.grm.residency()));
        assert_eq!(counts(&of_array.variant_counts), counts(&whole.variant_counts));
        let grm = to_f64(&whole.grm)?.into_dimensionality::<ndarray::Ix2>().unwrap();
        close("relationships", place, &of_array.grm, &grm, place.relationship);
        let packed = Array::try_from(&dataset.genotypes)?.to(home)?;
        let some = analyse(&packed, 33, Some(&[3, 4, 90]), place.float, |_| {}).unwrap();
        assert_eq!(some.grm_variants, 3);
        Ok(())
    });
}
