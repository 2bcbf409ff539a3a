//! `polyarray bench`, as a user runs it: small sizes, the record read, the page looked through, records compared.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Runs `polyarray bench` without what the caller's environment may choose.
fn bench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = common::polyarray();
    // What `auto` measures of the machine is not the user's to keep.
    command.env("POLYARRAY_CACHE_DIR", folder.join("cache"));
    command.arg("bench").args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = bench(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = done(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn refused(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = bench(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "an error is no result");
    text(&output.stderr)
}

fn rows(record: &Value) -> &Vec<Value> {
    record["rows"].as_array().unwrap()
}

/// The whole table at its quick sizes: the record holds what docs/BENCH.md promises, the page shows all of it.
#[test]
fn a_quick_run_measures_every_operation_on_every_backend() {
    let folder = tempfile::tempdir().unwrap();
    let record = json(folder.path(), &["--quick", "--out", "run", "--html", "page.html"]);
    let backends: Vec<&str> =
        record["backends"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap()).collect();
    assert_eq!(
        backends[..2],
        ["host", "gpu:0"],
        "no adapter: apt-get install -y mesa-vulkan-drivers libvulkan1"
    );
    for backend in record["backends"].as_array().unwrap() {
        assert!(backend["ceilings"]["copy_gbps"].as_f64().unwrap() > 0.0, "{backend}");
        assert!(backend["ceilings"]["gemm_gflops"]["float32"].as_f64().unwrap() > 0.0, "{backend}");
        assert_eq!(backend["driver"].is_string(), backend["name"] != "host", "{backend}");
    }
    assert!(!record["machine"]["cpu"].as_str().unwrap().is_empty());
    assert!(record["machine"]["threads"].as_u64().unwrap() > 0);

    let listed = json(folder.path(), &["--list"]);
    let names: BTreeSet<&str> =
        listed["ops"].as_array().unwrap().iter().map(|op| op["op"].as_str().unwrap()).collect();
    let measured: BTreeSet<&str> = rows(&record).iter().map(|row| row["op"].as_str().unwrap()).collect();
    assert_eq!(measured, names);
    assert!(names.contains("a*b+c") && names.contains("matmul-bits"), "{names:?}");
    for row in rows(&record) {
        assert_eq!(row["status"], "ok", "{row}");
        let number = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}"));
        assert!(number("q1_s") <= number("median_s") && number("median_s") <= number("q3_s"), "{row}");
        assert!(number("rounds") >= 3.0 && number("bytes") > 0.0 && number("error") <= 1.0, "{row}");
        let rate = number("bytes") / number("median_s") / 1e9;
        assert!((number("gbps") / rate - 1.0).abs() < 1e-9, "{row}");
        let shared = row["mode"] == "resident" && row["bound"] != "latency";
        assert_eq!(row["share_of_ceiling"].is_f64(), shared, "{row}");
    }
    let of = |op: &str, backend: &str, mode: &str| {
        rows(&record)
            .iter()
            .filter(|row| row["op"] == op && row["backend"] == backend && row["mode"] == mode)
            .count()
    };
    assert_eq!((of("a*b+c", "host", "resident"), of("a*b+c", "gpu:0", "resident")), (2, 2));
    assert_eq!((of("a*b+c", "gpu:0", "copies"), of("a*b+c", "host", "copies")), (2, 0));
    assert_eq!((of("upload", "host", "resident"), of("upload", "gpu:0", "copies")), (0, 2));
    let crossing = |op: &str, mode: &str| {
        let all = record["crossovers"].as_array().unwrap().iter();
        all.filter(|c| c["op"] == op && c["mode"] == mode && c["backend"] == "gpu:0").count()
    };
    assert_eq!((crossing("matmul", "resident"), crossing("matmul", "copies")), (1, 1));

    let kept: Value =
        serde_json::from_slice(&fs::read(folder.path().join("run/bench.json")).unwrap()).unwrap();
    assert_eq!(kept, record);
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(page, fs::read_to_string(folder.path().join("run/bench.html")).unwrap());
    for stranger in ["http", "<script", "src=", "url(", "@import"] {
        assert!(!page.contains(stranger), "the page is not self-contained: {stranger}");
    }
    assert_eq!(page.matches("<section").count(), names.len());
    for section in page.split("<section").skip(1) {
        let name = section.split("data-op=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(section.contains("role=\"img\"") && section.contains("<desc"), "no plot of {name}");
    }
    assert!(page.contains("id=\"crossover\"") && page.contains("prefers-color-scheme: dark"));
    assert!(!page.contains("NaN"));
}

#[test]
fn exactly_what_is_named_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--ops",
        "a*b+c,matmul@256",
        "--sizes",
        "1000",
        "--backends",
        "host",
        "--dtypes",
        "f32,f64",
        "--quick",
    ];
    let record = json(folder.path(), &arguments);
    let measured: Vec<(&str, u64, &str)> = rows(&record)
        .iter()
        .map(|row| {
            (row["op"].as_str().unwrap(), row["size"].as_u64().unwrap(), row["dtype"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        measured,
        [
            ("a*b+c", 1000, "float32"),
            ("a*b+c", 1000, "float64"),
            ("matmul", 256, "float32"),
            ("matmul", 256, "float64"),
        ]
    );
    let row = &rows(&record)[0];
    assert_eq!((&row["shape"], &row["bytes"]), (&json!([[1000], [1000], [1000]]), &16_000.into()));
    assert_eq!(record["crossovers"], json!([]));
    let shown = done(folder.path(), &arguments);
    assert!(shown.contains("a*b+c") && shown.contains("GFLOP/s") && !shown.contains("gpu:0"), "{shown}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written unless asked for");
}

#[test]
fn the_wrapper_that_chooses_is_held_against_the_better_choice() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--quick", "--ops", "a*b+c,pipeline,upload", "--backends", "host,gpu,auto"];
    let record = json(folder.path(), &arguments);
    let chosen: Vec<&Value> = rows(&record).iter().filter(|row| row["backend"] == "auto").collect();
    assert_eq!(chosen.len(), 4, "two sizes of two operations: {record:#}");
    for row in &chosen {
        assert_eq!((&row["mode"], &row["status"]), (&"copies".into(), &"ok".into()), "{row}");
    }
    let auto = &record["auto"];
    assert_eq!(auto["measured"], 4);
    // How well it chooses is for the machine to say; that it was held against the best is checked here.
    let best = |row: &Value| {
        let others = rows(&record).iter().filter(|other| {
            other["op"] == row["op"]
                && other["size"] == row["size"]
                && other["backend"] != "auto"
                && (other["backend"] == "host" || other["mode"] == "copies")
        });
        others.map(|other| other["median_s"].as_f64().unwrap()).fold(f64::INFINITY, f64::min)
    };
    let ratio = |row: &&Value| row["median_s"].as_f64().unwrap() / best(row);
    let worst = chosen.iter().map(ratio).fold(0.0, f64::max);
    assert!((auto["worst"].as_f64().unwrap() / worst - 1.0).abs() < 1e-9, "{auto}");
    assert!(record["crossovers"].as_array().unwrap().iter().all(|c| c["backend"] != "auto"));
    assert!(done(folder.path(), &arguments).contains("auto, against the better of the others"));
}

#[test]
fn runs_of_one_machine_are_compared_and_others_refused() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--quick", "--ops", "a*b+c,sum-rows", "--sizes", "1000,5000", "--out"];
    done(folder.path(), &[&arguments[..], &["old"]].concat());
    let old = "old/bench.json";
    let shown = done(folder.path(), &["--quick", "--ops", "a*b+c", "--sizes", "1000", "--compare", old]);
    assert!(shown.contains("old / new") && shown.contains("3 measurements in common"), "{shown}");

    // The same record with other times.
    let record: Value = serde_json::from_slice(&fs::read(folder.path().join(old)).unwrap()).unwrap();
    let rewrite = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut other = record.clone();
        change(&mut other);
        fs::write(folder.path().join(name), other.to_string()).unwrap();
    };
    rewrite("slow.json", &|other| {
        for row in other["rows"].as_array_mut().unwrap() {
            for time in ["median_s", "q1_s", "q3_s"] {
                row[time] = (row[time].as_f64().unwrap() * 10.0).into();
            }
        }
    });
    let document = json(folder.path(), &["--compare", "slow.json", old]);
    assert_eq!(document["rows"].as_array().unwrap().len(), rows(&record).len());
    for row in document["rows"].as_array().unwrap() {
        assert!((row["speedup"].as_f64().unwrap() - 10.0).abs() < 1e-6, "{row}");
    }

    type Change = fn(&mut Value);
    let differing: [(&str, Change); 4] = [
        ("CPU: ", |other| other["machine"]["cpu"] = "Abacus 9000".into()),
        ("driver of gpu:0: ", |other| other["backends"][1]["driver"] = "llvmpipe of tomorrow".into()),
        ("adapter of gpu:0: ", |other| other["backends"][1]["adapter"] = "H100".into()),
        ("build: ", |other| other["build"] = "imagined".into()),
    ];
    for (name, change) in differing {
        rewrite("other.json", &change);
        let message = refused(folder.path(), 5, &["--compare", old, "other.json"]);
        assert!(message.contains("can't be compared") && message.contains(name), "{message}");
        // Also before a new run is started.
        let message = refused(folder.path(), 5, &["--compare", "other.json"]);
        assert!(message.contains(name), "{message}");
    }
    rewrite("none.json", &|other| other["rows"] = json!([]));
    let message = refused(folder.path(), 5, &["--compare", "none.json", old]);
    assert!(message.contains("no measurement in common"), "{message}");
}

#[test]
fn what_is_no_record_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let message = refused(folder.path(), 3, &["--compare", "nowhere.json", "nowhere.json"]);
    assert!(message.contains("nowhere.json"), "{message}");
    fs::write(folder.path().join("x.json"), "[1, 2").unwrap();
    refused(folder.path(), 3, &["--compare", "x.json"]);
    fs::write(folder.path().join("x.json"), r#"{"format": 99}"#).unwrap();
    let message = refused(folder.path(), 3, &["--compare", "x.json"]);
    assert!(message.contains("its format is 99"), "{message}");
    fs::write(folder.path().join("x.json"), "{}").unwrap();
    assert!(refused(folder.path(), 3, &["--compare", "x.json"]).contains("names no format"));
}

#[test]
fn impossible_arguments_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (code, arguments, part) in [
        (2, &["--ops", "quicksort"][..], "there is no operation `quicksort`; there are: a*b+c"),
        (2, &["--sizes", "9..3"], "runs backwards"),
        (2, &["--sizes", "1.5"], "16Mi"),
        (2, &["--ops", "matmul@none"], "`none` is no size"),
        (2, &["--dtypes", "i32"], "f16, f32 or f64"),
        (2, &["--sizes", "1e12"], "choose smaller --sizes"),
        (2, &["--seconds-per-case", "-1"], "-1"),
        (4, &["--backends", "tpu"], "tpu"),
        (4, &["--backends", "gpu:77"], "gpu:0"),
    ] {
        let message = refused(folder.path(), code, arguments);
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
    let message = refused(
        folder.path(),
        1,
        &["--quick", "--ops", "tiny-x100", "--backends", "host", "--html", "/dev/null/page.html"],
    );
    assert!(message.contains("cannot create the directory"), "{message}");
}

#[test]
fn a_dtype_that_a_gpu_lacks_is_told_and_the_rest_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let record = json(folder.path(), &["--quick", "--ops", "a*b+c", "--sizes", "100", "--dtypes", "f16,f64"]);
    for row in rows(&record) {
        let ok = row["status"] == "ok" && row["median_s"].is_f64();
        let lacking =
            row["status"] == "unsupported" && row["detail"].is_string() && row["median_s"].is_null();
        assert!(ok || (lacking && row["backend"] != "host"), "{row}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = common::polyarray()
        .args(["bench", "--backends", "host", "--seconds-per-case", "60", "--out", "run"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "it measures for minutes");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(!child.wait().unwrap().success());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
