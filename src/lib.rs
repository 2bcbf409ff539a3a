//! Write array code once; it runs where the data lives.
