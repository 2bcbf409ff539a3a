//! Tests of the dispatch engine, which knows no array: everything runs on fakes.
mod arguments;
mod environment;
mod fakes;
mod leaving;
mod mistakes;
mod rules;
mod same_answer;
mod state;
mod trace;
