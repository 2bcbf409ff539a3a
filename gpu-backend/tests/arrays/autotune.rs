//! Shapes of products by measuring: what is measured, what is kept, and that results stay the same.

use std::path::Path;

use polyarray_core::array::{ArrayBackend, HostBuffer, Operand};
use polyarray_core::dispatch::trace::explain;
use polyarray_core::expr::{Dims, Epilogue, Instr, Kernel, Layout, Op, Output, Value};
use polyarray_core::{DType, Error, numpy as np};
use polyarray_gpu::{AUTOTUNE_SMALLEST, AUTOTUNE_VARIABLE, Autotune, Gpu, GpuBackend, LaneMap, Terms};

use crate::{POISON, Random};

/// The side of a product that is just large enough.
const SIDE: usize = 256;

/// A device of its own, with tiles to choose from on every adapter.
fn backend() -> GpuBackend {
    let (adapter, _) = polyarray_gpu::adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
    let mut profile = adapter.profile.clone();
    (profile.lane_map, profile.workgroup, profile.windows) = (LaneMap::Coalesced, 64, 0);
    profile.windowed_loads = false;
    let gpu = Gpu::open_as(adapter, profile).unwrap_or_else(|error| panic!("{error}"));
    gpu.set_poison(Some(POISON));
    GpuBackend::over(0, gpu)
}

/// A product of squares, and how many kernels ran for it.
struct Squares {
    operands: [Operand; 2],
    spec: np::Matmul,
}

impl Squares {
    fn new(backend: &GpuBackend, side: usize) -> Squares {
        let mut random = Random(7);
        let operands = [(); 2].map(|()| {
            let data = (0..side * side).map(|_| (random.bits() >> 40) as f32 / 1e7 - 0.8).collect::<Vec<_>>();
            let buffer = backend.upload(&HostBuffer::from_vec(data)).unwrap();
            Operand { buffer, layout: Layout::dense(&[side, side]) }
        });
        let (dtype, batch) = (DType::F32, Dims::new());
        Squares {
            operands,
            spec: np::Matmul {
                batch,
                m: side,
                k: side,
                n: side,
                dtype,
                out: dtype,
                terms: np::Terms::Products,
            },
        }
    }

    fn run(&self, backend: &GpuBackend) -> (Vec<u32>, u64) {
        let before = backend.device().dispatches();
        let out = backend.matmul(&self.operands[0], &self.operands[1], &self.spec, Terms::Products).unwrap();
        let ran = backend.device().dispatches() - before;
        let values = backend.download(&*out).unwrap().into_vec::<f32>().unwrap();
        (values.into_iter().map(f32::to_bits).collect(), ran)
    }
}

/// A product under a setting, on a device of its own: its bits, and the kernels that ran.
fn product(side: usize, setting: Autotune) -> (Vec<u32>, u64) {
    let backend = backend();
    backend.set_autotune(setting);
    Squares::new(&backend, side).run(&backend)
}

fn kept(folder: &Path) -> Autotune {
    Autotune::Kept(folder.to_owned())
}

/// The one file of the folder.
fn file(folder: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn nothing_is_measured_unless_asked_for() {
    let backend = backend();
    let squares = Squares::new(&backend, SIDE);
    let kernels = backend.device().kernels();
    let (first, ran) = squares.run(&backend);
    assert_eq!((ran, backend.device().kernels()), (1, kernels + 1), "the rule's, and no other");
    assert_eq!(squares.run(&backend), (first, 1));
    assert_eq!(backend.device().kernels(), kernels + 1);
    let (_, how) = explain(|| squares.run(&backend));
    assert!(!how.to_string().contains("measured"), "{how}");
}

#[test]
fn what_was_measured_is_kept_and_read_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (wanted, _) = product(SIDE, Autotune::Off);

    let first = backend();
    first.set_autotune(kept(folder.path()));
    let squares = Squares::new(&first, SIDE);
    let ((bits, ran), how) = explain(|| squares.run(&first));
    assert!(bits == wanted, "measuring changes no bit");
    assert!(ran > 4, "two shapes, at least two times each: {ran}");
    assert!(how.to_string().contains("the fastest measured"), "{how}");
    assert_eq!(squares.run(&first), (bits, 1), "once");

    let text = std::fs::read_to_string(file(folder.path())).unwrap();
    for part in ["float32 products, 2^8 x 2^8 x 2^8", "tiles of 4 rows", "tiles of 8 rows", "polyarray-gpu"] {
        assert!(text.contains(part), "{text}");
    }
    let (bits, ran) = product(SIDE, kept(folder.path()));
    assert_eq!((bits == wanted, ran), (true, 1), "what was kept is taken as it is");

    // Whichever it is: the file says so.
    let [slow, fast] = ["tiles of 4 rows, 16 lanes wide", "tiles of 8 rows, 16 lanes wide"];
    for (from, to) in [(slow, fast), (fast, slow)] {
        let turned = text.replace(&format!("\"shape\": \"{from}\""), &format!("\"shape\": \"{to}\""));
        std::fs::write(file(folder.path()), turned).unwrap();
        let backend = backend();
        backend.set_autotune(kept(folder.path()));
        let squares = Squares::new(&backend, SIDE);
        let ((bits, ran), how) = explain(|| squares.run(&backend));
        assert_eq!((bits == wanted, ran), (true, 1));
        assert!(how.to_string().contains(to), "{how}");
    }
}

#[test]
fn products_that_go_on_with_their_elements_are_measured_without() {
    let negative = Epilogue {
        kernel: Kernel {
            dims: Dims::from_slice(&[SIDE, SIDE]),
            inputs: vec![],
            params: vec![],
            code: vec![
                Value { instr: Instr::Load(0), dtype: DType::F32 },
                Value { instr: Instr::Map(Op::Negative, [0, 0, 0]), dtype: DType::F32 },
            ],
            output: Output::Map,
        },
        dtype: DType::F32,
    };
    let (wanted, _) = product(SIDE, Autotune::Off);
    let backend = backend();
    backend.set_autotune(Autotune::Measured);
    let squares = Squares::new(&backend, SIDE);
    let [a, b] = &squares.operands;
    for times in [true, false] {
        let before = backend.device().dispatches();
        let out = backend.matmul_epilogue(a, b, &squares.spec, Terms::Products, &negative).unwrap();
        let ran = backend.device().dispatches() - before;
        assert_eq!(ran > 4, times, "{ran}");
        let values = backend.download(&*out.expect("one kernel")).unwrap().into_vec::<f32>().unwrap();
        assert!(values.iter().map(|x| (-x).to_bits()).eq(wanted.iter().copied()));
    }
    assert_eq!(squares.run(&backend), (wanted, 1), "what was chosen holds for the product alone");
}

#[test]
fn what_is_damaged_or_of_others_is_measured_again() {
    let folder = tempfile::tempdir().unwrap();
    let (wanted, _) = product(SIDE, kept(folder.path()));
    let path = file(folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let damaged = [
        text[..text.len() / 2].to_owned(),
        String::new(),
        "[1, 2]".to_owned(),
        // Another version, other hardware: names of files are hashes, the identity inside counts.
        text.replace("polyarray-gpu ", "polyarray-gpu 9"),
        // No shape of that product.
        text.replace("\"shape\": \"tiles", "\"shape\": \"bricks"),
    ];
    for damaged in damaged {
        assert_ne!(damaged, text);
        std::fs::write(&path, &damaged).unwrap();
        let (bits, ran) = product(SIDE, kept(folder.path()));
        assert_eq!((bits == wanted, ran > 4), (true, true), "{damaged}");
        assert_eq!(product(SIDE, kept(folder.path())).1, 1, "and kept again");
    }
}

#[test]
fn another_device_has_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    product(SIDE, kept(folder.path()));
    let (adapter, _) = polyarray_gpu::adapters::chosen().unwrap();
    let mut profile = adapter.profile.clone();
    (profile.lane_map, profile.workgroup, profile.windows) = (LaneMap::Coalesced, 32, 0);
    profile.windowed_loads = false;
    let backend = GpuBackend::over(0, Gpu::open_as(adapter, profile).unwrap());
    backend.set_autotune(kept(folder.path()));
    let (_, ran) = Squares::new(&backend, SIDE).run(&backend);
    assert!(ran > 4, "{ran}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn small_products_are_never_measured() {
    let folder = tempfile::tempdir().unwrap();
    const { assert!(SIDE * SIDE * SIDE >= AUTOTUNE_SMALLEST) };
    assert_eq!(product(SIDE - 1, kept(folder.path())).1, 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn where_there_is_no_folder_each_process_measures() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for setting in [Autotune::Measured, kept(&file.path().join("below a file"))] {
        let backend = backend();
        backend.set_autotune(setting);
        let squares = Squares::new(&backend, SIDE);
        assert!(squares.run(&backend).1 > 4);
        assert_eq!(squares.run(&backend).1, 1);
        backend.set_autotune(Autotune::Off);
        assert_eq!(squares.run(&backend).1, 1);
    }
}

#[test]
fn what_cannot_be_measured_takes_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (wanted, _) = product(SIDE, Autotune::Off);
    let backend = backend();
    backend.set_autotune(kept(folder.path()));
    let squares = Squares::new(&backend, SIDE);
    backend.device().trim();
    // Room for one result, where measuring holds two.
    let gpu = backend.device();
    gpu.set_memory_limit(gpu.pool_stats().in_use + (SIDE * SIDE * 4) as u64);
    let (bits, _) = squares.run(&backend);
    assert!(bits == wanted);
    gpu.set_memory_limit(u64::MAX);
    assert_eq!(squares.run(&backend).1, 1, "not tried again");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and not kept");
}

#[test]
fn threads_do_not_measure_each_other() {
    let backend = backend();
    backend.set_autotune(Autotune::Measured);
    let squares = Squares::new(&backend, SIDE);
    let results = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| squares.run(&backend).0)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(squares.run(&backend).1, 1);
}

#[test]
fn the_variable() {
    let read = |value: Option<&str>| {
        Autotune::from_lookup(&|name: &str| {
            assert_eq!(name, AUTOTUNE_VARIABLE);
            value.map(str::to_owned)
        })
    };
    assert_eq!(read(None).unwrap(), Autotune::Off);
    assert_eq!(read(Some("0")).unwrap(), Autotune::Off);
    assert_eq!(read(Some(" 1 ")).unwrap(), Autotune::folder().map_or(Autotune::Measured, Autotune::Kept));
    let error = read(Some("yes")).unwrap_err();
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("yes") && said.contains(AUTOTUNE_VARIABLE) && said.contains("0, 1"), "{said}");
}
