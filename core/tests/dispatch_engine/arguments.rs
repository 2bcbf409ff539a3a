//! What the values of arguments, and not only where they live, have to say.
use polyarray_core::dispatch::{
    self, Argument, Cx, Error, Options, Stop, determine_backend, pinned, with_backend,
};

use crate::fakes::*;

dispatch::method! {
    domain "numpy";
    /// Several in one argument.
    pub fn together(all: &[Value]) -> Result<Value, Error>;
    /// One that may be left out.
    pub fn perhaps(x: &Option<Value>) -> Result<Value, Error>;
    /// One.
    pub fn alone_here(x: &Value) -> Result<Value, Error>;
}

fn homes(cx: Cx, all: &[Value]) -> Result<Value, Stop<Error>> {
    assert!(all.iter().all(|value| value.home.name() == cx.instance.name()));
    Ok(Value { number: all.iter().map(|value| value.number).sum(), ..at(&cx.instance.name(), 0) })
}

#[test]
fn a_fixed_element_that_is_native_blocks_no_copy_of_another() -> Result<(), Error> {
    let a = fake("elements-a");
    a.register::<together>(homes)?;
    a.register::<perhaps>(|cx, x| homes(cx, x.as_slice()))?;
    alone(&[a], || {
        let fixed = |home| Value { fixed: true, ..at(home, 1) };
        with_backend(a, Options::COERCE, || {
            let (result, copies) = conversions(|| together(&[fixed("elements-a"), at("far", 2)]));
            assert_eq!((result?.number, copies), (3, 1));
            let list = [fixed("elements-a"), at("far", 2)];
            assert_eq!(determine_backend(&[&&list[..]], "numpy", true)?.instance, a.instance(0));
            // One that would have to be copied still does.
            let error = together(&[at("elements-a", 1), fixed("far")]).unwrap_err().to_string();
            assert!(error.contains("may never be copied"), "{error}");
            assert!(determine_backend(&[&&[at("elements-a", 1), fixed("far")][..]], "numpy", true).is_err());
            assert!(perhaps(&Some(fixed("far"))).is_err() && perhaps(&None)?.number == 0);
            Ok(())
        })
    })
}

#[test]
fn determine_backend_asks_whether_the_values_convert() -> Result<(), Error> {
    let (a, _) = fake_with("converts-a", &["numpy"], &["shared"]);
    let (b, _) = fake_with("converts-b", &["numpy"], &["shared"]);
    for kind in [a, b] {
        kind.register::<alone_here>(|cx, _| Ok(at(&cx.instance.name(), 0)))?;
    }
    let determine = |x: &dyn Argument| determine_backend(&[x], "numpy", true);
    alone(&[a, b], || {
        // A backend that reads it without a copy, where this value has no such form; and one where it is native.
        assert_eq!(determine(&at("shared", 1))?.instance, a.instance(0));
        let error = determine(&at("shared", 13)).unwrap_err().to_string();
        assert!(error.contains("nobody takes a 13"), "{error}");
        assert_eq!(determine(&at("converts-b", 13))?.instance, b.instance(0));
        assert!(alone_here(&at("shared", 13)).is_err(), "as a call does");
        for list in [vec![at("shared", 1), at("shared", 13)], vec![at("converts-a", 1), at("shared", 13)]] {
            assert!(determine(&&list[..]).is_err());
        }
        assert!(determine(&Some(at("shared", 13))).is_err());
        with_backend(b, Options::COERCE, || {
            assert_eq!(determine(&at("far", 1))?.instance, b.instance(0));
            assert!(determine(&at("far", 13)).is_err());
            // The device is lost: the same failure as a call's, and no other backend is asked.
            let broken = Value { broken: true, ..at("far", 1) };
            for error in [determine(&broken).unwrap_err(), alone_here(&broken).unwrap_err()] {
                assert!(matches!(error, Error::Conversion(_)), "{error}");
                assert!(error.to_string().contains("the device is lost"), "{error}");
            }
            Ok(())
        })?;
        pinned(a.instance(0), true, || assert!(determine(&at("far", 13)).is_err()));
        Ok(())
    })
}
