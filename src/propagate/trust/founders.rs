//! Founders: who is long-standing on the first night with trust.

use rayon::prelude::*;

use super::is_vouch;
use crate::error::Result;
use crate::method::Method;
use crate::model::{Interaction, NetworkIndex, Persons, VertexFlags, Window};
use crate::propagate::{pagerank_of, ranking_error, uniform_over};
use crate::reduce::{CHUNK_VERTICES, InteractionRules, attention_graphs};

/// People to whom so many others reacted, a tenure ago, are founders if they acted.
const PEOPLE: usize = 2;

/// Whether each vertex is a founder: `earlier` are the interactions of the window that ends a tenure before the instant.
///
/// Founders are the `seeds` (length: vertices), and whoever acted and had trust of at least the method's threshold then, by
///
/// ```text
/// t = (1 − d)·v + d·(Pᵀt + D(t)·v),    v uniform over the seeds of the network
/// ```
///
/// (Gyöngyi, Garcia-Molina, Pedersen 2004, *Combating Web Spam with TrustRank*, §4), as a multiple of 1/n, n the people of the
/// network who took part by then: whoever comes later makes nobody a founder. On a network without seeds: whoever acted, and
/// to whom two distinct people had reacted. Among the vertices that `existed` (all of them where it is `None`).
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance, and as [`attention_graphs`].
pub fn find_founders(
    earlier: Window<'_>,
    persons: &Persons,
    rules: &InteractionRules,
    seeds: &[bool],
    existed: Option<&[bool]>,
    method: &Method,
) -> Result<Vec<bool>> {
    let n = persons.vertices();
    let Earlier { mut acted, took_part, supported: mut founders } = look(earlier, rules, n);
    let graphs = match seeds.contains(&true) {
        true => attention_graphs(earlier, persons, rules)?,
        false => vec![],
    };
    for (network, graph) in graphs.iter().enumerate() {
        let vertices = persons.network(NetworkIndex::new(network));
        let existed = existed.map(|existed| &existed[vertices.clone()]);
        let has_existed = |vertex: usize| existed.is_none_or(|existed| existed[vertex]);
        let seeds = seeds[vertices.clone()].iter().enumerate();
        let seeds: Vec<bool> =
            seeds.map(|(vertex, is_seed)| *is_seed && has_existed(vertex)).collect();
        if let Some(teleport) = uniform_over(&seeds) {
            let took_part = took_part[vertices.clone()].iter().zip(&seeds);
            let n =
                took_part.filter(|(took_part, is_seed)| **took_part || **is_seed).count() as f64;
            let trust = pagerank_of(&method.rank).run(graph, Some(&teleport[..]));
            let trust = trust.map_err(ranking_error)?.ranks;
            let reached = trust.into_iter().map(|trust| n * trust >= method.trust.threshold);
            founders.splice(vertices.clone(), reached);
        }
        // Seeds need not have acted.
        for (vertex, is_seed) in vertices.zip(seeds) {
            acted[vertex] |= is_seed;
            founders[vertex] |= is_seed;
        }
    }
    Ok(founders.into_iter().zip(acted).map(|(is_founder, acted)| is_founder && acted).collect())
}

/// What happened earlier to each vertex. Lengths: vertices.
struct Earlier {
    acted: Vec<bool>,
    /// Whether it acted or was acted upon.
    took_part: Vec<bool>,
    /// Whether two distinct people reacted to it, and not against it.
    supported: Vec<bool>,
}

fn look(earlier: Window<'_>, rules: &InteractionRules, vertices: usize) -> Earlier {
    let [acted, received, supported] = [(); 3].map(|()| VertexFlags::new(vertices));
    (0..vertices).into_par_iter().step_by(CHUNK_VERTICES).for_each(|start| {
        let targets = start..vertices.min(start + CHUNK_VERTICES);
        let of_chunk = earlier.interactions().of_targets(targets);
        for of_target in of_chunk.chunk_by(|one, other| one.target == other.target) {
            let mut people = 0;
            for pair in of_target.chunk_by(Interaction::same_pair) {
                let mut inside =
                    pair.iter().filter(|event| earlier.age_minutes(event).is_some()).peekable();
                if let Some(event) = inside.peek() {
                    acted.set(event.actor);
                    received.set(event.target);
                    people += usize::from(inside.any(|event| is_vouch(event, rules)));
                }
            }
            if people >= PEOPLE {
                supported.set(of_target[0].target);
            }
        }
    });
    let [acted, received, supported] = [acted, received, supported].map(Vec::<bool>::from);
    let took_part = acted.iter().zip(received).map(|(acted, received)| *acted || received);
    Earlier { took_part: took_part.collect(), acted, supported }
}
