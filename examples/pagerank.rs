//! PageRank of a small edge list, with the graph kernel alone: no files, no Arrow, no async.
//!
//! ```console
//! $ cargo run --example pagerank
//! ```

use std::collections::BTreeSet;
use std::error::Error;

use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;
use renown_graph::pagerank::{PageRank, Stop};

/// Who pays how much attention to whom.
const EDGES: [(&str, &str, f32); 7] = [
    ("ann", "cid", 3.0),
    ("bob", "cid", 1.0),
    ("bob", "ann", 1.0),
    ("cid", "ann", 2.0),
    ("dee", "cid", 5.0),
    ("dee", "bob", 0.5),
    ("cid", "eve", 0.5),
];

fn main() -> Result<(), Box<dyn Error>> {
    // A vertex is a number below the number of vertices; here the place of its name in the alphabet.
    let names: BTreeSet<&str> = EDGES.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let number = |name| names.binary_search(&name).map(|place| place as u32);

    // Edges come in parts, so that several threads can decode them; one part is enough here. Their order does not matter.
    let mut part = EdgeList::default();
    for (from, to, weight) in EDGES {
        part.sources.push(number(from).map_err(|_| "no such vertex")?);
        part.targets.push(number(to).map_err(|_| "no such vertex")?);
        part.weights.push(weight);
    }
    let graph: Csr = Csr::from_edges(names.len(), vec![part])?;

    // Eve gives no attention: what such a vertex holds is spread evenly, as a random jump is.
    let pagerank = PageRank {
        damping: 0.85,
        stop: Stop::Tolerance { tolerance: 1e-9, max_iterations: 200 },
        ..PageRank::default()
    };
    let ranks = pagerank.run(&graph, None)?;

    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| ranks.ranks[*b].total_cmp(&ranks.ranks[*a]));
    for vertex in order {
        println!("{:<4} {:.6}", names[vertex], ranks.ranks[vertex]);
    }
    // The distance to the exact ranks is at most this, rounding included.
    println!("{} iterations, certified bound {:.1e}", ranks.iterations, ranks.bound);
    Ok(())
}
