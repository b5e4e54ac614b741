//! What posts are about.
//!
//! A phrase weighs by its rarity, `ln((1 + N) / n)` with n of the N own posts holding it (Spärck Jones 1972, *A
//! Statistical Interpretation of Term Specificity*), by the place where it stands and by how surely it means its
//! topic. A topic passes a share of its weight on to the topics above it. The few heaviest topics are those of
//! the post; to them come, at the weight `parent_weight`, those of the post that it answers or passes on. Shares are
//! whole 65,536ths, so that sums over posts are exact in any order.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::catalogue::Catalogue;
use crate::lists::Lists;
use crate::method::TopicRule;
use crate::model::{People, Posts};
use crate::phrases::{Places, TAG, TEXT, TITLE, URL, Vocabulary};
use renown_graph::numbering::NONE;

/// A post's shares sum to this.
pub const WHOLE: u32 = 1 << 16;

/// A topic of a post with its share.
pub type Share = (u32, u32);

/// Posts whose topics are found at once.
const CHUNK: usize = 1 << 12;

/// The topics of each post, in order of topic, with shares that sum to [`WHOLE`]; a post about nothing has
/// none. Lists: posts.
pub fn attribution(
    people: &People,
    posts: &Posts,
    vocabulary: &Vocabulary,
    catalogue: &Catalogue,
    rule: &TopicRule,
) -> Lists<Share> {
    let attributing = Attributing::of(people, posts, vocabulary, catalogue, rule);
    let n = posts.authors.len();
    let own: Vec<Lists<Share>> = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut topics = Lists::default();
            for post in chunk * CHUNK..n.min((chunk + 1) * CHUNK) {
                topics.push(attributing.own(post));
            }
            topics
        })
        .collect();
    let mut all = Lists::default();
    all.extend(own);
    attributing.with_parents(all)
}

struct Attributing<'a> {
    posts: &'a Posts,
    vocabulary: &'a Vocabulary,
    catalogue: &'a Catalogue,
    rule: &'a TopicRule,
    /// Rarity of each phrase, and of each tag that is none.
    phrase_rarity: Vec<f64>,
    tag_rarity: Vec<f64>,
    /// Topics of the ontology above each, with what they get of its weight.
    roll_up: Lists<(u32, f64)>,
    /// Topics of the catalogue that the author of each post refuses.
    refused: Vec<&'a BTreeSet<u32>>,
}

impl<'a> Attributing<'a> {
    fn of(
        people: &People,
        posts: &'a Posts,
        vocabulary: &'a Vocabulary,
        catalogue: &'a Catalogue,
        rule: &'a TopicRule,
    ) -> Self {
        let refused =
            |vertex: &u32| catalogue.refused_by(people.persons.vertex_persons[*vertex as usize]);
        let own = posts.originals();
        let phrases = own.clone().flat_map(|post| posts.hits.of(post)).map(|hit| hit.phrase);
        let tags = own.flat_map(|post| posts.tags.of(post)).copied();
        Self {
            posts,
            vocabulary,
            catalogue,
            rule,
            phrase_rarity: rarity(vocabulary.lexicon.len(), posts.originals, phrases),
            tag_rarity: rarity(posts.tag_names.len(), posts.originals, tags),
            roll_up: vocabulary.ontology.roll_up(rule.roll_up),
            refused: posts.authors.iter().map(refused).collect(),
        }
    }

    /// The topics of a post by itself.
    fn own(&self, post: usize) -> Vec<Share> {
        let refused = self.refused[post];
        let mut weights: Vec<(u32, f64)> = Vec::new();
        for (hit, sense) in self.vocabulary.meant(self.posts.hits.of(post)) {
            // What is refused is refused with all below it, so that nothing above a topic that is not is refused.
            if !refused.contains(&self.catalogue.of_ontology(sense.topic)) {
                let weight = self.phrase_rarity[hit.phrase as usize] * self.place(hit.places);
                let above = self.roll_up.of(sense.topic as usize).iter();
                weights.extend(above.map(|(topic, share)| {
                    (self.catalogue.of_ontology(*topic), weight * sense.weight * share)
                }));
            }
        }
        for tag in self.posts.tags.of(post) {
            if let Some(topic) =
                self.catalogue.of_tag(*tag).filter(|topic| !refused.contains(topic))
            {
                weights.push((topic, self.tag_rarity[*tag as usize] * self.rule.tag_weight));
            }
        }
        weights.retain(|(_, weight)| *weight > 0.0);
        // A stable sort: the weights of a topic are added in order of phrase.
        weights.sort_by_key(|(topic, _)| *topic);
        weights.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            sum.1 += if same { next.1 } else { 0.0 };
            same
        });
        let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let least = all * self.rule.min_share;
        shares(weights, self.rule.max_topics as usize, least)
    }

    /// The weight of the heaviest of the places.
    fn place(&self, places: Places) -> f64 {
        let rule = self.rule;
        let weights = [
            (TITLE, rule.title_weight),
            (TAG, rule.tag_weight),
            (TEXT, 1.0),
            (URL, rule.url_weight),
        ];
        let at = weights.into_iter().filter(|(place, _)| places & place != 0);
        at.map(|(_, weight)| weight).fold(0.0, f64::max)
    }

    /// The topics of each post with those of the post that it answers or passes on.
    fn with_parents(&self, own: Lists<Share>) -> Lists<Share> {
        let generations = generations(&self.posts.parents);
        let mut mixed: Vec<Option<Vec<Share>>> = vec![None; own.len()];
        for generation in generations.iter().skip(1) {
            let children: Vec<Vec<Share>> = generation
                .par_iter()
                .map(|post| {
                    let parent = self.posts.parents[*post as usize] as usize;
                    let above = mixed[parent].as_deref().unwrap_or(own.of(parent));
                    self.mixed(*post as usize, own.of(*post as usize), above)
                })
                .collect();
            for (post, topics) in generation.iter().zip(children) {
                mixed[*post as usize] = Some(topics);
            }
        }
        let mut all = Lists::default();
        for (own, mixed) in own.iter().zip(mixed) {
            match mixed {
                Some(mixed) => all.push(mixed),
                None => all.push(own.iter().copied()),
            }
        }
        all
    }

    fn mixed(&self, post: usize, own: &[Share], above: &[Share]) -> Vec<Share> {
        let parent_weight = self.rule.parent_weight;
        let above = above.iter().filter(|(topic, _)| !self.refused[post].contains(topic));
        let mut weights: Vec<(u32, f64)> =
            own.iter().map(|(topic, share)| (*topic, f64::from(*share))).collect();
        for (topic, share) in above {
            match weights.binary_search_by_key(topic, |(topic, _)| *topic) {
                Ok(at) => weights[at].1 += parent_weight * f64::from(*share),
                Err(at) => weights.insert(at, (*topic, parent_weight * f64::from(*share))),
            }
        }
        weights.retain(|(_, weight)| *weight > 0.0);
        shares(weights, self.rule.max_topics as usize, 0.0)
    }
}

/// The rarity of each of `n` things that stand in some of `all` posts; what stands in none is as rare as can be.
fn rarity(n: usize, all: usize, found: impl Iterator<Item = u32>) -> Vec<f64> {
    let mut counts = vec![0_u32; n];
    found.for_each(|number| counts[number as usize] += 1);
    let of_count = |count: u32| libm::log((1.0 + all as f64) / f64::from(count.max(1)));
    counts.into_iter().map(of_count).collect()
}

/// Of the weights, in order of topic, at most `most` of at least `least` and always the heaviest, as shares in
/// order of topic. Of equal weights the lower topic goes first.
fn shares(mut weights: Vec<(u32, f64)>, most: usize, least: f64) -> Vec<Share> {
    weights.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let enough = weights.iter().take(most).take_while(|(_, weight)| *weight >= least).count();
    weights.truncate(enough.max(1));
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    // The largest remainders are rounded up.
    let exact = |weight: f64| f64::from(WHOLE) * weight / all;
    let mut shares: Vec<Share> =
        weights.iter().map(|(topic, weight)| (*topic, exact(*weight) as u32)).collect();
    let given: u32 = shares.iter().map(|(_, share)| share).sum();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let rest = |at: &usize| exact(weights[*at].1) - f64::from(shares[*at].1);
    order.sort_by(|one, other| rest(other).total_cmp(&rest(one)));
    for at in order.into_iter().take(WHOLE.saturating_sub(given) as usize) {
        shares[at].1 += 1;
    }
    shares.retain(|(_, share)| *share > 0);
    shares.sort_unstable();
    shares
}

/// The posts by the number of posts above them. Posts that go round in a circle stand as though they had no
/// parent.
fn generations(parents: &[u32]) -> Vec<Vec<u32>> {
    const UNKNOWN: u32 = u32::MAX;
    let mut depths = vec![UNKNOWN; parents.len()];
    let mut way = Vec::new();
    // When each post was passed on the way that is walked; 0 if it was not.
    let mut passed = vec![0_u32; parents.len()];
    for post in 0..parents.len() as u32 {
        let mut at = post;
        while at != NONE && depths[at as usize] == UNKNOWN && passed[at as usize] == 0 {
            way.push(at);
            passed[at as usize] = way.len() as u32;
            at = parents[at as usize];
        }
        let circle = if at != NONE && depths[at as usize] == UNKNOWN {
            passed[at as usize] as usize - 1
        } else {
            way.len()
        };
        for in_circle in way.drain(circle..) {
            (depths[in_circle as usize], passed[in_circle as usize]) = (0, 0);
        }
        while let Some(below) = way.pop() {
            let parent = parents[below as usize];
            let depth = if parent == NONE { 0 } else { depths[parent as usize] + 1 };
            (depths[below as usize], passed[below as usize]) = (depth, 0);
        }
    }
    let deepest = depths.iter().max().map_or(0, |depth| *depth as usize + 1);
    let mut generations = vec![Vec::new(); deepest];
    for (post, depth) in (0..).zip(depths) {
        generations[depth as usize].push(post);
    }
    generations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_whole() {
        assert_eq!(shares(vec![], 5, 0.0), []);
        assert_eq!(shares(vec![(3, 2.5)], 5, 9.0), [(3, WHOLE)]);
        assert_eq!(
            shares(vec![(1, 1.0), (2, 1.0), (3, 1.0)], 5, 0.0),
            [(1, 21_846), (2, 21_845), (3, 21_845)]
        );
        assert_eq!(
            shares(vec![(1, 1.0), (2, 3.0), (3, 1.0)], 2, 0.0),
            [(1, WHOLE / 4), (2, 49_152)]
        );
        assert_eq!(shares(vec![(1, 1.0), (2, 9.0)], 5, 1.5), [(2, WHOLE)]);
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..2_000 {
            let weights: Vec<_> =
                (0..random.u32(1..9)).map(|topic| (topic, random.f64() + 1e-9)).collect();
            let sum: u32 = shares(weights, 9, 0.0).iter().map(|(_, share)| share).sum();
            assert_eq!(sum, WHOLE);
        }
    }

    #[test]
    fn generations_count_the_posts_above() {
        // 1 answers 0, 2 answers 1; 3 and 4 answer one another, 5 answers 4, 6 itself.
        let parents = [NONE, 0, 1, 4, 3, 4, 6];
        assert_eq!(generations(&parents), [vec![0, 3, 4, 6], vec![1, 5], vec![2]]);
        assert!(generations(&[]).is_empty());
    }
}
