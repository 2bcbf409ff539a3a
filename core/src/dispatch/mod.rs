//! The dispatch engine. It knows no array.
//!
//! Its files form no circle; the layers, bottom up:
//!
//! | file | idea |
//! |---|---|
//! | `key` | residencies, interned |
//! | `decline` | how implementations and conversions decline |
//! | `kind` | backends: kinds, instances, how scopes name them |
//! | `argument` | arguments that take part, and their conversion |
//! | `identity`, `error` | a method without its types; errors and the outcomes of candidates |
//! | `cx`, `sink` | the context of an implementation; events of calls, and their listeners |
//! | `method` | [`method!`]: declaring multimethods |
//! | `env`, `globals`, `registry` | settings of the environment and the process; the implementations of each kind |
//! | `walk`, `misplaced` | states, interned; scopes that are left out of turn |
//! | `state`, `trace`, `scope`, `entered`, `settings` | the state in force, and entering or changing it |
//! | `raise` | errors of operators, which can't return them |
//! | `candidates` | THE order |
//! | `plan`, `cache` | a walk with its functions resolved, and the caches of plans |
//! | `report` | errors and explanations of a walk |
//! | `call`, `determine` | the slow path of a call; `determine_backend` |
mod argument;
mod cache;
mod call;
mod candidates;
mod cx;
mod decline;
mod determine;
pub mod entered;
mod env;
mod error;
mod globals;
mod identity;
mod key;
mod kind;
mod method;
mod misplaced;
mod plan;
mod raise;
mod registry;
mod report;
mod scope;
mod settings;
mod sink;
mod state;
pub mod trace;
mod walk;

#[doc(hidden)]
pub use linkme;

#[doc(hidden)]
pub use self::argument::Held;
pub use self::argument::{Argument, Dispatchable};
pub use self::cx::Cx;
pub use self::decline::{Decline, Operand, Refusal, Stop};
pub use self::determine::{Determined, determine_backend};
pub use self::env::{BACKEND as ENV_BACKEND, BLOCK as ENV_BLOCK, Environment, FALLBACK as ENV_FALLBACK};
pub use self::error::{ConversionFailed, DispatchError, Error, NotFound, Origin, Outcome, Passed, Tried};
pub use self::globals::GlobalOptions;
#[doc(hidden)]
pub use self::identity::Erased;
pub use self::identity::MethodInfo;
pub use self::key::Key;
#[doc(hidden)]
pub use self::kind::unlinked;
pub use self::kind::{AsTarget, BackendKind, Fit, Instance, KINDS, Kind, KindCell, KindId, Target, kinds};
pub use self::method::{Answer, Method, Returned};
#[doc(hidden)]
pub use self::raise::caught;
pub use self::raise::raise;
pub use self::registry::{
    REGISTRATIONS, Registrar, enrol, interceptor_of, register_interceptor, registered_at,
};
pub(crate) use self::registry::{StandIn, restore, stand_in};
pub use self::scope::{detached, pinned, skip, with_backend};
pub use self::settings::{Clear, block, clear, register_backend, set_global};
#[doc(hidden)]
pub use self::state::uncached;
pub use self::state::{InState, State};
pub use self::trace::{Explanation, explain};
pub use self::walk::Options;
#[doc(hidden)]
pub use self::walk::states;
pub use crate::__polyarray_linked_kind as linked_kind;
pub use crate::__polyarray_method as method;
pub use crate::__polyarray_registrations as registrations;
pub use crate::__polyarray_scope as scope;

/// What the macros expand to.
#[doc(hidden)]
pub mod __private {
    pub use super::cache::Front;
    pub use super::call::{Fits, failed, slow};
    pub use super::cx::Hit;
    pub use super::scope::Scope;
}
