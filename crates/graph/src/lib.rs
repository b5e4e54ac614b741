//! Graphs as flat arrays, and propagation over them: slices in, slices out, the same bits at any thread count.
//!
//! | module | what it does |
//! |---|---|
//! | [`numbering`] | gives ids (texts or integers) dense numbers, from all threads at once |
//! | [`relabel`] | turns numbers into vertices whose order depends on the edges alone |
//! | [`csr`] | builds a directed weighted graph in compressed sparse rows |
//! | [`pagerank`] | ranks vertices, with a certified bound on the error |
//! | [`hitting`] | the probability that a random walk visits a vertex before it jumps |
//! | [`rewire`] | random graphs with the degrees of a given one |
//! | [`scale`] | scales weights of any size to such that 32 bits hold |
//! | [`perturbation`] | how far rounded weights and a rounded teleport vector move ranks |
//! | [`sum`] | adds floating-point numbers in an order that no thread count changes |
//! | [`buckets`] | divides rows into buckets that fit a core's cache |
//!
//! Nothing here knows of files, columns, async or logging.
//!
//! # From ids to ranks
//!
//! ```
//! use renown_graph::csr::Csr;
//! use renown_graph::edges::{EdgeList, UnitWeight};
//! use renown_graph::numbering::IntegerNumbering;
//! use renown_graph::pagerank::PageRank;
//! use renown_graph::relabel::relabel_by_out_degree;
//!
//! // 30 and 20 link to 10, and 10 links to 20.
//! let (from, to) = ([30, 20, 10], [10, 10, 20]);
//!
//! let numbering = IntegerNumbering::default();
//! let mut edges = EdgeList { weights: vec![UnitWeight; 3], ..EdgeList::default() };
//! numbering.number(&from, &mut edges.sources)?;
//! numbering.number(&to, &mut edges.targets)?;
//!
//! let mut lists = vec![edges];
//! let vertices = relabel_by_out_degree(numbering.into_keys(), &mut lists);
//! let graph = Csr::from_edges(vertices.keys.len(), lists)?;
//! let ranked = PageRank::default().run(&graph, None)?;
//!
//! assert_eq!(vertices.keys, [10, 20, 30]);
//! let rank = |index: usize| ranked.ranks[vertices.ids[index] as usize];
//! assert!(rank(0) > rank(1) && rank(1) > rank(2));
//! assert!((ranked.ranks.iter().sum::<f64>() - 1.0).abs() <= ranked.bound);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod buckets;
pub mod csr;
pub mod edges;
mod error;
pub mod hitting;
mod merge;
pub mod numbering;
pub mod pagerank;
pub mod perturbation;
mod pull;
pub mod relabel;
pub mod rewire;
pub mod scale;
mod step;
pub mod sum;

pub use error::GraphError;
