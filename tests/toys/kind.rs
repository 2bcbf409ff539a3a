//! The kind of a wrapper backend with one instance, whose arrays live where its name says.
use polyarray::Device;
use polyarray::backend::{BackendKind, Call, Decline, Fit, Key, Value};

pub struct Wrapper(pub &'static str);

impl BackendKind for Wrapper {
    fn name(&self) -> &'static str {
        self.0
    }
    fn select(&self, keys: &[Key]) -> Result<u16, Decline> {
        let own = keys.iter().flat_map(|key| key.parts()).any(|part| part.name() == self.0);
        if own || keys.is_empty() { Ok(0) } else { Err(Decline::new("no argument is its own")) }
    }
    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec![self.0.into()]
    }
}

/// What is made from nothing for a wrapper is made on the host.
pub fn made_on_host(call: &Call) -> Call {
    let place = |arg: &Value| match arg {
        Value::Device(_) => Value::Device(Device::At(*polyarray::HOST)),
        arg => arg.clone(),
    };
    call.with_args(call.args().iter().map(place).collect())
}
