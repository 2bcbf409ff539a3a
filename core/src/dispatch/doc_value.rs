// The smallest dispatchable there is: the documentation's examples include it.
use polyarray_core::dispatch::{Argument, Dispatchable, Fit, Instance, Key, Operand, Refusal};

#[derive(Clone, Debug)]
pub struct Value(pub i64);

impl Argument for Value {
    fn key(&self) -> Key {
        Key::intern("host")
    }
    fn describe(&self, name: &'static str) -> Operand {
        Operand::new(name, "a value on host")
    }
    fn remedy(&self, name: &str, to: Instance) -> String {
        format!("{name}.to({to})")
    }
}

impl Dispatchable for Value {
    type Owned = Value;
    fn convert(&self, _: Instance, _: Fit) -> Result<Value, Refusal> {
        Ok(self.clone())
    }
}
