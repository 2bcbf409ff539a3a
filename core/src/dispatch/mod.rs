//! The dispatch engine. It knows no array.
//!
//! | file | idea |
//! |---|---|
//! | `key` | residencies, interned |
//! | `kind` | backends: kinds, instances, how scopes name them |
//! | `argument` | arguments that take part, and their conversion |
//! | `method` | [`method!`]: declaring multimethods |
//! | `registry`, `globals`, `env` | who is there, who implements what, what the process has set |
//! | `state`, `scope` | the state in force, and entering another |
//! | `candidates` | THE order |
//! | `plan`, `cache` | a walk resolved, and found again |
//! | `call`, `determine` | the two that walk |
//! | `decline`, `error`, `report`, `trace` | saying no, and telling a person |
mod argument;
mod cache;
mod call;
mod candidates;
mod decline;
mod determine;
mod env;
mod error;
mod globals;
mod key;
mod kind;
mod method;
mod plan;
mod registry;
mod report;
mod scope;
mod state;
pub mod trace;

#[doc(hidden)]
pub use linkme;

#[doc(hidden)]
pub use self::argument::Held;
pub use self::argument::{Argument, Dispatchable};
pub use self::call::Cx;
pub use self::candidates::{Origin, Passed};
pub use self::decline::{Decline, Operand, Refusal, Stop};
pub use self::determine::{Determined, determine_backend};
pub use self::env::{BACKEND as ENV_BACKEND, BLOCK as ENV_BLOCK, Environment, FALLBACK as ENV_FALLBACK};
pub use self::error::{ConversionFailed, DispatchError, Error, NotFound, Tried};
pub use self::globals::{Clear, GlobalOptions, block, clear, register_backend, set_global};
pub use self::key::Key;
pub use self::kind::{AsTarget, BackendKind, Fit, Instance, Kind, KindCell, KindId, Target};
#[doc(hidden)]
pub use self::method::Erased;
pub use self::method::{Answer, Method, MethodInfo, Returned};
pub use self::registry::{
    KINDS, REGISTRATIONS, Registrar, enrol, interceptor_of, kinds, register_interceptor, registered_at,
};
pub use self::scope::{detached, pinned, skip, with_backend};
#[doc(hidden)]
pub use self::state::uncached;
pub use self::state::{InState, Options, State};
pub use self::trace::{Explanation, Outcome, explain};
pub use crate::__polyarray_linked_kind as linked_kind;
pub use crate::__polyarray_method as method;
pub use crate::__polyarray_registrations as registrations;
pub use crate::__polyarray_scope as scope;

/// What the macros expand to.
#[doc(hidden)]
pub mod __private {
    pub use super::cache::Front;
    pub use super::call::{Fits, Hit, failed, slow};
    pub use super::scope::Scope;
}
