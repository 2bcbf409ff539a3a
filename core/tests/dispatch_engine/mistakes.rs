//! Mistakes of authors of backends and methods, which end in errors that say so.
use polyarray_core::dispatch::{
    self, BackendKind, Cx, Decline, Error, Fit, Key, Options, Stop, enrol, explain, pinned, raise, scope,
    with_backend,
};

use crate::fakes::*;

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy";
    /// Implemented in terms of itself, by mistake.
    pub fn endless(x: &Value) -> Result<Value, Error>;
    /// Implemented in terms of `endless`, and this in terms of it.
    pub fn mutual(x: &Value) -> Result<Value, Error>;
    /// Many levels, each of which ends.
    pub fn deep(x: &Value) -> Result<Value, Error>;
    /// A default with an operator, which can't return an error.
    pub fn doubled(x: &Value) -> Result<Value, Error> {
        Ok(operator(x))
    }
    /// A default that a default calls.
    pub fn quadrupled(x: &Value) -> Result<Value, Error> {
        doubled(&doubled(x)?)
    }
    /// What the operator stands for.
    pub fn twice(x: &Value) -> Result<Value, Error>;
}

/// An operator: the method's error is raised.
#[track_caller]
fn operator(x: &Value) -> Value {
    match twice(x) {
        Ok(value) => value,
        Err(error) => raise(error),
    }
}

fn there(cx: Cx, x: &Value) -> Answer {
    Ok(Value { home: at(&cx.instance.name(), 0).home, ..x.clone() })
}

/// On a stack of the size that threads have unless they ask for more.
fn on_a_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|threads| {
        std::thread::Builder::new().stack_size(2 << 20).spawn_scoped(threads, f).unwrap().join().unwrap()
    })
}

fn is_reentered(result: Result<Value, Error>, method: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Reentered { .. }), "{error}");
    assert!(error.to_string().contains(method), "{error}");
}

#[test]
fn an_implementation_that_calls_its_own_method_is_an_error_and_no_overflow() -> Result<(), Error> {
    let (a, b) = (fake("endless-a"), fake("endless-b"));
    a.register::<endless>(|_, x| Ok(endless(x)?))?;
    a.register::<mutual>(|_, x| {
        scope!("endless-a");
        Ok(endless(x)?)
    })?;
    on_a_thread(|| {
        alone(&[a], || {
            is_reentered(endless(&scalar(1)), "numpy.endless");
            with_backend(a, Options::ONLY, || is_reentered(endless(&at("endless-a", 1)), "endless-a"));
            assert!(explain(|| endless(&scalar(1))).0.is_err());
            a.replace::<endless>(|_, x| {
                scope!("endless-a", coerce);
                Ok(mutual(x)?)
            })?;
            with_backend(a, Options::PLAIN, || assert!(endless(&scalar(1)).is_err()));
            with_backend(a, Options::COERCE, || assert!(endless(&at("far", 1)).is_err()));
            // What the error says to do.
            b.register::<endless>(there)?;
            a.replace::<endless>(|_, x| {
                let b = dispatch::Kind::named("endless-b")?.instance(0);
                Ok(pinned(b, true, || endless(x))?)
            })?;
            assert_eq!(endless(&scalar(1))?.home.name(), "endless-b");
            Ok(())
        })
    })
}

#[test]
fn calls_may_be_nested_as_deep_as_the_stack_allows() -> Result<(), Error> {
    let a = fake("deep-a");
    a.register::<deep>(|cx, x| match x.number {
        0 => there(cx, x),
        number => Ok(deep(&Value { number: number - 1, ..x.clone() })?),
    })?;
    on_a_thread(|| alone(&[a], || deep(&scalar(300)).map(|_| ())))
}

/// What can't be told apart from a typing mistake until it is enrolled; see `environment.rs` for the variable.
struct Served(&'static str, &'static [&'static str]);

impl BackendKind for Served {
    fn name(&self) -> &'static str {
        self.0
    }
    fn domains(&self) -> &'static [&'static str] {
        self.1
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
}

/// A device, whose calls fall back to the host.
struct Falls;

impl BackendKind for Falls {
    fn name(&self) -> &'static str {
        "falls"
    }
    fn domains(&self) -> &'static [&'static str] {
        &["mistakes.falls"]
    }
    fn falls_back(&self) -> bool {
        true
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec!["falls".into()]
    }
}

dispatch::method! {
    domain "mistakes.falls";
    /// What the host computes of it can't be brought back if it is large.
    fn brought handle brought packed on_host(x: &Value) -> Result<Value, Error>;
}

fn on_host(_: Cx, x: &Value) -> Answer {
    if x.number > 7 {
        Err(Stop::Declined(Decline::word("the result can't be copied there", "float64")))
    } else {
        Ok(x.clone())
    }
}

#[test]
fn a_fallback_that_declines_says_why_and_strict_reaches_the_calls_of_interceptors() -> Result<(), Error> {
    let falls = enrol(&Falls)?;
    assert!(brought(&scalar(1)).is_ok());
    let error = brought(&scalar(8)).unwrap_err().to_string();
    assert!(
        error
            .contains("it has no implementation, and on the host: the result can't be copied there: float64"),
        "{error}"
    );
    let interceptors_call = || dispatch::trace::detached_but_heard(|| brought(&scalar(1)));
    assert!(interceptors_call().is_ok());
    let error = with_backend(falls, Options::STRICT, interceptors_call).unwrap_err().to_string();
    assert!(error.contains("without `strict`"), "{error}");
    falls.register::<brought>(|_, _| Err(Stop::declined("not today")))?;
    let error = brought(&scalar(8)).unwrap_err().to_string();
    assert!(error.contains("not today; the result can't be copied there: float64"), "{error}");
    Ok(())
}

#[test]
fn a_backend_must_serve_a_domain() {
    let wrong: [&'static Served; 5] = [
        &Served("no-domain", &[]),
        &Served("empty-domain", &[""]),
        &Served("dot-domain", &["numpy", "numpy."]),
        &Served("dots-domain", &["numpy..fft"]),
        &Served("first-domain", &[".numpy"]),
    ];
    for backend in wrong {
        let error = enrol(backend).unwrap_err();
        assert!(matches!(error, Error::Domains { .. }), "{error}");
        assert!(error.to_string().contains(backend.0) && error.to_string().contains("domains()"), "{error}");
        assert!(dispatch::Kind::named(backend.0).is_err(), "it is not enrolled");
    }
    assert!(enrol(&Served("one-domain", &["mistakes.one"])).is_ok());
}

#[test]
fn an_operator_in_a_default_fails_as_a_function_does() -> Result<(), Error> {
    let (a, b) = (fake("operator-a"), fake("operator-b"));
    let twice_there = |_: Cx, x: &Value| match x.number {
        0..9 => Ok(Value { number: 2 * x.number, ..x.clone() }),
        9 => Err(Stop::Failed(Error::EnrolledTwice { name: "a failure" })),
        _ => Err(Stop::declined("too large")),
    };
    alone(&[a, b], || {
        // Nobody has an implementation: the default runs pinned to each, and at last unpinned.
        for method in [doubled, quadrupled] {
            let error = method(&scalar(1)).unwrap_err();
            assert!(error.not_found().is_some(), "{error}");
        }
        b.register::<twice>(twice_there)?;
        assert_eq!(quadrupled(&scalar(2))?.number, 8, "declined on the first, run by the second");
        assert!(matches!(doubled(&scalar(9)), Err(Error::EnrolledTwice { .. })), "a failure is one");
        assert!(doubled(&scalar(10)).unwrap_err().not_found().is_some());
        pinned(b.instance(0), false, || assert!(quadrupled(&scalar(5)).unwrap_err().not_found().is_some()));
        alone(&[], || assert!(doubled(&scalar(1)).is_err()));
        // Outside of a default it panics, and so does an assertion inside one.
        let payload = std::panic::catch_unwind(|| operator(&scalar(10))).unwrap_err();
        let text = payload.downcast_ref::<String>().expect("a message");
        assert!(text.contains("numpy.twice") && text.contains("too large"), "{text}");
        b.replace::<twice>(|_, _| panic!("an assertion"))?;
        let payload = std::panic::catch_unwind(|| doubled(&scalar(1))).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"an assertion"));
        Ok(())
    })
}
