//! Holds the service layer to `contract/service.md`: without a socket where that is possible, and
//! as a process of its own where it is not.

mod asking;
mod bodies;
mod client;
mod command_line;
mod connections;
mod following;
mod handlers;
mod life;
mod log;
mod operations;
mod parsing;
mod process;
mod routes;
