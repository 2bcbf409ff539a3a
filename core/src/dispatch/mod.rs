//! The dispatch engine. It knows no array.
