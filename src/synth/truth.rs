//! The ground truth of a synthetic world, computed from its rates and not counted.
//!
//! The N interactions after the cutoff are drawn independently of one another, so that account a reacts to account t with
//! probability 1 − (1 − p)^N, where p is the probability that one interaction is a reaction of a to t; the sum over all a
//! is the expected number of distinct reactors. p has two parts: reactions by t's attraction, which depend only on a's cell
//! and level of activity and are summed over these classes, and additional reactions of a few pairs: friends, members of
//! one group, and neighbours.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema};
use rayon::prelude::*;

use super::events::{FOLLOWS, FRIENDS, WITH_FRIENDS, WITHIN_CELL, cheating, friend, neighbour};
use super::population::{Cheat, LEVELS, Population, Role, activity};
use super::profiles::{cheats, is_eligible};
use super::random::usizes;
use super::vocabulary::of_person;
use super::world::World;
use crate::error::{Error, Result};

/// From all people, and from eligible people.
type AllAndEligible = [f64; 2];

/// Expected reactors, and who is eligible.
#[derive(Default)]
pub(super) struct Expected {
    /// Distinct accounts that react to each person after the cutoff. Length: people.
    reactors: Vec<AllAndEligible>,
    /// Whether each person is eligible. Length: people.
    eligible: Vec<bool>,
}

/// Probabilities of pairs in one draw.
struct Rates<'a> {
    population: &'a Population,
    /// Number of draws.
    n: f64,
    /// Probability that a draw is a reaction outside cheating groups.
    reaction: f64,
    /// Total activity.
    activity: f64,
    /// Attraction of each cell, and of each network.
    of_cells: Vec<f64>,
    of_networks: Vec<f64>,
}

impl Rates<'_> {
    /// Probability that a draw is a reaction with a given active account of `level`.
    fn of_level(&self, level: u8) -> f64 {
        self.reaction * activity(level) / self.activity
    }

    /// Probabilities that a reaction goes to `target` by its attraction, from its own cell and from the rest of its network.
    fn attracted(&self, target: u32, cell: usize) -> (f64, f64) {
        let attraction = self.population.attraction[target as usize];
        let network = self.population.network(target);
        let outside = (1.0 - WITH_FRIENDS - WITHIN_CELL) * attraction / self.of_networks[network];
        (outside + WITHIN_CELL * attraction / self.of_cells[cell], outside)
    }

    /// Probability that an event of probability `p` in one draw happens in any draw.
    fn ever(&self, p: f64) -> f64 {
        -libm::expm1(self.n * libm::log1p(-p))
    }

    /// Reactions of an actor in addition to those by attraction: probability of each target in a draw.
    fn additional(&self, actor: u32, cell: usize, group: Option<u32>) -> BTreeMap<u32, f64> {
        let population = self.population;
        let of_actor = self.of_level(population.level[actor as usize]);
        let (to_itself, _) = self.attracted(actor, cell);
        let mut additional = BTreeMap::from([(actor, of_actor * to_itself)]);
        for number in 0..FRIENDS {
            let friend = friend(population, cell, actor, number);
            let of_friend = self.of_level(population.level[friend as usize]);
            // Each of the two starts half of the reactions between them, at its own rate.
            *additional.entry(friend).or_default() +=
                (of_actor + of_friend) / 2.0 * WITH_FRIENDS / FRIENDS as f64;
        }
        // Reactions of the actor to itself go to the neighbour.
        let redirected = additional.remove(&actor).unwrap_or_default();
        *additional.entry(neighbour(population, cell, actor)).or_default() += redirected;
        if let Some(group) = group.map(|group| &population.groups[group as usize])
            && group.cheat != Cheat::Farm
        {
            let all = cheating(population) / population.cheaters.len() as f64;
            let targets = group.targets(actor);
            for target in &targets {
                *additional.entry(*target).or_default() += all / targets.len() as f64;
            }
        }
        additional
    }
}

impl Expected {
    pub(super) fn new(world: &World, interactions: u64) -> Self {
        let population = &world.population;
        let people = population.roles.len() as u32;
        let eligible: Vec<bool> =
            (0..people).into_par_iter().map(|person| is_eligible(world, person)).collect();
        let is_eligible = |account: u32| eligible[population.person[account as usize] as usize];
        let sums = |bounds: &[u32]| -> Vec<f64> {
            let ranges = bounds.windows(2).map(|ends| usizes(&(ends[0]..ends[1])));
            ranges.map(|range| population.attraction[range].iter().sum()).collect()
        };
        let rates = Rates {
            population,
            n: interactions as f64,
            reaction: (1.0 - cheating(population)) * (1.0 - FOLLOWS),
            activity: population.level.iter().map(|level| activity(*level)).sum(),
            of_cells: sums(&population.cells),
            of_networks: sums(&population.networks),
        };
        let levels = levels(population, is_eligible);

        // By attraction, from all accounts, as if an account could react to itself.
        let cells = population.cells.len() - 1;
        let of_network = levels.chunks(cells / (population.networks.len() - 1)).map(|cells| {
            let mut all = [[0; 2]; LEVELS];
            cells.iter().for_each(|cell| add(&mut all, cell));
            all
        });
        let of_network: Vec<Levels> = of_network.collect();
        let by_attraction = |target: u32| {
            let cell = population.cell(target);
            let (inside, outside) = rates.attracted(target, cell);
            let all = of_network[population.network(target)].iter().zip(&levels[cell]);
            let mut sum = [0.0; 2];
            for (level, (all, inside_cell)) in (0..).zip(all).filter(|(_, (all, _))| all[0] > 0) {
                let rate = rates.of_level(level);
                let (near, far) = (rates.ever(rate * inside), rates.ever(rate * outside));
                for who in 0..2 {
                    sum[who] += f64::from(inside_cell[who]) * near
                        + f64::from(all[who] - inside_cell[who]) * far;
                }
            }
            sum
        };
        let by_account: Vec<AllAndEligible> =
            (0..population.accounts()).into_par_iter().map(by_attraction).collect();
        let mut reactors = vec![[0.0; 2]; people as usize];
        for (person, of_account) in population.person.iter().zip(by_account) {
            (0..2).for_each(|who| reactors[*person as usize][who] += of_account[who]);
        }

        // Then the additional reactions of single pairs, without reactions of an account to itself.
        let mut cheaters = population.cheaters.iter().peekable();
        for actor in 0..population.accounts() {
            let group = cheaters.next_if(|(cheater, _)| *cheater == actor).map(|(_, group)| *group);
            let cell = population.cell(actor);
            let rate = rates.of_level(population.level[actor as usize]);
            let counts = [1.0, f64::from(u8::from(is_eligible(actor)))];
            let mut change = |target: u32, by: f64| {
                let of_target = &mut reactors[population.person[target as usize] as usize];
                (0..2).for_each(|who| of_target[who] += counts[who] * by);
            };
            change(actor, -rates.ever(rate * rates.attracted(actor, cell).0));
            for (target, additional) in rates.additional(actor, cell, group) {
                let of_target = population.cell(target);
                let (inside, outside) = rates.attracted(target, of_target);
                let p = rate * if of_target == cell { inside } else { outside };
                change(target, rates.ever(p + additional) - rates.ever(p));
            }
        }
        Self { reactors, eligible }
    }
}

/// Accounts on each level: all, and those of eligible people.
type Levels = [[u32; 2]; LEVELS];

fn add(to: &mut Levels, other: &Levels) {
    to.iter_mut().flatten().zip(other.iter().flatten()).for_each(|(to, other)| *to += other);
}

/// The levels of each cell.
fn levels(population: &Population, is_eligible: impl Fn(u32) -> bool) -> Vec<Levels> {
    let cells = population.cells.windows(2).map(|ends| ends[0]..ends[1]);
    let count = |cell: Range<u32>| {
        let mut levels = [[0; 2]; LEVELS];
        for account in cell {
            let [all, eligible] = &mut levels[population.level[account as usize] as usize];
            *all += 1;
            *eligible += u32::from(is_eligible(account));
        }
        levels
    };
    cells.map(count).collect()
}

/// Rows of `truth`: people, each at the position of their first account.
pub(super) fn truth(world: &World, expected: &Expected, range: Range<u64>) -> Result<RecordBatch> {
    let population = &world.population;
    let [mut id, mut cheating] = [(); 2].map(|()| StringBuilder::new());
    let mut community = Int64Builder::new();
    let [mut bought, mut scored] = [(); 2].map(|()| BooleanBuilder::new());
    let [mut reactors, mut scored_reactors] = [(); 2].map(|()| Float64Builder::new());
    let item = Field::new("item", DataType::Utf8, false);
    let mut topics = ListBuilder::new(StringBuilder::new()).with_field(item.clone());
    for account in range.map(|account| account as u32) {
        if !population.is_first_of_person(account) {
            continue;
        }
        let person = population.person[account as usize];
        let role = population.roles[person as usize];
        let [all, of_eligible] = expected.reactors[person as usize];
        id.append_value(population.person_id(account));
        community.append_value(population.community(person).into());
        cheating.append_option(cheats(role));
        bought.append_value(role == Role::Bought);
        scored.append_value(expected.eligible[person as usize]);
        reactors.append_value(all);
        scored_reactors.append_value(of_eligible);
        for topic in of_person(population, &world.topics, person) {
            topics.values().append_value(&world.topics[topic].0);
        }
        topics.append(true);
    }
    let columns: [(&str, ArrayRef, &str); 8] = [
        (
            "person_id",
            Arc::new(id.finish()),
            "The person, named as in the tables that a run publishes.",
        ),
        ("community", Arc::new(community.finish()), "Number of the person's community."),
        (
            "cheats",
            Arc::new(cheating.finish()),
            "How an account of the person cheats: `ring`, `pod` or `bought_follows`; null if none does.",
        ),
        (
            "is_bought",
            Arc::new(bought.finish()),
            "True where an account was created only to follow the buyers of its follow.",
        ),
        (
            "is_eligible",
            Arc::new(scored.finish()),
            "Whether the person neither refused nor is under 18 on the day of the snapshot.",
        ),
        (
            "expected_reactors",
            Arc::new(reactors.finish()),
            "Expected number of distinct (person, network) pairs that react, in any way but a follow, in the 28 \
             days after the cutoff; `future` is one draw of it.",
        ),
        (
            "expected_scored_reactors",
            Arc::new(scored_reactors.finish()),
            "As `expected_reactors`, from eligible people only.",
        ),
        ("topics", Arc::new(topics.finish()), "Topics the person's posts are about."),
    ];
    let fields = columns.iter().map(|(name, column, meaning)| {
        Field::new(*name, column.data_type().clone(), *name == "cheats")
            .with_metadata([("meaning".to_owned(), (*meaning).to_owned())].into())
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = columns.iter().map(|(_, column, _)| Arc::clone(column)).collect();
    RecordBatch::try_new(schema, columns).map_err(Error::internal)
}
