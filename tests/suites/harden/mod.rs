//! The steps that are hardened: what a client gets at most, and what is left.

mod clients;
mod manager;
mod sandbox;
