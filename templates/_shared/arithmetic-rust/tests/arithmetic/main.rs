//! Arithmetic as a whole: its vectors, its laws, and what no expression can say.

mod operations;
mod properties;
mod vectors;
