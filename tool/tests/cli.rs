//! The tool, as a user runs it: good input and bad, on both backends, for people and for programs.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ndarray::{Array1, Array2};
use polyarray::Element;
use polyarray_genetics::npy;
use serde_json::Value;
use tempfile::TempDir;

/// Runs the tool in a folder of its own, without what the caller's environment may choose.
fn tool(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = common::polyarray();
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a run that succeeds.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = tool(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = done(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// The message of a run that fails with this exit code, the same for people and for programs.
fn refused(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = tool(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "an error is no result");
    let stderr = text(&output.stderr);
    let at = stderr.find("error: ").unwrap_or_else(|| panic!("no message: {stderr}"));
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr[at..].to_string()
}

/// A folder with a simulated data set `sim`.
fn simulated(size: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["genetics", "simulate", size, "--out", "sim", "--seed", "3"]);
    folder
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn result<T: Element, D: ndarray::Dimension>(folder: &Path, name: &str) -> ndarray::Array<T, D> {
    let array = npy::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    array.into_dimensionality().unwrap()
}

#[test]
fn devices_are_listed_with_what_they_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let document = json(folder.path(), &["devices"]);
    let devices = document["devices"].as_array().unwrap();
    assert_eq!(devices[0]["name"], "host");
    assert_eq!(devices[1]["name"], "gpu:0", "no adapter: apt-get install -y mesa-vulkan-drivers libvulkan1");
    assert!(devices[1]["limits"]["largest binding"].as_u64().unwrap() >= 128 << 20);
    assert!(devices[1]["probes"].as_array().unwrap().iter().any(|probe| probe["holds"] == true));
    assert!(document["gpu"]["why"].is_string());
    assert_eq!(document["default"], "host");
    let shown = done(folder.path(), &["devices", "--require", "gpu"]);
    assert!(shown.contains("dtypes: bool int8") && shown.contains("`gpu` means gpu:"), "{shown}");
    let message = refused(folder.path(), 4, &["devices", "--require", "gpu:77"]);
    assert!(message.contains("`gpu:77`") && message.contains("there are: host, gpu:0"), "{message}");
}

#[test]
fn methods_are_those_of_the_table_of_methods() {
    let folder = tempfile::tempdir().unwrap();
    let document = json(folder.path(), &["ops"]);
    let named = |row: &serde_json::Value| {
        format!("{}.{}", row["domain"].as_str().unwrap(), row["name"].as_str().unwrap())
    };
    let listed: Vec<String> = document["methods"].as_array().unwrap().iter().map(named).collect();
    // The tool links a domain more than this test does.
    for row in polyarray::backend::methods() {
        assert!(listed.contains(&row.to_string()), "{row} is missing");
    }
    assert!(listed.iter().any(|name| name.starts_with("numpy.sk_allel.")), "{listed:?}");
    let text = done(folder.path(), &["ops"]);
    assert!(text.contains("numpy.argmax") && text.contains("(x, over: Reduce)"), "{text}");
}

#[test]
fn a_simulation_is_a_data_set() {
    let folder = simulated("100x30");
    assert_eq!(names_in(folder.path()), ["sim.bed", "sim.bim", "sim.fam"]);
    assert_eq!(fs::metadata(folder.path().join("sim.bed")).unwrap().len(), 3 + 100 * 8);
    let message = refused(folder.path(), 2, &["genetics", "simulate", "10x10", "--out", "sim"]);
    assert!(message.contains("already exists"), "{message}");
    done(folder.path(), &["genetics", "simulate", "10x10", "--out", "sim", "--force"]);
    assert_eq!(fs::metadata(folder.path().join("sim.bed")).unwrap().len(), 3 + 10 * 3);
}

#[test]
fn impossible_simulations_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&["genetics", "simulate", "100by30"][..], "20000x400"),
        (&["genetics", "simulate", "0x30"], "variants is 0"),
        (&["genetics", "simulate", "3x3", "--missing", "2"], "missing is 2"),
    ] {
        let message = refused(folder.path(), 2, arguments);
        assert!(message.contains(part), "{message}");
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn a_run_writes_what_it_promises_on_every_backend() {
    let folder = simulated("300x40");
    for backend in ["cpu", "gpu"] {
        let document =
            json(folder.path(), &["genetics", "run", "sim", "--backend", backend, "--out", backend]);
        assert_eq!((&document["variants"], &document["samples"]), (&300.into(), &40.into()));
        let (place, float) = if backend == "cpu" { ("host", "float64") } else { ("gpu:0", "float32") };
        assert_eq!((&document["backend"], &document["float"]), (&place.into(), &float.into()));
        let moved: u64 = document["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["bytes_to_device"].as_u64().unwrap())
            .sum();
        assert_eq!(moved > 0, backend == "gpu", "{document:#}");

        let out = folder.path().join(backend);
        let expected = [
            "allele_counts.npy",
            "call_rate.npy",
            "grm.npy",
            "het_exp.npy",
            "het_obs.npy",
            "summary.json",
            "summary.txt",
            "variant_counts.npy",
        ];
        assert_eq!(names_in(&out), expected);
        let alleles: Array2<i32> = result(&out, "allele_counts.npy");
        let counts: Array2<i32> = result(&out, "variant_counts.npy");
        assert_eq!((alleles.dim(), counts.dim()), ((300, 2), (300, 4)));
        for (alleles, counts) in alleles.outer_iter().zip(counts.outer_iter()) {
            assert_eq!(counts[0], counts[1] + counts[2] + counts[3]);
            assert_eq!(alleles[0], 2 * counts[1] + counts[2]);
        }
        let rate: Array1<f64> = result(&out, "call_rate.npy");
        let observed: Array1<f64> = result(&out, "het_obs.npy");
        assert_eq!((rate.len(), observed.len()), (300, 300));
        assert_eq!(result::<f64, ndarray::Ix1>(&out, "het_exp.npy").len(), 300);
        assert_eq!(result::<f64, ndarray::Ix2>(&out, "grm.npy").dim(), (40, 40));
        let summary = fs::read_to_string(out.join("summary.txt")).unwrap();
        assert!(summary.contains("300 variants × 40 samples") && summary.contains("relationship matrix"));
        assert!(summary.contains("relationships over all 300 variants, which are autosomal"), "{summary}");
    }

    // Chromosome 1 becomes X: its 14 variants are described but enter no relationship.
    let bim = fs::read_to_string(folder.path().join("sim.bim")).unwrap();
    let renamed: String =
        bim.lines().map(|l| l.replacen("1\t", "X\t", usize::from(l.starts_with("1\t"))) + "\n").collect();
    fs::write(folder.path().join("sim.bim"), renamed).unwrap();
    let run = ["genetics", "run", "sim", "--backend", "cpu", "--out", "other"];
    let shown = done(folder.path(), &run);
    assert!(shown.contains("286 autosomal variants; 14 on other chromosomes are left out"), "{shown}");
    let all = [&run[..], &["--all-chromosomes"]].concat();
    assert_eq!(json(folder.path(), &all)["relationship_variants"], 300);

    let shown = done(folder.path(), &["genetics", "compare", "cpu", "gpu"]);
    assert!(shown.contains("the two runs agree") && shown.contains("relationship matrix"), "{shown}");
    let document = json(folder.path(), &["genetics", "compare", "cpu", "gpu"]);
    assert_eq!(document["files"][0]["largest_difference"], 0.0);

    // A result that is off is found.
    let mut grm: Array2<f64> = result(&folder.path().join("gpu"), "grm.npy");
    grm[[3, 4]] += 1e-3;
    npy::write(&mut fs::File::create(folder.path().join("gpu/grm.npy")).unwrap(), grm.view()).unwrap();
    let output = tool(folder.path(), &["genetics", "compare", "cpu", "gpu"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stdout).contains("DIFFERS"));
}

#[test]
fn a_run_explains_itself() {
    let folder = simulated("50x20");
    let shown = done(folder.path(), &["genetics", "run", "sim", "--backend", "gpu", "--explain"]);
    assert!(shown.contains("numpy.sk_allel.variant_stats(") && shown.contains("gpu"), "{shown}");
    let document = json(folder.path(), &["genetics", "run", "sim", "--backend", "cpu", "--explain"]);
    let lines = document["explain"].as_array().unwrap();
    assert!(lines.iter().any(|line| line.as_str().unwrap().contains("numpy.sk_allel.grm_vanraden(")));
}

#[test]
fn chromosomes_choose_variants() {
    let folder = simulated("220x10");
    let run =
        |list| json(folder.path(), &["genetics", "run", "sim", "--backend", "cpu", "--chromosomes", list]);
    assert_eq!(run("1-22")["variants"], 220);
    assert_eq!(run("1,3-4,22")["variants"], 40);
    let message =
        refused(folder.path(), 2, &["genetics", "run", "sim", "--chromosomes", "5-3", "--out", "none"]);
    assert!(message.contains("runs backwards"), "{message}");
    let message =
        refused(folder.path(), 3, &["genetics", "run", "sim", "--chromosomes", "X", "--out", "none"]);
    assert!(message.contains("no variant lies on chromosomes X"), "{message}");
    assert!(!folder.path().join("none").exists());
}

#[test]
fn bad_data_is_told_and_nothing_is_written() {
    for backend in ["cpu", "gpu"] {
        let run = |damage: &dyn Fn(&Path), part: &str| {
            let folder = simulated("100x30");
            damage(folder.path());
            let message = refused(
                folder.path(),
                3,
                &["genetics", "run", "sim", "--backend", backend, "--out", "results"],
            );
            assert!(message.contains(part), "{message}");
            assert!(!folder.path().join("results").exists(), "{:?}", names_in(folder.path()));
        };
        let rewrite = |folder: &Path, name: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = fs::read(folder.join(name)).unwrap();
            change(&mut bytes);
            fs::write(folder.join(name), bytes).unwrap();
        };
        run(
            &|f| fs::remove_file(f.join("sim.bim")).unwrap(),
            "the .bim file of this PLINK data set is missing",
        );
        run(&|f| rewrite(f, "sim.bed", &|b| b.truncate(700)), "is truncated: 100 variants");
        run(&|f| rewrite(f, "sim.bed", &|b| b[0] = b'P'), "is not a PLINK 1 .bed file");
        run(&|f| rewrite(f, "sim.bed", &|b| b[2] = 0), "sample-major");
        run(&|f| rewrite(f, "sim.bim", &|b| b.extend(b"1 x 0 1 A C\n")), "need 811 bytes, it has 803");
        run(&|f| rewrite(f, "sim.fam", &|b| b.extend(b"one two\n")), "sim.fam, line 31: it has 2 columns");
    }
}

#[test]
fn an_unknown_backend_or_place_is_told() {
    let folder = simulated("20x10");
    let message = refused(folder.path(), 4, &["genetics", "run", "sim", "--backend", "tpu"]);
    assert!(message.contains("tpu") && message.contains("cpu"), "{message}");
    let message = refused(folder.path(), 4, &["genetics", "run", "sim", "--backend", "gpu:9"]);
    assert!(message.contains("gpu:9") && message.contains("gpu:0"), "{message}");
    let message = refused(folder.path(), 3, &["genetics", "run", "nowhere"]);
    assert!(message.contains("nowhere.bed does not exist"), "{message}");
    fs::write(folder.path().join("taken"), "a file").unwrap();
    let message =
        refused(folder.path(), 1, &["genetics", "run", "sim", "--backend", "cpu", "--out", "taken"]);
    assert!(message.contains("cannot create the directory taken"), "{message}");
    let message = refused(folder.path(), 3, &["genetics", "compare", "taken", "sim"]);
    assert!(message.contains("is it the folder of a run?"), "{message}");
}

#[test]
fn an_environment_that_names_a_backend_is_obeyed() {
    let folder = simulated("20x10");
    let run = |name: &str, value: &str| {
        let mut command = common::polyarray();
        command.args(["genetics", "run", "sim", "--json"]).current_dir(folder.path());
        command.env("POLYARRAY_CACHE_DIR", folder.path().join("cache")).env(name, value);
        let output = command.output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), document)
    };
    // Data in host memory is copied, as with `--backend gpu`: nobody asks for a GPU to compute on the host.
    let (code, document) = run("POLYARRAY_BACKEND", "gpu");
    assert_eq!((code, &document["backend"]), (Some(0), &"gpu:0".into()), "{document:#}");
    assert_eq!(document["why"], "POLYARRAY_BACKEND=gpu");
    let (code, document) = run("POLYARRAY_BACKEND", "cpu");
    assert_eq!((code, &document["float"]), (Some(0), &"float64".into()), "{document:#}");
    let (code, document) = run("POLYARRAY_BACKEND", "auto");
    assert_eq!(code, Some(0), "{document:#}");
    for name in ["POLYARRAY_BACKEND", "POLYARRAY_BLOCK", "POLYARRAY_ADAPTER"] {
        let (code, document) = run(name, "abacus");
        let message = document["error"]["message"].as_str().unwrap_or("no message");
        assert_eq!(code, Some(4), "{document:#}");
        assert!(message.contains(name) && message.contains("abacus"), "{message}");
    }
}

#[test]
fn results_that_cannot_be_written_are_told_before_the_work() {
    let folder = simulated("20x10");
    let before = names_in(folder.path());
    for (out, part) in [("sim.bed", "cannot create the directory sim.bed"), ("sim.bed/a/b", "sim.bed/a/b")] {
        let message =
            refused(folder.path(), 1, &["genetics", "run", "sim", "--backend", "cpu", "--out", out]);
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(names_in(folder.path()), before);
    // Where one result can't take its name, none does: results of two runs are never mixed.
    done(folder.path(), &["genetics", "run", "sim", "--backend", "cpu", "--out", "results"]);
    done(folder.path(), &["genetics", "simulate", "30x10", "--out", "other"]);
    let results = folder.path().join("results");
    fs::remove_file(results.join("grm.npy")).unwrap();
    fs::create_dir(results.join("grm.npy")).unwrap();
    let message =
        refused(folder.path(), 1, &["genetics", "run", "other", "--backend", "cpu", "--out", "results"]);
    assert!(message.contains("grm.npy"), "{message}");
    assert_eq!(result::<i32, ndarray::Ix2>(&results, "allele_counts.npy").dim(), (20, 2));
}

/// Space runs out: what was written goes, and so do the folders made for it.
#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut limited = common::shell("ulimit -f 16; polyarray genetics simulate 2000x400 --out a/b/sim");
    let output = limited.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("cannot write a/b/sim"), "{}", text(&output.stderr));
    assert!(names_in(folder.path()).is_empty(), "{:?}", names_in(folder.path()));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt;
    use std::time::{Duration, Instant};
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = common::polyarray();
        command.args(["genetics", "simulate", "10000000x400", "--out", "new/sim"]).current_dir(folder.path());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while fs::read_dir(folder.path().join("new")).map_or(0, Iterator::count) < 3 {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing is being written");
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().signal(), Some(number), "the shell is to see the signal");
        assert!(names_in(folder.path()).is_empty(), "{:?}", names_in(folder.path()));
    }
}

/// Names are bytes; JSON is not. They are shown as well as they can be, and nothing panics.
#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_names() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&[u8]]| {
        let mut command = common::polyarray();
        command.args(arguments.iter().map(|argument| OsStr::from_bytes(argument)));
        let output = command.current_dir(folder.path()).output().unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout), text(&output.stderr))
    };
    for arguments in [
        &[&b"genetics"[..], b"simulate", b"30x10", b"--out", b"s\xff", b"--json"][..],
        &[b"genetics", b"run", b"s\xff", b"--backend", b"cpu", b"--out", b"r\xff", b"--json"],
    ] {
        let (code, document, stderr) = run(arguments);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(document.unwrap()["files"][0].as_str().unwrap().contains('\u{fffd}'));
    }
    let (code, document, stderr) = run(&[b"genetics", b"run", b"s", b"--chromosomes", b"\xff", b"--json"]);
    assert_eq!((code, &document.unwrap()["error"]["code"]), (Some(2), &2.into()), "{stderr}");
}

/// With both streams closed the exit code tells it alone.
#[cfg(target_os = "linux")]
#[test]
fn nobody_who_listens_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [("nowhere", 3), ("nowhere --json", 3)] {
        for full in [">/dev/full", "2>/dev/full"] {
            let line = format!("polyarray genetics run {arguments} {full}");
            let output = common::shell(&line).current_dir(folder.path()).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{line}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn a_prefix_is_taken_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let message = refused(folder.path(), 2, &["genetics", "simulate", "5x5", "--out", "somewhere/"]);
    assert!(message.contains("somewhere/") && message.contains("prefix"), "{message}");
    done(folder.path(), &["genetics", "simulate", "5x5", "--out", "sim.bed"]);
    assert_eq!(names_in(folder.path()), ["sim.bed", "sim.bim", "sim.fam"]);
}

#[test]
fn errors_are_json_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let output = tool(folder.path(), &["genetics", "run", "nowhere", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["code"], 3);
    assert!(document["error"]["message"].as_str().unwrap().contains("nowhere.bed"));
    assert_eq!(tool(folder.path(), &["genetics", "fly"]).status.code(), Some(2));
    let output = tool(folder.path(), &["genetics", "fly", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["error"]["code"]), (Some(2), &2.into()));
}

#[test]
fn an_environment_that_names_nothing_is_told() {
    let folder = simulated("20x10");
    let mut command = common::polyarray();
    command.args(["genetics", "run", "sim"]).current_dir(folder.path()).env("POLYARRAY_BACKEND", "abacus");
    let output = command.output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("abacus") && stderr.contains("POLYARRAY_BACKEND") && stderr.contains("cpu"),
        "{stderr}"
    );
}

#[test]
fn costs_are_measured_once_and_kept_for_the_same_hardware() {
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let mut child = common::polyarray();
        child.args(["auto", "--json"]).env("POLYARRAY_CACHE_DIR", folder.path());
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = run();
    let files = || {
        let folder = folder.path().join("polyarray").join("auto");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        files
    };
    let kept = files();
    assert_eq!(kept.len(), first["instances"].as_array().unwrap().len(), "one file for each instance");
    assert_eq!(run(), first, "nothing is measured again");
    // A debug build is many times slower on the host: what it measured would make a release build choose wrong.
    let build = if cfg!(debug_assertions) { "debug build" } else { "polyarray-cpu" };
    assert!(first["instances"][0]["costs"]["identity"].as_str().unwrap().contains(build), "{first:#}");
    // Of other hardware, or damaged: measured again.
    let text = fs::read_to_string(&kept[0]).unwrap();
    fs::write(&kept[0], text.replacen("\"identity\": \"", "\"identity\": \"another ", 1)).unwrap();
    fs::write(&kept[1], "{").unwrap();
    let again = run();
    assert_eq!(files(), kept);
    assert_ne!(again, first);
    assert!(fs::read_to_string(&kept[1]).unwrap().len() > 100);
}
