//! Implementations over packed arguments: one for a method and a kind of backends, in front of the kind's own, put there and
//! taken away while a program runs. An interpreter's functions become implementations of linked methods by it.

use super::packed::{Call, MethodRow, Values};
use crate::dispatch::{Cx, Kind, KindId, MethodInfo, StandIn, Stop, restore, stand_in};
use crate::error::{Error, Result};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// An implementation of any method.
pub type Implementation = dyn Fn(Cx, &Call) -> Result<Values, Stop<Error>> + Send + Sync;

/// A kind and the address of a row.
type Place = (KindId, usize);

/// What is in one place: the kind's own implementation, and those in front of it, the one in force last.
struct Placed {
    own: StandIn,
    stack: Vec<(u64, Arc<Implementation>)>,
}

static PLACES: LazyLock<RwLock<HashMap<Place, Placed>>> = LazyLock::new(Default::default);

/// An implementation that is in force until it is undone.
#[derive(Debug)]
#[must_use = "without it the implementation stays in force"]
pub struct Implemented {
    place: Place,
    method: &'static MethodInfo,
    number: u64,
}

impl MethodRow {
    /// Puts an implementation in front of the one that a kind has, if it has one. If it declines, the method's default runs, or
    /// the next candidate. It runs in the empty state, as an [`Interceptor`](super::packed::Interceptor) does; a call of the same
    /// method on the same backend reaches it again.
    ///
    /// ```
    /// use polyarray_core::array::packed::methods;
    /// use polyarray_core::dispatch::{Kind, KindCell};
    /// static MINE: KindCell = KindCell::new("not linked");
    /// let exp = methods().into_iter().find(|row| row.name == "exp").expect("it is linked");
    /// let implemented = exp.implement(Kind::new(&MINE), |_, call| Ok([call.args()[0].clone()].into_iter().collect()))?;
    /// implemented.undo();
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] of a method that was declared while the program runs: those have
    /// [`Declared::implement`](super::declared::Declared::implement).
    #[track_caller]
    pub fn implement(
        &'static self,
        kind: Kind,
        implementation: impl Fn(Cx, &Call) -> Result<Values, Stop<Error>> + Send + Sync + 'static,
    ) -> Result<Implemented> {
        let method = self.info.map(|info| info()).ok_or_else(|| Error::Argument {
            op: "implement",
            operands: self.to_string(),
            fix: "use the method's own `implement`".into(),
        })?;
        Ok(put(self, method, kind, Arc::new(implementation)))
    }
}

#[track_caller]
pub(super) fn put(
    row: &'static MethodRow,
    method: &'static MethodInfo,
    kind: Kind,
    implementation: Arc<Implementation>,
) -> Implemented {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let place = (kind.id(), std::ptr::from_ref(row).addr());
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut places = PLACES.write();
    let placed =
        places.entry(place).or_insert_with(|| Placed { own: stand_in(method, kind.id()), stack: Vec::new() });
    placed.stack.push((number, implementation));
    Implemented { place, method, number }
}

impl Implemented {
    /// Takes it away again; the one that was put there before it, or the kind's own, is in force.
    pub fn undo(self) {
        let mut places = PLACES.write();
        let Some(placed) = places.get_mut(&self.place) else { return };
        placed.stack.retain(|(number, _)| *number != self.number);
        if placed.stack.is_empty()
            && let Some(placed) = places.remove(&self.place)
        {
            restore(self.method, self.place.0, placed.own);
        }
    }
}

/// The implementation in force for a call.
pub(super) fn placed(kind: KindId, row: &'static MethodRow) -> Option<Arc<Implementation>> {
    let places = PLACES.read();
    let placed = places.get(&(kind, std::ptr::from_ref(row).addr()))?;
    placed.stack.last().map(|(_, implementation)| implementation.clone())
}
