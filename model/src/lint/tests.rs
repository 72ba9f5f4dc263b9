//! Tests of lint: the documented examples, and what the project ships.

mod bounds;
mod documented;
mod shipped;
