//! The library, against the real shaders wherever a driver runs them, and against loads that fail.

mod bounds;
mod faults;
mod groups;
mod hangs;
mod heat;
mod lab;
mod loads;
mod patterns;
mod samples;
mod sensors;
mod sleeper;
mod values;
