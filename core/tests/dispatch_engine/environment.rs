//! The environment's overrides, in processes of their own.
use std::process::Command;

use polyarray_core::dispatch::{self, BackendKind, Cx, Decline, Error, Fit, Key, Stop};

use crate::fakes::{Value, scalar};

/// Linked, like a backend's crate. It serves a domain that no other test calls in.
struct Linked(&'static str);

impl BackendKind for Linked {
    fn name(&self) -> &'static str {
        self.0
    }
    fn domains(&self) -> &'static [&'static str] {
        &["environment"]
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec![self.0.into()]
    }
    fn instance_name(&self, _: u16) -> String {
        self.0.into()
    }
}

// Neither by the alphabet nor by the order of linking: `cpu` is first, `gpu` second.
dispatch::linked_kind! { THIRD: &Linked("a third"); }
dispatch::linked_kind! { GPU: &Linked("gpu"); }
dispatch::linked_kind! { CPU: &Linked("cpu"); }

dispatch::method! {
    domain "environment";
    /// Where it ran, as the value's home.
    fn place(x: &Value) -> Result<Value, Error>;
}

fn there(cx: Cx, x: &Value) -> Result<Value, Stop<Error>> {
    Ok(Value { home: Key::intern(&cx.instance.name()), ..x.clone() })
}

dispatch::registrations! {
    PLACES;
    "cpu": place = there;
    "gpu": place = there;
    "a third": place = there;
}

/// What a process with these variables says of a call: the backend, or the error.
fn in_a_process(variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "environment::the_child", "--nocapture"])
        .env("DISPATCH_TEST_CHILD", "1")
        .env_remove(dispatch::ENV_BACKEND)
        .env_remove(dispatch::ENV_BLOCK)
        .envs(variables.iter().copied())
        .output()
        .expect("the child runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_child() {
    if std::env::var_os("DISPATCH_TEST_CHILD").is_none() {
        assert_eq!(place(&scalar(1)).map(|value| value.home.name()).ok(), Some("cpu"));
        return;
    }
    if std::env::var_os("DISPATCH_TEST_ENROLS").is_some() {
        assert!(place(&scalar(1)).is_err_and(|error| error.to_string().contains("not there")), "not yet");
        let late = dispatch::enrol(&Linked("late")).unwrap();
        late.register::<place>(there).unwrap();
    }
    for _ in 0..2 {
        match place(&scalar(1)) {
            Ok(value) => println!("ran on {}.", value.home),
            Err(error) => println!("{error}"),
        }
    }
}

#[test]
fn the_variables_choose_block_and_complain() {
    let said = |variables: &[_], what: &str| {
        let said = in_a_process(variables);
        assert_eq!(said.matches(what).count(), 2, "{what:?} twice in {said}");
    };
    said(&[], "ran on cpu.");
    said(&[("POLYARRAY_BACKEND", "gpu")], "ran on gpu.");
    said(&[("POLYARRAY_BACKEND", "gpu"), ("POLYARRAY_BLOCK", "gpu, cpu")], "ran on a third.");
    said(&[("POLYARRAY_BLOCK", "cpu")], "ran on gpu.");
    said(&[("POLYARRAY_BACKEND", "gpx")], "POLYARRAY_BACKEND names the backend `gpx`, which is not there");
    said(&[("POLYARRAY_BLOCK", "cpu,gpx")], "known here: cpu, gpu, a third");
    // A kind that the program enrols when it runs.
    let enrols = ("DISPATCH_TEST_ENROLS", "1");
    said(&[enrols, ("POLYARRAY_BACKEND", "late")], "ran on late.");
    said(&[enrols, ("POLYARRAY_BACKEND", "late:0")], "ran on late.");
    said(&[enrols, ("POLYARRAY_BLOCK", "late,cpu")], "ran on gpu.");
    said(&[enrols, ("POLYARRAY_BACKEND", "late"), ("POLYARRAY_BLOCK", "latter")], "the backend `latter`");
}
