//! Tests of the dispatch engine, which knows no array: everything runs on 40-line fakes.
mod fakes;
mod rules;
mod same_answer;
