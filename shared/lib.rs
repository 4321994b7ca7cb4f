//! What earlier steps have taught, in its finished form.
//!
//! A module enters in the step that needs it for the first time; its first
//! line says which. Step N uses only modules that have entered by N.

pub mod cli;
pub mod collections;
pub mod events;
pub mod files;
pub mod http;
pub mod net;
pub mod sync;
pub mod web;
