use polyarray_gpu::adapters::{self, ADAPTER_VARIABLE};
use polyarray_gpu::{GpuError, MENDING_COMMAND};

const NAMES: [&str; 3] = ["NVIDIA H100", "AMD Radeon", "llvmpipe (LLVM 15)"];

fn with(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<String> {
    move |asked| (asked == name).then(|| value.to_owned())
}

#[test]
fn the_first_adapter_is_chosen_unless_the_environment_names_another() {
    let choice = adapters::choose(&NAMES, &|_| None).unwrap();
    assert_eq!(choice.index, 0);
    assert!(choice.why.contains("first of 3"), "{}", choice.why);
    for (value, index) in [("2", 2), ("gpu:1", 1), ("radeon", 1), ("LLVMPIPE", 2), (" 0 ", 0)] {
        let choice = adapters::choose(&NAMES, &with(ADAPTER_VARIABLE, value)).unwrap();
        assert_eq!(choice.index, index, "{value}");
        assert!(choice.why.contains(value.trim()), "{}", choice.why);
    }
}

#[test]
fn an_unknown_adapter_is_an_error_that_lists_the_known_ones() {
    for value in ["3", "gpu:7", "voodoo"] {
        let error = adapters::choose(&NAMES, &with(ADAPTER_VARIABLE, value)).unwrap_err();
        assert!(matches!(error, GpuError::UnknownAdapter { .. }));
        let text = error.to_string();
        assert!(text.contains(value) && text.contains(ADAPTER_VARIABLE), "{text}");
        assert!(NAMES.iter().all(|name| text.contains(name)), "{text}");
    }
    let error = adapters::choose(&[], &|_| None).unwrap_err();
    assert!(error.to_string().contains(MENDING_COMMAND), "{error}");
}

#[test]
fn this_machine_has_an_adapter_with_its_own_limits() {
    let adapters = adapters::list().unwrap_or_else(|error| panic!("{error}"));
    for (index, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter.index, index);
        assert!(adapter.profile.max_binding >= 128 << 20, "{adapter:?}");
        assert!(adapter.profile.max_buffer.is_multiple_of(4));
        assert!(adapter.profile.workgroup.is_power_of_two());
    }
}
