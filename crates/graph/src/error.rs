//! Why a graph could not be built.

/// Why a graph could not be built. Every variant is bad input; none passes by trying again.
///
/// Which row is named never depends on the number of threads: it is the first in input order, or
/// for merged edges the first in (target, source) order.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum GraphError {
    /// Edge columns are parallel arrays, and one is longer or shorter than `sources`.
    #[error("the edge column `{column}` has {found} rows where `sources` has {expected}")]
    LengthsDiffer {
        /// The column that disagrees: `targets` or `weights`.
        column: &'static str,
        /// Rows of `sources`.
        expected: usize,
        /// Rows of `column`.
        found: usize,
    },
    /// Vertex ids are 32 bits wide.
    #[error("there are more vertices than the {limit} that fit")]
    TooManyVertices {
        /// The most that are accepted.
        limit: usize,
    },
    /// An edge names a vertex that the graph does not have.
    #[error("edge {row} names vertex {vertex}, but there are only {vertices} vertices")]
    UnknownVertex {
        /// Position of the edge in the input, from 0.
        row: usize,
        /// The id out of range; the source's if both are.
        vertex: u32,
        /// Vertices of the graph; ids run from 0 to `vertices - 1`.
        vertices: usize,
    },
    /// A weight is NaN, infinite or negative.
    #[error("edge {row} weighs {weight}: weights are finite and not negative")]
    BadWeight {
        /// Position of the edge in the input, from 0.
        row: usize,
        /// The weight as given.
        weight: f64,
    },
    /// The merged weight of an edge is no finite `f32`.
    #[error("the edge {from} -> {to} weighs {weight} in all, too much for 32 bits")]
    WeightTooLarge {
        /// Source vertex.
        from: u32,
        /// Target vertex.
        to: u32,
        /// Sum over the duplicates, in `f64`.
        weight: f64,
    },
    /// The merged weight of an edge is positive, but 0 when rounded to `f32`.
    #[error("the edge {from} -> {to} weighs {weight} in all, which 32 bits would round to 0")]
    WeightTooSmall {
        /// Source vertex.
        from: u32,
        /// Target vertex.
        to: u32,
        /// Sum over the duplicates, in `f64`.
        weight: f64,
    },
}
