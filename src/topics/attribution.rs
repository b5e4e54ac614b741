//! What posts are about.
//!
//! The weight of a phrase is its rarity, `ln((1 + N) / n)` with n of the N original posts holding it (Spärck Jones 1972, *A
//! Statistical Interpretation of Term Specificity*), times a weight of its place in the post, times the probability that it
//! means its topic. A topic passes a share of its weight on to the topics above it. The few heaviest topics are those of the
//! post; those of the post that it answers or reposts are added, at the weight `parent_weight`. Shares are whole 65,536ths, so
//! that sums over posts are exact in any order. In a backtest N and n are of the posts that a run of the date reads, and later posts
//! are attributed by the same weights.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::catalogue::Catalogue;
use super::scope::PostScope;
use crate::lists::Lists;
use crate::method::TopicRule;
use crate::model::{OrNone, People, PostIndex, Posts, VertexIndex};
use crate::phrases::{Places, TAG, TEXT, TITLE, URL, Vocabulary};
use crate::reduce::ONE;

/// The shares of a post sum to this.
pub const WHOLE: u32 = 1 << 16;

/// A topic of a post with its share.
pub type TopicShare = (u32, u32);

/// Posts whose topics are found as one parallel work item.
const CHUNK_POSTS: usize = 1 << 12;

/// The topics of each post, in order of topic, with shares that sum to [`WHOLE`]; none for a post about no topic, and for one
/// outside of `scope`. Lists: posts.
pub(super) fn attribute_posts(
    people: &People,
    posts: &Posts,
    vocabulary: &Vocabulary,
    catalogue: &Catalogue,
    rule: &TopicRule,
    scope: PostScope<'_>,
) -> Lists<TopicShare> {
    let attribution = Attribution::new(people, posts, vocabulary, catalogue, rule, scope);
    let n = posts.authors.len();
    let chunks: Vec<Lists<TopicShare>> = (0..n.div_ceil(CHUNK_POSTS))
        .into_par_iter()
        .map(|chunk| {
            let mut topics = Lists::default();
            for post in chunk * CHUNK_POSTS..n.min((chunk + 1) * CHUNK_POSTS) {
                match scope.holds(post) {
                    true => topics.push(attribution.without_parent(post)),
                    false => topics.push([]),
                }
            }
            topics
        })
        .collect();
    let mut all = Lists::default();
    all.extend(chunks);
    attribution.with_parents(all)
}

/// What posts are attributed to topics by.
struct Attribution<'a> {
    posts: &'a Posts,
    vocabulary: &'a Vocabulary,
    catalogue: &'a Catalogue,
    rule: &'a TopicRule,
    scope: PostScope<'a>,
    /// Rarity of each phrase, and of each tag that is not a phrase.
    phrase_rarity: Vec<f64>,
    tag_rarity: Vec<f64>,
    /// The topics of the ontology above each, with their share of its weight.
    roll_up: Lists<(u32, f64)>,
    /// Topics of the catalogue that the author of each post refuses.
    refused: Vec<&'a BTreeSet<u32>>,
}

impl<'a> Attribution<'a> {
    fn new(
        people: &People,
        posts: &'a Posts,
        vocabulary: &'a Vocabulary,
        catalogue: &'a Catalogue,
        rule: &'a TopicRule,
        scope: PostScope<'a>,
    ) -> Self {
        let refused =
            |vertex: &VertexIndex| catalogue.refused_by(people.persons.person_of(*vertex));
        let originals = posts.originals().filter(|post| scope.is_read(*post));
        let (phrases_in, tags_in) = (originals.clone(), originals.clone());
        let phrases = phrases_in.flat_map(|post| posts.hits.of(post)).map(|hit| hit.phrase);
        let tags = tags_in.flat_map(|post| posts.tags.of(post)).copied();
        let all = originals.count();
        Self {
            posts,
            vocabulary,
            catalogue,
            rule,
            scope,
            phrase_rarity: compute_rarity(vocabulary.lexicon.len(), all, phrases),
            tag_rarity: compute_rarity(posts.tag_names.len(), all, tags),
            roll_up: vocabulary.ontology.roll_up(rule.roll_up),
            refused: posts.authors.iter().map(refused).collect(),
        }
    }

    /// The topics of a post by its own phrases and tags.
    fn without_parent(&self, post: usize) -> Vec<TopicShare> {
        let refused = self.refused[post];
        let mut weights: Vec<(u32, f64)> = Vec::new();
        for (hit, sense) in self.vocabulary.senses_in_context(self.posts.hits.of(post)) {
            // A refused topic is refused with all topics below it, so no topic above one that is not refused is refused.
            if !refused.contains(&self.catalogue.of_ontology(sense.topic)) {
                let weight =
                    self.phrase_rarity[hit.phrase as usize] * self.place_weight(hit.places);
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
        let min_weight = all * self.rule.min_share;
        to_shares(weights, self.rule.max_topics as usize, min_weight)
    }

    /// The weight of the heaviest of the places.
    fn place_weight(&self, places: Places) -> f64 {
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

    /// The topics of each post with those of the post that it answers or reposts; `alone` are those without.
    fn with_parents(&self, alone: Lists<TopicShare>) -> Lists<TopicShare> {
        let generations = group_by_generation(&self.posts.parents);
        let mut mixed: Vec<Option<Vec<TopicShare>>> = vec![None; alone.len()];
        for generation in generations.iter().skip(1) {
            let children: Vec<Vec<TopicShare>> = generation
                .par_iter()
                .map(|post| {
                    let post = post.index();
                    if !self.scope.holds(post) {
                        return vec![];
                    }
                    let above = self.posts.parents[post].get().map_or(&[][..], |parent| {
                        let parent = parent.index();
                        mixed[parent].as_deref().unwrap_or(alone.of(parent))
                    });
                    self.mix(post, alone.of(post), above)
                })
                .collect();
            for (post, topics) in generation.iter().zip(children) {
                mixed[post.index()] = Some(topics);
            }
        }
        let mut all = Lists::default();
        for (alone, mixed) in alone.iter().zip(mixed) {
            match mixed {
                Some(mixed) => all.push(mixed),
                None => all.push(alone.iter().copied()),
            }
        }
        all
    }

    /// The topics of a post, `alone`, with those of the post above it.
    fn mix(&self, post: usize, alone: &[TopicShare], above: &[TopicShare]) -> Vec<TopicShare> {
        let parent_weight = self.rule.parent_weight;
        let above = above.iter().filter(|(topic, _)| !self.refused[post].contains(topic));
        let mut weights: Vec<(u32, f64)> =
            alone.iter().map(|(topic, share)| (*topic, f64::from(*share))).collect();
        for (topic, share) in above {
            match weights.binary_search_by_key(topic, |(topic, _)| *topic) {
                Ok(at) => weights[at].1 += parent_weight * f64::from(*share),
                Err(at) => weights.insert(at, (*topic, parent_weight * f64::from(*share))),
            }
        }
        weights.retain(|(_, weight)| *weight > 0.0);
        to_shares(weights, self.rule.max_topics as usize, 0.0)
    }
}

/// A share of a weight in units of [`ONE`], which is at most a thousand.
pub(super) fn part_of_weight(weight: i64, share: u32) -> i64 {
    const { assert!(1_000 * ONE as i128 * WHOLE as i128 <= i64::MAX as i128) };
    weight * i64::from(share) / i64::from(WHOLE)
}

/// The rarity of each of `n` phrases or tags, which were `found` in `all` posts; one that was found in none counts as found
/// in one.
fn compute_rarity(n: usize, all: usize, found: impl Iterator<Item = u32>) -> Vec<f64> {
    let mut counts = vec![0_u32; n];
    found.for_each(|number| counts[number as usize] += 1);
    let of_count = |count: u32| libm::log((1.0 + all as f64) / f64::from(count.max(1)));
    counts.into_iter().map(of_count).collect()
}

/// Of the weights, in order of topic, at most `max_topics` of at least `min_weight` and always the heaviest, as shares in
/// order of topic. Of equal weights the lower topic goes first.
fn to_shares(mut weights: Vec<(u32, f64)>, max_topics: usize, min_weight: f64) -> Vec<TopicShare> {
    weights.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let heavy = weights.iter().take(max_topics);
    let heavy = heavy.take_while(|(_, weight)| *weight >= min_weight).count();
    weights.truncate(heavy.max(1));
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    // The largest remainders are rounded up.
    let exact = |weight: f64| f64::from(WHOLE) * weight / all;
    let mut shares: Vec<TopicShare> =
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

/// The posts by the number of posts above them. Posts in a circle count as having no parent.
fn group_by_generation(parents: &[OrNone<PostIndex>]) -> Vec<Vec<PostIndex>> {
    const UNKNOWN: u32 = u32::MAX;
    let parent = |post: usize| parents[post].get().map(PostIndex::index);
    let mut depths = vec![UNKNOWN; parents.len()];
    let mut path: Vec<usize> = Vec::new();
    // The place of each post on the path, from 1; 0 if it is not on it.
    let mut place = vec![0_u32; parents.len()];
    for post in 0..parents.len() {
        let mut next = Some(post);
        while let Some(at) = next.filter(|at| depths[*at] == UNKNOWN && place[*at] == 0) {
            path.push(at);
            place[at] = path.len() as u32;
            next = parent(at);
        }
        let circle = match next.filter(|at| depths[*at] == UNKNOWN) {
            Some(at) => place[at] as usize - 1,
            None => path.len(),
        };
        for in_circle in path.drain(circle..) {
            (depths[in_circle], place[in_circle]) = (0, 0);
        }
        while let Some(below) = path.pop() {
            let depth = parent(below).map_or(0, |parent| depths[parent] + 1);
            (depths[below], place[below]) = (depth, 0);
        }
    }
    let deepest = depths.iter().max().map_or(0, |depth| *depth as usize + 1);
    let mut generations = vec![Vec::new(); deepest];
    for (post, depth) in (0..).map(PostIndex::new).zip(depths) {
        generations[depth as usize].push(post);
    }
    generations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_whole() {
        assert_eq!(to_shares(vec![], 5, 0.0), []);
        assert_eq!(to_shares(vec![(3, 2.5)], 5, 9.0), [(3, WHOLE)]);
        assert_eq!(
            to_shares(vec![(1, 1.0), (2, 1.0), (3, 1.0)], 5, 0.0),
            [(1, 21_846), (2, 21_845), (3, 21_845)]
        );
        assert_eq!(
            to_shares(vec![(1, 1.0), (2, 3.0), (3, 1.0)], 2, 0.0),
            [(1, WHOLE / 4), (2, 49_152)]
        );
        assert_eq!(to_shares(vec![(1, 1.0), (2, 9.0)], 5, 1.5), [(2, WHOLE)]);
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..2_000 {
            let weights: Vec<_> =
                (0..random.u32(1..9)).map(|topic| (topic, random.f64() + 1e-9)).collect();
            let sum: u32 = to_shares(weights, 9, 0.0).iter().map(|(_, share)| share).sum();
            assert_eq!(sum, WHOLE);
        }
    }

    #[test]
    fn generations_count_the_posts_above() {
        // 1 answers 0, 2 answers 1; 3 and 4 answer one another, 5 answers 4, 6 itself.
        let parents = [None, Some(0), Some(1), Some(4), Some(3), Some(4), Some(6)];
        let parents = parents.map(|parent| parent.map(PostIndex::new).into());
        let generations: [&[usize]; 3] = [&[0, 3, 4, 6], &[1, 5], &[2]];
        let posts = |of: &[usize]| of.iter().copied().map(PostIndex::new).collect::<Vec<_>>();
        assert_eq!(group_by_generation(&parents), generations.map(posts));
        assert!(group_by_generation(&[]).is_empty());
    }
}
