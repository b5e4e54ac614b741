//! People, communities and accounts: how much each acts and attracts, and who cheats; all in flat arrays.

use std::ops::Range;

use super::parameters::Parameters;
use super::random::{Random, Stream, Weighted, hash, scramble};

/// The networks.
pub(super) const NETWORKS: [&str; 3] = ["chirp", "fedi", "forum"];
/// Share of the people whose first account is on each network.
const FIRST_ON: [f64; 3] = [0.60, 0.25, 0.15];
/// Probability that a person is on each other network too.
const ALSO_ON: f64 = 0.08;

/// Levels of activity: level 0 does nothing by itself, level k acts in proportion to 1.5^k.
///
/// A continuous rate would look the same; with levels the expected reactors can be summed exactly.
pub(super) const LEVELS: usize = 37;
/// Level of the median account, and the spread of accounts around it in powers of e.
const MEDIAN_LEVEL: f64 = 15.0;
const ACTIVITY_SPREAD: f64 = 1.6;
/// Pareto exponent of attraction.
const ATTRACTION_EXPONENT: f64 = 1.4;
/// Attraction of accounts without content; the attraction of others is about 0.2 or more.
const EMPTY_ATTRACTION: f64 = 1e-6;

/// Share of the accounts of a network in each kind of group.
const SHARE_IN_GROUPS: f64 = 0.0036;
/// Number of accounts from which the first network has a group of each kind, even if its share is less than one.
const MIN_ACCOUNTS_FOR_GROUPS: u32 = 300;
/// Buyers in a farm; its other accounts follow them.
const BUYERS: u32 = 3;

/// How a group cheats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cheat {
    /// Each reacts to the next, the last to the first.
    Ring,
    /// Each likes all posts of all others.
    Pod,
    /// The first few buy the follows of the rest, which were created for that and hardly do anything else.
    Farm,
}

/// Accounts that cheat together, all of one network.
pub(super) struct Group {
    pub(super) cheat: Cheat,
    pub(super) accounts: Range<u32>,
}

impl Group {
    /// The accounts that act.
    pub(super) fn actors(&self) -> Range<u32> {
        match self.cheat {
            Cheat::Farm => self.accounts.start + BUYERS..self.accounts.end,
            _ => self.accounts.clone(),
        }
    }

    /// The accounts on which `actor` may act.
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

/// The role of a person in a cheating group.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    None,
    Ring,
    Pod,
    Buyer,
    Bought,
}

/// All people. Accounts are numbered by network, then person; people by community. A *cell* is one community on one network.
pub(super) struct Population {
    pub(super) seed: u64,
    /// First person of each community. Length: communities + 1.
    communities: Vec<u32>,
    /// The networks that each person is on, one bit each. Length: people.
    on: Vec<u8>,
    /// Role of each person. Length: people.
    pub(super) roles: Vec<Role>,
    /// First account of each network. Length: networks + 1.
    pub(super) networks: Vec<u32>,
    /// First account of each cell. Length: networks · communities + 1.
    pub(super) cells: Vec<u32>,
    /// Person who owns each account. Length: accounts, as for all below.
    pub(super) person: Vec<u32>,
    /// Level of activity.
    pub(super) level: Vec<u8>,
    /// Attraction, relative to the other accounts of the cell or network.
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

/// Relative rate at which an account of `level` acts.
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
        let mut roles = vec![Role::None; people as usize];
        let mut cheaters = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            for account in group.accounts.clone() {
                let actor = group.actors().contains(&account);
                let role = match group.cheat {
                    Cheat::Ring => Role::Ring,
                    Cheat::Pod => Role::Pod,
                    Cheat::Farm if actor => Role::Bought,
                    Cheat::Farm => Role::Buyer,
                };
                roles[person[account as usize] as usize] = role;
                if role == Role::Bought {
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
            roles,
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

    /// Whether the account is the first of its person; tables with one row per person have it there.
    pub(super) fn is_first_of_person(&self, account: u32) -> bool {
        let on = self.on[self.person[account as usize] as usize];
        on.trailing_zeros() as usize == self.network(account)
    }

    /// Whether the owner has other accounts.
    pub(super) fn is_linked(&self, account: u32) -> bool {
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

    /// The person id in `identities`, or else that of an account without an identity.
    pub(super) fn person_id(&self, account: u32) -> String {
        if self.is_linked(account) {
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

/// Divides `total` among `weights`; returns where the share of each starts, and `total`.
fn allot(total: u32, weights: &[f64]) -> Vec<u32> {
    let all: f64 = weights.iter().sum();
    let mut before = 0.0;
    let mut firsts = Vec::with_capacity(weights.len() + 1);
    for weight in weights {
        // The minimum keeps a rounding error from going beyond the end.
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
        // Two people are on all networks, so that no account is alone on one.
        if person < 2 { 0b111 } else { also | 1 << first }
    };
    (0..people).map(one).collect()
}

/// How much a person acts (normal), and attracts (Pareto, and slightly more if they act).
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

/// Places the groups: a network is cut into as many stretches as it has groups, and each lies in one.
fn groups(seed: u64, networks: &[u32]) -> Vec<Group> {
    let mut random = Random::of(seed, Stream::Cheats, 0);
    let mut groups = Vec::new();
    for (first, end) in networks.windows(2).map(|ends| (ends[0], ends[1])) {
        let accounts = end - first;
        let min_groups = usize::from(first == 0 && accounts >= MIN_ACCOUNTS_FOR_GROUPS);
        let kinds = [(Cheat::Ring, 10, 30), (Cheat::Pod, 15, 25), (Cheat::Farm, 25, 75)];
        let mut cheats = Vec::new();
        for (cheat, min, max) in kinds {
            let middle = f64::from(min + max) / 2.0;
            let number = (SHARE_IN_GROUPS * f64::from(accounts) / middle) as usize;
            cheats.extend(std::iter::repeat_n((cheat, min, max), number.max(min_groups)));
        }
        let stretch = accounts / cheats.len().max(1) as u32;
        for (number, (cheat, min, max)) in (0..).zip(cheats) {
            let length = min + random.below(u64::from(max - min) + 1) as u32;
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
