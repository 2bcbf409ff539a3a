//! The exact rules of dispatch, one by one.
use crate::fakes::*;
use polyarray_core::dispatch::{
    self, Argument, Clear, Cx, Error, GlobalOptions, Instance, Key, Options, Outcome, State, Stop, block,
    clear, detached, determine_backend, pinned, register_backend, set_global, skip, with_backend,
};

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy";
    /// No default.
    pub fn plain(x: &Value) -> Result<Value, Error>;
    /// A default in terms of `plain`.
    pub fn composed(x: &Value, times: i64) -> Result<Value, Error> {
        let mut value = x.clone();
        for _ in 0..times {
            value = plain(&value)?;
        }
        Ok(value)
    }
    /// Several in one argument.
    pub fn gather(all: &[Value]) -> Result<Value, Error>;
    /// One that may be left out.
    pub fn optional(x: &Value, y: &Option<Value>) -> Result<Value, Error>;
}

dispatch::method! {
    domain "numpy.fft";
    /// In a child domain.
    pub fn child(x: &Value, y: &Value) -> Result<Value, Error>;
    /// A default that crosses domains.
    pub fn crossing(x: &Value) -> Result<Value, Error> {
        child(&plain(x)?, x)
    }
}

const GLOBAL: GlobalOptions = GlobalOptions { only: false, coerce: false, try_last: false };

/// Adds one, and says where it ran by where the result lives.
fn plus_one(cx: Cx, x: &Value) -> Answer {
    Ok(Value { number: x.number + 1, ..at(&cx.instance.name(), 0) })
}

fn add(cx: Cx, x: &Value, y: &Value) -> Answer {
    Ok(Value { number: x.number + y.number, ..at(&cx.instance.name(), 0) })
}

fn declines(_: Cx, _: &Value) -> Answer {
    Err(Stop::declined("not today"))
}

fn ran_on(result: Result<Value, Error>) -> &'static str {
    result.map_or("nothing", |value| value.home.name())
}

#[test]
fn arguments_select_the_backend_where_they_live() -> Result<(), Error> {
    let (a, b) = (fake("sel-a"), fake("sel-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    alone(&[a, b], || {
        for _ in 0..3 {
            assert_eq!(plain(&at("sel-a", 1))?, at("sel-a", 2));
            assert_eq!(plain(&at("sel-b", 1))?, at("sel-b", 2));
            assert_eq!(plain(&at("sel-b:1", 1))?, at("sel-b:1", 2));
            assert_eq!(composed(&at("sel-b", 1), 3)?, at("sel-b", 4));
        }
        Ok(())
    })
}

#[test]
fn what_lives_nowhere_in_particular_goes_to_the_first_registered() -> Result<(), Error> {
    let (a, b) = (fake("none-a"), fake("none-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    alone(&[b, a], || {
        assert_eq!(ran_on(plain(&scalar(1))), "none-b");
        with_backend(a, Options::PLAIN, || assert_eq!(ran_on(plain(&scalar(1))), "none-a"));
        Ok(())
    })
}

#[test]
fn scopes_innermost_first_then_the_global_then_the_registered() -> Result<(), Error> {
    let [a, b, c, d] = ["ord-a", "ord-b", "ord-c", "ord-d"].map(fake);
    for kind in [a, b, c, d] {
        kind.register::<plain>(declines)?;
    }
    // Forwards and backwards: the order is the state's, not that of enrolling.
    for [a, b, c, d] in [[a, b, c, d], [d, c, b, a]] {
        alone(&[a, b], || {
            set_global(c, GLOBAL)?;
            with_backend(d, Options::PLAIN, || {
                with_backend(b, Options::PLAIN, || {
                    assert_eq!(order(&scalar(1)), [b.name(), d.name(), c.name(), a.name()]);
                });
                set_global(c, GlobalOptions { try_last: true, ..GLOBAL })?;
                assert_eq!(order(&scalar(1)), [d.name(), a.name(), b.name(), c.name()]);
                Ok::<(), Error>(())
            })
        })?;
    }
    Ok(())
}

/// The candidates of a call of `plain` that were asked in vain, in order.
fn order(x: &Value) -> Vec<String> {
    let error = plain(x).expect_err("all decline");
    let tried = &error.not_found().expect("no backend ran it").tried;
    let asked = tried.iter().filter(|tried| !matches!(tried.outcome, Outcome::Passed(_)));
    asked.map(|tried| tried.backend.clone()).collect()
}

#[test]
fn only_and_coerce_end_the_walk_parents_included() -> Result<(), Error> {
    let (a, b) = (fake("end-a"), fake("end-b"));
    b.register::<child>(add)?;
    let (x, y) = (at("end-b", 1), at("end-b", 2));
    alone(&[b], || {
        assert_eq!(ran_on(child(&x, &y)), "end-b");
        for options in [Options::ONLY, Options::COERCE] {
            with_backend(a, options, || assert_eq!(ran_on(child(&x, &y)), "nothing"));
        }
        // A plain scope does not.
        with_backend(a, Options::PLAIN, || assert_eq!(ran_on(child(&x, &y)), "end-b"));
        // Nor does one that is skipped, scope or global.
        with_backend(a, Options::ONLY, || skip(a, || assert_eq!(ran_on(child(&x, &y)), "end-b")));
        set_global(a, GlobalOptions { only: true, ..GLOBAL })?;
        assert_eq!(ran_on(child(&x, &y)), "nothing");
        skip(a, || assert_eq!(ran_on(child(&x, &y)), "end-b"));
        // Clearing a global clears its flags.
        clear("numpy", Clear { registered: false, global: true });
        assert_eq!(ran_on(child(&x, &y)), "end-b");
        Ok(())
    })
}

#[test]
fn a_global_tried_last_ends_the_walk_too() -> Result<(), Error> {
    let (fft, _) = fake_with("last-fft", &["numpy.fft"], &[]);
    let parent = fake("last-parent");
    parent.register::<child>(add)?;
    let x = at("last-parent", 1);
    alone(&[parent], || {
        set_global(fft, GlobalOptions { only: true, try_last: true, coerce: false })?;
        assert_eq!(ran_on(child(&x, &x)), "nothing", "the parent's backends lie behind it");
        set_global(fft, GlobalOptions { try_last: true, ..GLOBAL })?;
        assert_eq!(ran_on(child(&x, &x)), "last-parent");
        Ok(())
    })
}

#[test]
fn coercing_copies_what_it_must_and_nothing_else() -> Result<(), Error> {
    let (a, _) = fake_with("co-a", &["numpy"], &["co-shared"]);
    a.register::<child>(add)?;
    let (native, far, shared) = (at("co-a", 1), at("far", 2), at("co-shared", 3));
    alone(&[a], || {
        let (value, converted) = conversions(|| child(&native, &shared));
        assert_eq!((ran_on(value), converted), ("co-a", 1), "free, no scope needed");
        assert_eq!(ran_on(child(&native, &far)), "nothing", "registered backends are never given coerce");
        with_backend(a, Options::COERCE, || {
            let (value, converted) = conversions(|| child(&native, &far));
            assert_eq!((value?.number, converted), (3, 1));
            let fixed = Value { fixed: true, ..far.clone() };
            assert_eq!(ran_on(child(&native, &fixed)), "nothing");
            assert_eq!(ran_on(child(&native, &scalar(1))), "co-a");
            assert_eq!(ran_on(child(&native, &at("nowhere", 1))), "nothing");
            // The argument itself may refuse, and it may fail, which no other backend can mend.
            assert!(child(&native, &at("far", 13)).is_err_and(|error| error.not_found().is_some()));
            let broken = Value { broken: true, ..far.clone() };
            assert!(matches!(child(&native, &broken), Err(Error::Conversion(_))));
            Ok(())
        })
    })
}

#[test]
fn what_fails_reaches_the_caller_and_what_declines_goes_on() -> Result<(), Error> {
    let (a, b) = (fake("fail-a"), fake("fail-b"));
    fn fails(_: Cx, x: &Value) -> Answer {
        // Nothing is registered for it: not found, inside an implementation.
        Ok(gather(std::slice::from_ref(x))?)
    }
    b.register::<plain>(plus_one)?;
    a.register::<plain>(declines)?;
    alone(&[a, b], || {
        for _ in 0..3 {
            assert_eq!(ran_on(plain(&scalar(1))), "fail-b");
            assert_eq!(composed(&scalar(1), 2)?.number, 3);
        }
        a.replace::<plain>(fails)?;
        for _ in 0..3 {
            let error = plain(&scalar(1)).unwrap_err().to_string();
            assert!(error.contains("inside the implementation of numpy.plain by fail-a"), "{error}");
            // Nor does a default that runs into it take it for a decline.
            let error = composed(&scalar(1), 2).unwrap_err().to_string();
            assert!(error.contains("inside the implementation of numpy.plain by fail-a"), "{error}");
        }
        Ok(())
    })
}

#[test]
fn a_default_stays_with_the_backend_that_declined() -> Result<(), Error> {
    let (a, b) = (fake("pin-a"), fake("pin-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    b.register::<child>(add)?;
    alone(&[a, b], || {
        // `a` accepts the scalar, and its default needs `child`, which only `b` has: no mixture.
        for _ in 0..3 {
            assert_eq!(ran_on(crossing(&scalar(1))), "pin-b");
        }
        with_backend(a, Options::ONLY, || {
            let error = crossing(&scalar(1)).unwrap_err().to_string();
            assert!(error.contains("numpy.fft.child"), "what the default lacked is said: {error}");
        });
        Ok(())
    })
}

#[test]
fn a_pin_goes_before_every_walk_and_ends_it() -> Result<(), Error> {
    let (a, b) = (fake("exact-a"), fake("exact-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    b.register::<child>(add)?;
    let pin = |kind: dispatch::Kind| kind.instance(0);
    alone(&[b], || {
        pinned(pin(a), false, || {
            assert_eq!(ran_on(plain(&scalar(1))), "exact-a");
            assert_eq!(ran_on(child(&scalar(1), &scalar(1))), "nothing", "no other backend, no other domain");
            with_backend(b, Options::PLAIN, || assert_eq!(ran_on(plain(&scalar(1))), "exact-a"));
            // Another pin takes its place; the empty state has none.
            pinned(pin(b), false, || assert_eq!(ran_on(plain(&scalar(1))), "exact-b"));
            skip(a, || assert_eq!(ran_on(plain(&scalar(1))), "nothing"));
        });
        // A wrapper's inner backend is not skipped because its caller skips it elsewhere.
        skip(a, || pinned(pin(a), false, || assert_eq!(ran_on(plain(&scalar(1))), "exact-a")));
        block(a)?;
        pinned(pin(a), false, || assert_eq!(ran_on(plain(&scalar(1))), "nothing"));
        Ok(())
    })
}

#[test]
fn after_the_last_backend_the_default_runs_unpinned() -> Result<(), Error> {
    let (a, b) = (fake("bare-a"), fake("bare-b"));
    a.register::<child>(add)?;
    b.register::<plain>(|_, x| Ok(Value { number: x.number + 1, home: Key::intern("bare-a"), ..x.clone() }))?;
    // Neither `a` nor `b` has both halves of the default; together they do.
    let far = at("bare-b", 1);
    alone(&[a, b], || {
        // `child` finds `a` for its first argument and refuses the second: still no mixture of one call.
        assert_eq!(ran_on(crossing(&far)), "nothing");
        b.replace::<plain>(plus_one)?;
        a.replace::<child>(add)?;
        b.register::<child>(add)?;
        assert_eq!(ran_on(crossing(&far)), "bare-b");
        assert_eq!(ran_on(composed(&at("elsewhere", 1), 0)), "elsewhere", "a default that needs nobody");
        with_backend(a, Options::ONLY, || {
            assert_eq!(ran_on(composed(&at("elsewhere", 1), 0)), "nothing", "an `only` has ended the walk");
        });
        Ok(())
    })
}

#[test]
fn an_unpinned_default_may_be_served_by_several() -> Result<(), Error> {
    let (a, b) = (fake("mix-a"), fake("mix-b"));
    a.register::<child>(add)?;
    b.register::<plain>(|_, x| Ok(scalar(x.number + 1)))?;
    alone(&[a, b], || {
        // Pinned, each lacks the other's half.
        assert_eq!(crossing(&scalar(1))?, at("mix-a", 3));
        let (_, explanation) = dispatch::explain(|| crossing(&scalar(1)));
        assert!(explanation.to_string().contains("ran the default, no backend pinned"), "{explanation}");
        with_backend(b, Options::ONLY, || assert_eq!(ran_on(crossing(&scalar(1))), "nothing"));
        Ok(())
    })
}

#[test]
fn backends_of_several_domains_and_clearing_one() -> Result<(), Error> {
    let (both, _) = fake_with("dom-both", &["numpy.fft", "other"], &[]);
    both.register::<plain>(plus_one)?;
    both.register::<child>(add)?;
    alone(&[both], || {
        assert_eq!(ran_on(plain(&scalar(1))), "nothing", "it does not serve numpy itself");
        assert_eq!(ran_on(child(&scalar(1), &scalar(1))), "dom-both");
        with_backend(both, Options::PLAIN, || assert_eq!(ran_on(plain(&scalar(1))), "nothing"));
        clear("other", Clear { registered: true, global: true });
        assert_eq!(ran_on(child(&scalar(1), &scalar(1))), "dom-both");
        clear("numpy.fft", Clear { registered: true, global: false });
        assert_eq!(ran_on(child(&scalar(1), &scalar(1))), "nothing");
        register_backend(both)?;
        assert_eq!(ran_on(child(&scalar(1), &scalar(1))), "dom-both");
        Ok(())
    })
}

#[test]
fn determine_backend_takes_the_same_walk() -> Result<(), Error> {
    let (a, b) = (fake("det-a"), fake("det-b"));
    for kind in [a, b] {
        kind.register::<plain>(plus_one)?;
    }
    let determine = |values: &[&dyn Argument]| determine_backend(values, "numpy.fft", false);
    alone(&[a, b], || {
        // Parents included, which uarray 0.9.4 leaves out.
        let found = determine(&[&at("det-b:1", 1), &scalar(1)])?;
        assert_eq!(found.instance, Instance { kind: b.id(), index: 1 });
        found.pin(|| assert_eq!(ran_on(plain(&scalar(1))), "det-b:1"));
        assert_eq!(determine(&[&scalar(1)])?.instance, a.instance(0));
        // Two instances in one call: the typed error.
        let error = determine(&[&at("det-b", 1), &at("det-b:1", 1)]).unwrap_err();
        assert!(error.not_found().is_some_and(|report| report.tried.len() == 2), "{error}");
        // Under a declining `only` backend uarray 0.9.4 raises a SystemError.
        with_backend(a, Options::ONLY, || {
            let error = determine(&[&at("det-b", 1)]).unwrap_err();
            let report = error.not_found().expect("the same error as a call's");
            assert!(report.ended.is_some() && report.tried.len() == 1, "{error}");
        });
        with_backend(a, Options::COERCE, || {
            assert!(determine(&[&at("det-b", 1)]).is_err(), "coercing was not asked for");
            let found = determine_backend(&[&at("det-b", 1)], "numpy", true)?;
            found.pin(|| assert_eq!(ran_on(plain(&at("det-b", 1))), "det-a"));
            let fixed = Value { fixed: true, ..at("det-b", 1) };
            assert!(determine_backend(&[&fixed], "numpy", true).is_err());
            Ok(())
        })
    })
}

#[test]
fn several_arrays_in_one_argument() -> Result<(), Error> {
    let a = fake("many-a");
    a.register::<gather>(|cx, all| {
        assert!(all.iter().all(|value| value.home == Key::intern("many-a") || value.home == Key::NONE));
        Ok(Value { number: all.iter().map(|value| value.number).sum(), ..at(&cx.instance.name(), 0) })
    })?;
    a.register::<optional>(|_, x, y| Ok(y.clone().unwrap_or(x.clone())))?;
    alone(&[a], || {
        assert_eq!(gather(&[at("many-a", 1), scalar(2)])?.number, 3);
        assert_eq!(gather(&[])?.number, 0);
        let mixed = [at("many-a", 1), at("far", 2), at("many-a", 3)];
        let error = gather(&mixed).unwrap_err().to_string();
        assert!(error.contains("each of all.to(\"many-a\")"), "{error}");
        with_backend(a, Options::COERCE, || {
            let (value, converted) = conversions(|| gather(&mixed));
            assert_eq!((value?.number, converted), (6, 1), "only the one that lives elsewhere");
            Ok::<(), Error>(())
        })?;
        let two = [at("many-a", 1), at("many-a:1", 2)];
        assert!(gather(&two).is_err_and(|error| error.to_string().contains("on two instances")));
        assert_eq!(optional(&at("many-a", 1), &None)?.number, 1);
        assert_eq!(optional(&at("many-a", 1), &Some(at("many-a", 5)))?.number, 5);
        assert!(optional(&at("many-a", 1), &Some(at("far", 5))).is_err());
        Ok(())
    })
}

#[test]
fn a_second_registration_names_both_places() -> Result<(), Error> {
    let a = fake("twice-a");
    a.register::<plain>(plus_one)?;
    let line = line!() - 1;
    let error = a.register::<plain>(declines).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::RegisteredTwice { .. }), "{text}");
    assert!(text.contains(&format!("rules.rs:{line}:")) && text.contains(&format!("rules.rs:{}:", line + 2)));
    a.replace::<plain>(declines)?;
    assert!(matches!(dispatch::enrol(&Again), Err(Error::EnrolledTwice { name: "twice-a" })));
    Ok(())
}

dispatch::method! {
    domain "numpy.unserved";
    /// Its only implementation is on a backend of another domain.
    fn unserved(x: &Value) -> Result<Value, Error>;
    /// Its only implementation is on a backend that is not linked.
    fn unlinked(x: &Value) -> Result<Value, Error>;
}

#[test]
fn an_implementation_that_no_call_asks_is_named_by_the_error() -> Result<(), Error> {
    let fft = fake_with("served-fft", &["numpy.fft"], &[]).0;
    fft.register::<unserved>(plus_one)?;
    static FAR: dispatch::KindCell = dispatch::KindCell::new("served-far");
    dispatch::Kind::new(&FAR).register::<unlinked>(plus_one)?;
    alone(&[fft], || {
        let text = unserved(&scalar(1)).unwrap_err().to_string();
        let fix = "fix: add \"numpy.unserved\", or a domain around it, to the `domains()` of served-fft";
        assert!(text.contains(fix) && text.contains("serves [\"numpy.fft\"]"), "{text}");
        let text = unlinked(&scalar(1)).unwrap_err().to_string();
        assert!(text.contains("fix: link the crate of served-far, which has an implementation"), "{text}");
        // A pin is asked whatever it serves.
        pinned(fft.instance(0), false, || assert_eq!(ran_on(unserved(&scalar(1))), "served-fft"));
        Ok(())
    })
}

/// Enrols under a name that is taken.
struct Again;

impl dispatch::BackendKind for Again {
    fn name(&self) -> &'static str {
        "twice-a"
    }
    fn select(&self, _: &[Key]) -> Result<u16, dispatch::Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, _: Key) -> dispatch::Fit {
        dispatch::Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec![]
    }
}

#[test]
fn instances_are_counted_only_where_one_is_named() -> Result<(), Error> {
    let (a, backend) = fake_with("lazy-a", &["numpy"], &[]);
    let enumerated = || backend.enumerated.load(std::sync::atomic::Ordering::Relaxed);
    a.register::<plain>(plus_one)?;
    alone(&[a], || {
        assert_eq!(ran_on(plain(&at("lazy-a:1", 1))), "lazy-a:1");
        with_backend(a, Options::COERCE, || assert_eq!(ran_on(plain(&at("far", 1))), "lazy-a"));
        assert_eq!(enumerated(), 0, "no device was opened");
        with_backend("lazy-a:1", Options::COERCE, || assert_eq!(ran_on(plain(&scalar(1))), "lazy-a:1"));
        assert_eq!(enumerated(), 1);
        with_backend("lazy-a:7", Options::PLAIN, || {
            let error = plain(&scalar(1)).unwrap_err().to_string();
            assert!(error.contains("lazy-a:7") && error.contains("lazy-a, lazy-a:1"), "{error}");
        });
        with_backend("no-such", Options::PLAIN, || {
            let error = plain(&scalar(1)).unwrap_err();
            assert!(matches!(error, Error::UnknownBackend { .. }) && error.to_string().contains("lazy-a"));
            // The empty state has no such scope.
            detached(|| assert!(!matches!(plain(&scalar(1)), Err(Error::UnknownBackend { .. }))));
        });
        skip("no-such", || {
            let error = plain(&scalar(1)).unwrap_err();
            assert!(matches!(error, Error::UnknownBackend { .. }) && error.to_string().starts_with("`skip`"));
        });
        assert!(Instance::named("lazy-a:1").is_ok() && Instance::named("lazy-a:2").is_err());
        Ok(())
    })
}

#[test]
fn globals_set_inside_a_scope_outlast_it_and_not_the_entered_state() -> Result<(), Error> {
    let (a, b) = (fake("out-a"), fake("out-b"));
    for kind in [a, b] {
        kind.register::<plain>(plus_one)?;
    }
    alone(&[a], || {
        let before = State::current();
        with_backend(a, Options::PLAIN, || set_global(b, GLOBAL))?;
        assert_eq!(ran_on(plain(&scalar(1))), "out-b");
        before.enter(|| {
            assert_eq!(ran_on(plain(&scalar(1))), "out-a");
            set_global(a, GlobalOptions { only: true, ..GLOBAL })
        })?;
        assert_eq!(ran_on(plain(&scalar(1))), "out-b");
        Ok(())
    })
}
