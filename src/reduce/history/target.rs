//! What one target drew from others, measured.

use renown_graph::numbering::NONE;

use super::names::{
    ACTIVE_REACTORS, DAYS, MEASURES, PAIR_WEEKS, POSTS, QUANTITIES, REACTIONS, REACTORS, RECENCY,
    REPEAT_REACTORS, WEEKS,
};
use super::rules::{HistoryRules, UNIT};
use crate::model::{Audience, CREDIT, OrNone, PostIndex, VertexIndex};
use crate::reduce::engagement_measures::with_rest;

/// The reactions to one target; kept for the next one, so that nothing is allocated anew.
#[derive(Default)]
pub(crate) struct TargetReactions {
    /// Actor and age, as one number to sort by, and post.
    events: Vec<(u64, u32)>,
    /// Age and credit of each.
    by_age: Vec<(u32, u64)>,
    /// Post, decayed reactions of all and by credit at each half-life of posts.
    posts: Vec<(u32, u32, u64)>,
    /// Indices of events whose credit may be the largest of those that cover an instant.
    largest: Vec<usize>,
}

/// Sums in units of [`UNIT`].
struct Sums {
    all: [u64; QUANTITIES],
    credited: [u64; QUANTITIES],
}

impl TargetReactions {
    /// Adds a reaction.
    pub(crate) fn push(&mut self, actor: VertexIndex, age_minutes: u32, post: OrNone<PostIndex>) {
        let key = u64::from(u32::from(actor)) << 32 | u64::from(age_minutes);
        self.events.push((key, post.into()));
    }

    /// Measures the reactions, and takes them out. `last_acts` has the age of what each vertex did last, `factors` what the
    /// quantities are multiplied by.
    pub(crate) fn measure(
        &mut self,
        rules: &HistoryRules,
        factors: &[f64; QUANTITIES],
        mut audience: Audience<'_>,
        last_acts: &[u32],
    ) -> [f64; MEASURES] {
        if self.events.is_empty() {
            return [0.0; MEASURES];
        }
        self.events.sort_unstable();
        self.by_age.clear();
        self.posts.clear();
        let mut sums = Sums { all: [0; QUANTITIES], credited: [0; QUANTITIES] };
        for pair in self.events.chunk_by(|one, other| one.0 >> 32 == other.0 >> 32) {
            let actor = VertexIndex::new((pair[0].0 >> 32) as usize);
            let credit = audience.credit(actor).unsigned_abs();
            sums.add_pair(rules, pair, credit, last_acts[actor.index()]);
            for (key, post) in pair {
                let age = *key as u32;
                self.by_age.push((age, credit));
                if *post != NONE {
                    self.posts.push((*post, age, credit));
                }
            }
        }
        self.by_age.sort_unstable();
        sums.add_recency(rules, &self.by_age);
        sums.add_unions(rules, &self.by_age, &mut self.largest);
        self.posts.sort_unstable();
        sums.add_posts(rules, &self.posts);
        self.events.clear();
        sums.finish(factors)
    }
}

/// The age of an event.
fn age(event: &(u64, u32)) -> u32 {
    event.0 as u32
}

/// `units` by credit.
fn by_credit(units: u64, credit: u64) -> u64 {
    let product = u128::from(units) * u128::from(credit);
    (product / u128::from(CREDIT.unsigned_abs())) as u64
}

impl Sums {
    fn add(&mut self, quantity: usize, units: u64, credit: u64) {
        self.all[quantity] += units;
        self.credited[quantity] += by_credit(units, credit);
    }

    /// Adds the reactions of one actor, the latest first.
    fn add_pair(&mut self, rules: &HistoryRules, pair: &[(u64, u32)], credit: u64, last_act: u32) {
        let last = rules.decays_at(age(&pair[0]));
        for quantity in REACTORS..REPEAT_REACTORS {
            self.add(quantity, last.of(quantity), credit);
        }
        if let Some(second) = pair.get(1) {
            let second = rules.decays_at(age(second));
            for quantity in REPEAT_REACTORS..ACTIVE_REACTORS {
                self.add(quantity, second.of(quantity), credit);
            }
        }
        // By the actor's last reaction here at two horizons, and to anybody at one.
        let active = last.of(REACTORS + 3) * rules.decays_at(last_act).of(ACTIVE_REACTORS) / UNIT;
        self.add(ACTIVE_REACTORS, active, credit);
        let mut reactions = [0_u64; WEEKS - REACTIONS];
        for event in pair {
            let decays = rules.decays_at(age(event));
            for (units, quantity) in reactions.iter_mut().zip(REACTIONS..) {
                *units += decays.of(quantity);
            }
        }
        for (units, quantity) in reactions.into_iter().zip(REACTIONS..) {
            self.add(quantity, units, credit);
        }
        let mut weeks = [0_u64; RECENCY - PAIR_WEEKS];
        let ages = pair.iter().map(age);
        union(ages, rules.week_minutes, |from, to| {
            let (from, to) = (rules.decays_at(from), rules.decays_at(to));
            for (units, quantity) in weeks.iter_mut().zip(PAIR_WEEKS..) {
                *units += from.of(quantity) - to.of(quantity);
            }
        });
        for (units, quantity) in weeks.into_iter().zip(PAIR_WEEKS..) {
            self.add(quantity, units, credit);
        }
    }

    /// Sets the recency of the last reaction, by credit the largest of any; `by_age` has the youngest first.
    fn add_recency(&mut self, rules: &HistoryRules, by_age: &[(u32, u64)]) {
        let last = rules.decays_at(by_age[0].0);
        for quantity in RECENCY..POSTS {
            self.all[quantity] = last.of(quantity);
        }
        for (age, credit) in rising_credits(by_age.iter().copied()) {
            let decays = rules.decays_at(age);
            for quantity in RECENCY..POSTS {
                let own = &mut self.credited[quantity];
                *own = by_credit(decays.of(quantity), credit).max(*own);
            }
        }
    }

    /// Adds the weeks and days with a reaction, by credit with the largest credit that covers each instant.
    fn add_unions(
        &mut self,
        rules: &HistoryRules,
        by_age: &[(u32, u64)],
        largest: &mut Vec<usize>,
    ) {
        let lengths = [(rules.week_minutes, WEEKS..DAYS), (rules.day_minutes, DAYS..PAIR_WEEKS)];
        for (length, quantities) in lengths {
            let first = quantities.start;
            let (mut all, mut credited) = ([0_u64; DAYS - WEEKS], [0_u128; DAYS - WEEKS]);
            largest_credits(by_age, length, largest, |from, to, credit| {
                let (from, to) = (rules.decays_at(from), rules.decays_at(to));
                for quantity in quantities.clone() {
                    let units = from.of(quantity) - to.of(quantity);
                    all[quantity - first] += units;
                    credited[quantity - first] += u128::from(units) * u128::from(credit);
                }
            });
            for quantity in quantities {
                self.all[quantity] = all[quantity - first];
                let credited = credited[quantity - first] / u128::from(CREDIT.unsigned_abs());
                self.credited[quantity] = credited as u64;
            }
        }
    }

    /// Adds the posts that drew a reaction: each by its last one, by credit by the largest.
    fn add_posts(&mut self, rules: &HistoryRules, posts: &[(u32, u32, u64)]) {
        for of_post in posts.chunk_by(|one, other| one.0 == other.0) {
            let last = rules.decays_at(of_post[0].1);
            let mut credited = [0_u64; QUANTITIES - POSTS];
            for (age, credit) in rising_credits(of_post.iter().map(|own| (own.1, own.2))) {
                let decays = rules.decays_at(age);
                for (own, quantity) in credited.iter_mut().zip(POSTS..) {
                    *own = by_credit(decays.of(quantity), credit).max(*own);
                }
            }
            for (own, quantity) in credited.into_iter().zip(POSTS..) {
                self.all[quantity] += last.of(quantity);
                self.credited[quantity] += own;
            }
        }
    }

    fn finish(self, factors: &[f64; QUANTITIES]) -> [f64; MEASURES] {
        std::array::from_fn(|measure| {
            let quantity = measure % QUANTITIES;
            let all = self.all[quantity] as f64 * factors[quantity];
            if measure < QUANTITIES {
                return all;
            }
            let credited = self.credited[quantity] as f64 * factors[quantity];
            let others = self.all[quantity] - self.credited[quantity];
            match quantity {
                // Distinct people keep an order where nobody has credit.
                REACTORS..REACTIONS => with_rest(credited, others as f64 * factors[quantity]),
                _ => credited,
            }
        })
    }
}

/// Those events with a larger credit than every younger one: no decay makes anything of the others the largest. Ages ascend.
fn rising_credits(by_age: impl Iterator<Item = (u32, u64)>) -> impl Iterator<Item = (u32, u64)> {
    let mut largest = 0;
    by_age.filter(move |(_, credit)| {
        let is_larger = *credit > largest;
        largest = largest.max(*credit);
        is_larger
    })
}

/// The parts of the union of `[age − length, age]` over `ages`, which ascend; ages below 0 are after the end.
fn union(ages: impl Iterator<Item = u32>, length: u32, mut part: impl FnMut(u32, u32)) {
    let mut reached = 0;
    for age in ages {
        let from = age.saturating_sub(length).max(reached);
        if from < age {
            part(from, age);
        }
        reached = age;
    }
}

/// The parts of that union with the largest credit that covers each; `largest` is scratch.
fn largest_credits(
    by_age: &[(u32, u64)],
    length: u32,
    largest: &mut Vec<usize>,
    mut part: impl FnMut(u32, u32, u64),
) {
    // Events that cover the instant, the largest credit first; later ones with a smaller credit follow, as they cover longer.
    largest.clear();
    let (mut at, mut head, mut next) = (0_u32, 0, 0);
    loop {
        // Those that begin to cover by now.
        while let Some((age, credit)) =
            by_age.get(next).filter(|event| event.0.saturating_sub(length) <= at)
        {
            while largest.len() > head && by_age[largest[largest.len() - 1]].1 <= *credit {
                largest.pop();
            }
            if *age > at {
                largest.push(next);
            }
            next += 1;
        }
        // Those that have ended.
        while largest.get(head).is_some_and(|event| by_age[*event].0 <= at) {
            head += 1;
        }
        let begins = by_age.get(next).map(|event| event.0.saturating_sub(length));
        let Some(covering) = largest.get(head) else {
            match begins {
                Some(begins) => at = begins,
                None => return,
            }
            continue;
        };
        let (ends, credit) = by_age[*covering];
        let until = begins.map_or(ends, |begins| begins.min(ends));
        part(at, until, credit);
        at = until;
    }
}
