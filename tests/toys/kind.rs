//! The kind of a wrapper backend with one instance, whose arrays live where its name says.
use polyarray::backend::{BackendKind, Decline, Fit, Key};

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
