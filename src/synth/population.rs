//! Who there is: people, communities, accounts, how much each acts and attracts, and who cheats; all in
//! flat arrays.

use std::ops::Range;

use super::parameters::Parameters;
use super::random::{Random, Stream, Weighted, hash, scramble};

/// The networks.
pub(super) const NETWORKS: [&str; 3] = ["chirp", "fedi", "forum"];
/// Share of the people whose first account is on each network.
const FIRST_ON: [f64; 3] = [0.60, 0.25, 0.15];
/// Share of the others on a network who are there too.
const ALSO_ON: f64 = 0.08;

/// Levels of activity: level 0 does nothing by itself, level k acts in proportion to 1.5^k.
///
/// A continuous rate would look the same; with levels the truth can be summed exactly.
pub(super) const LEVELS: usize = 37;
/// Level of the median account, and the spread of accounts around it in powers of e.
const MEDIAN_LEVEL: f64 = 15.0;
const ACTIVITY_SPREAD: f64 = 1.6;
/// Pareto exponent of attraction.
const ATTRACTION_EXPONENT: f64 = 1.4;
/// Attraction of accounts that nobody has reason to react to; that of others is some 0.2 or more.
const EMPTY_ATTRACTION: f64 = 1e-6;

/// Share of the accounts of a network in each kind of group.
const SHARE_IN_GROUPS: f64 = 0.0036;
/// Accounts from which on the first network has a group of each kind whatever the share says.
const LEAST_FOR_CHEATS: u32 = 300;
/// Buyers in a farm; its other accounts follow them.
const BUYERS: u32 = 3;

/// How a group cheats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cheat {
    /// Each reacts to the next, the last to the first.
    Ring,
    /// Each likes everything of every other.
    Pod,
    /// The first few buy the follows of the rest, which were opened for that and hardly do anything else.
    Farm,
}

/// Accounts that cheat together, all of one network.
pub(super) struct Group {
    pub(super) cheat: Cheat,
    pub(super) accounts: Range<u32>,
}

impl Group {
    /// Those who act for the group.
    pub(super) fn actors(&self) -> Range<u32> {
        match self.cheat {
            Cheat::Farm => self.accounts.start + BUYERS..self.accounts.end,
            _ => self.accounts.clone(),
        }
    }

    /// Those whom `actor` may act on.
    pub(super) fn targets(&self, actor: u32) -> Vec<u32> {
        let Range { start, end } = self.accounts;
        match self.cheat {
            Cheat::Ring if actor + 1 == end => vec![start],
            Cheat::Ring => vec![actor + 1],
            Cheat::Pod => (start..end).filter(|other| *other != actor).collect(),
            Cheat::Farm => (start..start + BUYERS).collect(),
        }
    }
}

/// What a person's accounts have to do with cheating.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    None,
    Ring,
    Pod,
    Buyer,
    Bought,
}

/// Everybody. Accounts are numbered by network, then person; people by community. A *cell* is one
/// community on one network.
pub(super) struct Population {
    pub(super) seed: u64,
    /// First person of each community. Length: communities + 1.
    communities: Vec<u32>,
    /// The networks that each person is on, one bit each. Length: people.
    on: Vec<u8>,
    /// What each person has to do with cheating. Length: people.
    pub(super) parts: Vec<Part>,
    /// First account of each network. Length: networks + 1.
    pub(super) networks: Vec<u32>,
    /// First account of each cell. Length: networks · communities + 1.
    pub(super) cells: Vec<u32>,
    /// Who owns each account. Length: accounts, as of all that follow.
    pub(super) person: Vec<u32>,
    /// Level of activity.
    pub(super) level: Vec<u8>,
    /// How much an account draws reactions, beside the others of its cell or network.
    pub(super) attraction: Vec<f64>,
    /// First post. Length: accounts + 1.
    pub(super) posts: Vec<u32>,
    /// Groups that cheat, in order of accounts.
    pub(super) groups: Vec<Group>,
    /// Each actor of a group, with the group's number, in order of accounts.
    pub(super) cheaters: Vec<(u32, u32)>,
    pub(super) by_activity: Weighted,
    pub(super) in_cell: Weighted,
    pub(super) in_network: Weighted,
}

/// What an account of `level` acts in proportion to.
pub(super) fn activity(level: u8) -> f64 {
    if level == 0 { 0.0 } else { libm::pow(1.5, f64::from(level) - MEDIAN_LEVEL) }
}

impl Population {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let (seed, people) = (parameters.seed, parameters.people);
        let communities = communities(people);
        let on = on_networks(seed, people);
        let (mut networks, mut cells) = (vec![0], vec![0]);
        let (mut person, mut level, mut attraction) = (vec![], vec![], vec![]);
        for network in 0..NETWORKS.len() {
            let mut random = Random::of(seed, Stream::Accounts, network as u64);
            for people in communities.windows(2).map(|ends| ends[0]..ends[1]) {
                for owner in people.filter(|p| on[*p as usize] >> network & 1 == 1) {
                    let (acts, attracts) = traits(seed, owner);
                    person.push(owner);
                    level.push(level_of(acts + 0.4 * random.normal()));
                    attraction.push(attracts * (0.2 + 0.8 * random.unit()));
                }
                cells.push(person.len() as u32);
            }
            networks.push(person.len() as u32);
        }

        let groups = groups(seed, &networks);
        let mut parts = vec![Part::None; people as usize];
        let mut cheaters = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            for account in group.accounts.clone() {
                let actor = group.actors().contains(&account);
                let part = match group.cheat {
                    Cheat::Ring => Part::Ring,
                    Cheat::Pod => Part::Pod,
                    Cheat::Farm if actor => Part::Bought,
                    Cheat::Farm => Part::Buyer,
                };
                parts[person[account as usize] as usize] = part;
                if part == Part::Bought {
                    level[account as usize] = 0;
                    attraction[account as usize] = EMPTY_ATTRACTION;
                }
                if actor {
                    cheaters.push((account, number as u32));
                }
            }
        }

        let acts: Vec<f64> = level.iter().map(|level| activity(*level)).collect();
        let mut random = Random::of(seed, Stream::Posting, 0);
        let posting = acts
            .iter()
            .zip(&attraction)
            .map(|(acts, attracts)| (acts * attracts).sqrt() * libm::exp(0.5 * random.normal()));
        let posts = allot(parameters.posts, &posting.collect::<Vec<_>>());
        Self {
            seed,
            communities,
            on,
            parts,
            posts,
            groups,
            cheaters,
            by_activity: Weighted::new(&acts, &[0, acts.len() as u32]),
            in_cell: Weighted::new(&attraction, &cells),
            in_network: Weighted::new(&attraction, &networks),
            networks,
            cells,
            person,
            level,
            attraction,
        }
    }

    /// Number of accounts.
    pub(super) fn accounts(&self) -> u32 {
        self.person.len() as u32
    }

    /// The community of a person.
    pub(super) fn community(&self, person: u32) -> u32 {
        self.communities.partition_point(|first| *first <= person) as u32 - 1
    }

    /// The network of an account.
    pub(super) fn network(&self, account: u32) -> usize {
        self.networks.partition_point(|first| *first <= account) - 1
    }

    /// The accounts of a network.
    pub(super) fn of_network(&self, network: usize) -> Range<u32> {
        self.networks[network]..self.networks[network + 1]
    }

    /// The number of the cell of an account.
    pub(super) fn cell(&self, account: u32) -> usize {
        let community = self.community(self.person[account as usize]) as usize;
        self.network(account) * (self.communities.len() - 1) + community
    }

    /// The accounts of a cell.
    pub(super) fn of_cell(&self, cell: usize) -> Range<u32> {
        self.cells[cell]..self.cells[cell + 1]
    }

    /// The posts of an account.
    pub(super) fn of_author(&self, account: u32) -> Range<u32> {
        self.posts[account as usize]..self.posts[account as usize + 1]
    }

    /// Whether the account stands for its person in tables of one row a person: the first one does.
    pub(super) fn stands_for_person(&self, account: u32) -> bool {
        let on = self.on[self.person[account as usize] as usize];
        on.trailing_zeros() as usize == self.network(account)
    }

    /// Whether the owner has more accounts than this one.
    pub(super) fn linked(&self, account: u32) -> bool {
        self.on[self.person[account as usize] as usize].count_ones() > 1
    }

    /// Id of an account on its network: small numbers on the forum, 64 bits elsewhere.
    pub(super) fn account_id(&self, account: u32) -> u64 {
        let network = self.network(account);
        match NETWORKS[network] {
            "forum" => u64::from(account - self.networks[network]) + 1,
            _ => scramble(hash(self.seed, Stream::AccountIds, 0).wrapping_add(account.into())),
        }
    }

    /// Id of a person as in `identities`, or else the one that an account on its own has.
    pub(super) fn person_id(&self, account: u32) -> String {
        if self.linked(account) {
            return format!("p{}", self.person[account as usize]);
        }
        format!("{}:{}", NETWORKS[self.network(account)], self.account_id(account))
    }
}

/// First person of each community: sizes fall with rank as rank^-0.8.
fn communities(people: u32) -> Vec<u32> {
    let number = ((f64::from(people).sqrt() / 8.0) as usize).max(2);
    let sizes = (1..=number).map(|rank| libm::pow(rank as f64, -0.8));
    allot(people, &sizes.collect::<Vec<_>>())
}

/// Parts `total` among `weights` in their order; returns the first of each, and `total`.
fn allot(total: u32, weights: &[f64]) -> Vec<u32> {
    let all: f64 = weights.iter().sum();
    let mut before = 0.0;
    let mut firsts = Vec::with_capacity(weights.len() + 1);
    for weight in weights {
        // The cast keeps a rounding error from going beyond the end.
        firsts.push(((f64::from(total) * (before / all)) as u32).min(total));
        before += weight;
    }
    firsts.push(total);
    firsts
}

fn on_networks(seed: u64, people: u32) -> Vec<u8> {
    let mut random = Random::of(seed, Stream::People, 0);
    let networks = || 0..NETWORKS.len();
    let one = |person| {
        let first = random.one_of(&[(&0_usize, FIRST_ON[0]), (&1, FIRST_ON[1]), (&2, FIRST_ON[2])]);
        let also: u8 = networks().map(|n| u8::from(random.chance(ALSO_ON)) << n).sum();
        // Two people are everywhere, so that on no network anybody is alone.
        if person < 2 { 0b111 } else { also | 1 << first }
    };
    (0..people).map(one).collect()
}

/// How much a person acts (normal), and how much it attracts (Pareto, and a little more if it acts).
fn traits(seed: u64, person: u32) -> (f64, f64) {
    let mut random = Random::of(seed, Stream::Traits, person.into());
    let acts = random.normal();
    let attracts = libm::pow(1.0 - random.unit(), -1.0 / ATTRACTION_EXPONENT);
    (acts, attracts * libm::exp(0.3 * acts))
}

fn level_of(normal: f64) -> u8 {
    let steps = ACTIVITY_SPREAD / libm::log(1.5) * normal;
    libm::rint(MEDIAN_LEVEL + steps).clamp(1.0, (LEVELS - 1) as f64) as u8
}

/// Places the groups: a network is cut into as many stretches as it has groups, one for each.
fn groups(seed: u64, networks: &[u32]) -> Vec<Group> {
    let mut random = Random::of(seed, Stream::Cheats, 0);
    let mut groups = Vec::new();
    for (first, end) in networks.windows(2).map(|ends| (ends[0], ends[1])) {
        let accounts = end - first;
        let least_groups = usize::from(first == 0 && accounts >= LEAST_FOR_CHEATS);
        let kinds = [(Cheat::Ring, 10, 30), (Cheat::Pod, 15, 25), (Cheat::Farm, 25, 75)];
        let mut cheats = Vec::new();
        for (cheat, least, most) in kinds {
            let middle = f64::from(least + most) / 2.0;
            let number = (SHARE_IN_GROUPS * f64::from(accounts) / middle) as usize;
            cheats.extend(std::iter::repeat_n((cheat, least, most), number.max(least_groups)));
        }
        let stretch = accounts / cheats.len().max(1) as u32;
        for (number, (cheat, least, most)) in (0..).zip(cheats) {
            let length = least + random.below(u64::from(most - least) + 1) as u32;
            let shift = random.below(u64::from(stretch - length) + 1) as u32;
            let start = first + number * stretch + shift;
            groups.push(Group { cheat, accounts: start..start + length });
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_whole() {
        assert_eq!(allot(10, &[1.0, 0.0, 3.0, 1.0]), [0, 2, 2, 8, 10]);
        assert_eq!(allot(0, &[1.0, 1.0]), [0, 0, 0]);
        assert_eq!(communities(10).len(), 3);
    }
}
