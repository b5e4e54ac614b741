//! Flags of vertices that all threads set at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::indices::VertexIndex;

/// A flag of each vertex, set by all threads at once: they are never unset, so that no order matters.
pub struct VertexFlags(Vec<AtomicBool>);

impl VertexFlags {
    /// No flag of so many vertices is set.
    pub fn new(vertices: usize) -> Self {
        Self((0..vertices).map(|_| AtomicBool::new(false)).collect())
    }

    /// Sets the flag of a vertex.
    pub fn set(&self, vertex: VertexIndex) {
        let flag = &self.0[vertex.index()];
        // Most are set already, and reading is cheaper than writing.
        if !flag.load(Ordering::Relaxed) {
            flag.store(true, Ordering::Relaxed);
        }
    }
}

/// Length: vertices.
impl From<VertexFlags> for Vec<bool> {
    fn from(VertexFlags(flags): VertexFlags) -> Self {
        flags.into_iter().map(AtomicBool::into_inner).collect()
    }
}
