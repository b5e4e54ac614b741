//! Reference pages generated from declarations: tables, keys, methods.

pub mod methods;
pub mod reference;
