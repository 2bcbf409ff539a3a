//! PLINK files good and bad: what is read, and what is said when something is wrong.

use std::fs;
use std::path::Path;

use ndarray::array;
use polyarray_genetics::plink::{self, Dataset, PlinkPaths, ReadOptions};
use polyarray_genetics::simulate::Simulation;
use polyarray_genetics::{Error, PackedGenotypes, StagedFiles};
use tempfile::TempDir;

/// Three samples, two variants, every code: the format page's order of bits, written out by hand.
const BED: [u8; 5] = [0x6c, 0x1b, 0x01, 0b00_10_01_00, 0b00_00_11_10];
const BIM: &str = "1\trs1\t0\t100\tA\tG\nX rs2 0.5 200 C T\n";
const FAM: &str = "f a 0 0 1 -9\nf b 0 0 2 1\nf c 0 0 0 2\n";

fn written(bed: &[u8], bim: &str, fam: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("t.bed"), bed).unwrap();
    fs::write(directory.path().join("t.bim"), bim).unwrap();
    fs::write(directory.path().join("t.fam"), fam).unwrap();
    directory
}

fn read(data: &Path) -> Result<Dataset, Error> {
    plink::read(&PlinkPaths::find(data)?, ReadOptions::default())
}

/// The message for these three files.
fn complaint(bed: &[u8], bim: &str, fam: &str) -> String {
    let directory = written(bed, bim, fam);
    read(directory.path()).unwrap_err().to_string()
}

#[test]
fn every_code_is_decoded() {
    let directory = written(&BED, BIM, FAM);
    let dataset = read(&directory.path().join("t")).unwrap();
    assert_eq!(dataset.genotypes.to_dosages(), array![[2i8, -1, 1], [1, 0, 2]]);
    assert_eq!(dataset.variants[1].chromosome.to_string(), "X");
    assert_eq!((&*dataset.variants[0].a1, dataset.variants[1].position), ("A", 200));
    assert_eq!(&*dataset.samples[2].id, "c");
}

#[test]
fn any_name_of_the_data_set_finds_it() {
    let directory = written(&BED, BIM, FAM);
    let expected = PlinkPaths::from_prefix(directory.path().join("t"));
    for name in ["t", "t.bed", "t.bim", "t.fam", ""] {
        assert_eq!(PlinkPaths::find(directory.path().join(name)).unwrap(), expected, "{name}");
    }
    let dotted = PlinkPaths::from_prefix("study.v2");
    assert_eq!(dotted.bim(), Path::new("study.v2.bim"));
}

#[test]
fn a_missing_file_is_named() {
    for name in ["bed", "bim", "fam"] {
        let directory = written(&BED, BIM, FAM);
        fs::remove_file(directory.path().join("t").with_extension(name)).unwrap();
        let message = read(&directory.path().join("t")).unwrap_err().to_string();
        assert!(message.starts_with(&format!("the .{name} file")), "{message}");
        assert!(message.contains(&format!("t.{name} does not exist")), "{message}");
    }
}

#[test]
fn a_directory_must_hold_one_data_set() {
    let directory = written(&BED, BIM, FAM);
    fs::write(directory.path().join("u.bed"), BED).unwrap();
    let error = read(directory.path()).unwrap_err();
    assert!(matches!(&error, Error::NotOneDataSet { found, .. } if found.len() == 2), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let message = read(empty.path()).unwrap_err().to_string();
    assert!(message.contains("no .bed file"), "{message}");
}

#[test]
fn a_foreign_or_damaged_bed_says_what_it_is() {
    let says = |bed: &[u8], part: &str| {
        let message = complaint(bed, BIM, FAM);
        assert!(message.contains("t.bed") && message.contains(part), "{message}");
    };
    says(b"##fileformat=VCFv4.2", "not a PLINK 1 .bed file: it begins with [23, 23, 66]");
    says(&[0x6c, 0x1b, 0x00, 1, 2], "sample-major");
    says(&[0x6c, 0x1b, 0x07, 1, 2], "third byte is 07");
    says(&[0x6c, 0x1b], "is truncated: 2 variants (.bim) of 3 samples (.fam) need 5 bytes, it has 2");
    says(&[], "is empty");
    says(&BED[..4], "disagrees with its .bim and .fam: 2 variants of 3 samples need 5 bytes, it has 4");
    says(&[0x6c, 0x1b, 0x01, 1, 2, 3], "need 5 bytes, it has 6");
}

#[test]
fn a_bed_cut_inside_a_row_is_truncated() {
    let fam: String = (0..9).map(|i| format!("f s{i} 0 0 0 0\n")).collect();
    let message = complaint(&[0x6c, 0x1b, 0x01, 1, 2, 3, 4, 5], BIM, &fam);
    assert!(message.contains("is truncated") && message.contains("need 9 bytes, it has 8"), "{message}");
}

#[test]
fn a_bim_that_disagrees_is_told_with_both_numbers() {
    let message = complaint(&BED, "1 rs1 0 100 A G\n", FAM);
    assert!(message.contains("1 variants of 3 samples need 4 bytes, it has 5"), "{message}");
}

#[test]
fn a_malformed_line_is_named_by_number() {
    let bim = |line: &str| complaint(&BED, &format!("1 rs1 0 100 A G\n{line}\n"), FAM);
    let message = bim("1 rs2 0 200 A");
    assert!(message.contains("t.bim, line 2: it has 5 columns, expected 6 (chromosome, "), "{message}");
    let message = bim("1 rs2 0 200 A G T");
    assert!(message.contains("line 2: it has 7 columns"), "{message}");
    let message = bim("1 rs2 0 2x0 A G");
    assert!(message.contains("line 2: the position is `2x0`, expected a number"), "{message}");
    let message = complaint(&BED, BIM, "f a 0 0 1 -9\n\nf c 0 0 0 2\n");
    assert!(message.contains("t.fam, line 2: it is blank, but line 3 is not"), "{message}");
}

/// As PLINK 2 writes them, and as files are joined by hand.
#[test]
fn a_header_is_no_record() {
    let names = |dataset: &Dataset| dataset.samples.iter().map(|s| s.id.to_string()).collect::<Vec<_>>();
    for header in [
        "#FID\tIID\tPAT\tMAT\tSEX\tPHENO1",
        "FID IID PAT MAT SEX PHENOTYPE",
        "##note\n#FID IID PAT MAT SEX X",
    ] {
        let directory = written(&BED, BIM, &format!("{header}\n{FAM}"));
        assert_eq!(names(&read(directory.path()).unwrap()), ["a", "b", "c"], "{header}");
    }
    for header in ["#CHROM ID CM POS ALT REF", "CHR SNP CM BP A1 A2"] {
        let directory = written(&BED, &format!("{header}\n{BIM}"), FAM);
        assert_eq!(read(directory.path()).unwrap().variants.len(), 2, "{header}");
    }
    // Columns in another order would be read amiss.
    let message = complaint(&BED, BIM, &format!("#FID IID SEX PAT MAT PHENO1\n{FAM}"));
    assert!(message.contains("line 1: its header names the columns FID, IID, SEX"), "{message}");
    assert!(message.contains("expected family, sample, father"), "{message}");
    let message = complaint(&BED, BIM, &format!("#IID SID PAT MAT SEX\n{FAM}"));
    assert!(message.contains("line 1: its header names"), "{message}");
    let message = complaint(&BED, &format!("#CHROM POS ID REF ALT CM\n{BIM}"), FAM);
    assert!(message.contains("t.bim, line 1: its header names"), "{message}");
    let message = complaint(&BED, BIM, "f a 0 0 1 -9\n#FID IID PAT MAT SEX P\nf c 0 0 0 2\n");
    assert!(message.contains("line 2: it begins with `#FID`: a header is the first line"), "{message}");
    let message = complaint(&BED, BIM, "#FID IID PAT MAT SEX P\n");
    assert!(message.contains("t.fam is empty"), "{message}");
}

#[test]
fn a_variant_at_a_negative_position_is_ignored() {
    let bim = "1 rs1 0 -5 A G\nX rs2 0.5 0 C T\n";
    let directory = written(&BED, bim, FAM);
    let dataset = read(directory.path()).unwrap();
    assert_eq!(dataset.genotypes.to_dosages(), array![[1i8, 0, 2]]);
    assert_eq!(&*dataset.variants[0].id, "rs2");
    let message = complaint(&BED, "1 rs1 0 -5 A G\n1 rs2 0 -1 C T\n", FAM);
    assert!(message.contains("no variants at a position that is not negative"), "{message}");
    let paths = PlinkPaths::find(directory.path()).unwrap();
    let one = "1".parse().unwrap();
    plink::read(&paths, ReadOptions { chromosomes: Some(&one), progress: None }).unwrap_err();
}

/// Editors begin a file with this mark; it is no part of the first chromosome's name.
#[test]
fn a_byte_order_mark_is_no_text() {
    let directory = written(&BED, &format!("\u{feff}{BIM}"), &format!("\u{feff}{FAM}"));
    let dataset = read(directory.path()).unwrap();
    assert_eq!(dataset.variants[0].chromosome.to_string(), "1");
    assert_eq!(&*dataset.samples[0].family, "f");
}

#[test]
fn a_folder_where_a_file_belongs_is_not_called_missing() {
    for name in ["bed", "bim", "fam"] {
        let directory = written(&BED, BIM, FAM);
        let path = directory.path().join("t").with_extension(name);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let message = read(&directory.path().join("t")).unwrap_err().to_string();
        assert!(message.contains(&format!("t.{name}: it is no regular file")), "{message}");
    }
}

#[test]
fn binary_where_text_belongs_is_an_error() {
    let directory = written(&BED, BIM, FAM);
    fs::write(directory.path().join("t.fam"), [0xff, 0xfe, 0x00]).unwrap();
    let message = read(directory.path()).unwrap_err().to_string();
    assert!(message.contains("line 1: it is not UTF-8 text"), "{message}");
}

#[test]
fn empty_tables_are_errors() {
    assert!(complaint(&BED, "", FAM).contains("t.bim is empty: it lists no variants"));
    assert!(complaint(&BED, BIM, "\n\n").contains("t.fam is empty: it lists no samples"));
}

#[test]
fn chromosomes_are_selected_in_file_order() {
    let directory = written(&BED, BIM, FAM);
    let paths = PlinkPaths::find(directory.path()).unwrap();
    let mut reported = Vec::new();
    let mut progress = |done, total| reported.push((done, total));
    let x = "X".parse().unwrap();
    let options = ReadOptions { chromosomes: Some(&x), progress: Some(&mut progress) };
    let dataset = plink::read(&paths, options).unwrap();
    assert_eq!(dataset.genotypes.to_dosages(), array![[1i8, 0, 2]]);
    assert_eq!(dataset.variants.len(), 1);
    assert_eq!(reported.last(), Some(&(2, 2)));

    let none = "2-22".parse().unwrap();
    let error = plink::read(&paths, ReadOptions { chromosomes: Some(&none), progress: None }).unwrap_err();
    assert!(
        error.to_string().contains("chromosomes 2-22") && error.to_string().ends_with("has 1, X"),
        "{error}"
    );
}

#[test]
fn what_is_written_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    for samples in [1, 4, 17] {
        let simulated = Simulation { missing: 0.2, ..Simulation::new(40, samples) };
        let paths = PlinkPaths::from_prefix(directory.path().join(format!("sim{samples}")));
        simulated.write(&paths, StagedFiles::new(), |_| Ok(())).unwrap();
        let dataset = plink::read(&paths, ReadOptions::default()).unwrap();
        let expected = simulated.dataset().unwrap();
        assert_eq!(dataset.genotypes, expected.genotypes);
        assert_eq!(dataset.variants, expected.variants);
        assert_eq!(dataset.samples, expected.samples);

        let again = PlinkPaths::from_prefix(directory.path().join(format!("again{samples}")));
        plink::write(&again, &dataset, StagedFiles::new()).unwrap();
        for (ours, theirs) in
            [(again.bed(), paths.bed()), (again.bim(), paths.bim()), (again.fam(), paths.fam())]
        {
            assert_eq!(fs::read(ours).unwrap(), fs::read(theirs).unwrap());
        }
    }
}

#[test]
fn a_simulation_that_ends_early_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let paths = PlinkPaths::from_prefix(directory.path().join("sim"));
    let stop = |done| match done {
        3 => Err(Error::Empty { path: "cancelled".into(), what: "more" }),
        _ => Ok(()),
    };
    Simulation::new(10, 10).write(&paths, StagedFiles::new(), stop).unwrap_err();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn an_existing_data_set_is_replaced_only_on_request() {
    let directory = written(&BED, BIM, FAM);
    let paths = PlinkPaths::find(directory.path()).unwrap();
    let simulation = Simulation::new(5, 5);
    let error = simulation.write(&paths, StagedFiles::new(), |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(fs::read(paths.bed()).unwrap(), BED);
    simulation.write(&paths, StagedFiles::replacing(), |_| Ok(())).unwrap();
    assert_eq!(plink::read(&paths, ReadOptions::default()).unwrap().samples.len(), 5);
}

/// Needs the reference data.
mod with_reference_data {
    use super::*;
    use crate::support::{data_dir, hapmap_autosomes, reference};
    use ndarray::{Array1, Array2};

    #[test]
    fn hapmap_is_read_to_the_bit_and_written_back() {
        let paths = PlinkPaths::find(data_dir().join("hapmap3")).unwrap();
        let dataset = plink::read(&paths, ReadOptions::default()).unwrap();
        assert_eq!((dataset.variants.len(), dataset.samples.len()), (14_389, 957));
        let directory = tempfile::tempdir().unwrap();
        let again = PlinkPaths::from_prefix(directory.path().join("again"));
        plink::write(&again, &dataset, StagedFiles::new()).unwrap();
        assert!(fs::read(again.bed()).unwrap() == fs::read(paths.bed()).unwrap(), "the .bed differs");
    }

    #[test]
    fn odd_files_are_read_as_plink_reads_them() {
        let case = |name: &str| read(&data_dir().join("cases").join(name)).unwrap();
        let header = case("26c_fam_header");
        let names: Vec<&str> = header.samples.iter().map(|sample| &*sample.id).collect();
        assert_eq!(names, ["S1", "S2", "S3", "S4", "S5", "S6", "S7"]);
        let negative = case("22_negative_positions");
        assert_eq!((negative.variants.len(), negative.genotypes.variants()), (9, 9));
        assert!(negative.variants.iter().all(|variant| variant.position >= 0));
    }

    #[test]
    fn the_autosomes_are_those_of_the_reference() {
        let dataset = hapmap_autosomes();
        let chromosomes: Array1<i8> = reference("hm3_chrom");
        let positions: Array1<i32> = reference("hm3_pos");
        assert_eq!(dataset.variants.len(), positions.len());
        for (variant, (chromosome, position)) in
            dataset.variants.iter().zip(chromosomes.iter().zip(&positions))
        {
            assert_eq!(variant.chromosome.to_string(), chromosome.to_string());
            assert_eq!(variant.position, i64::from(*position));
        }
    }

    #[test]
    fn pine_genotypes_survive_packing() {
        let dosages: Array2<i8> = reference("pine_gn");
        let packed = PackedGenotypes::from_dosages(dosages.view()).unwrap();
        assert_eq!(packed.to_dosages(), dosages);
    }
}
