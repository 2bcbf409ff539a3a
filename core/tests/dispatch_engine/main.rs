//! Tests of the dispatch engine, which knows no array: everything runs on fakes.
mod environment;
mod fakes;
mod leaving;

mod rules;
mod same_answer;
mod state;
mod trace;
