//! What is planted for a target: the arrangements of fakes, links and real people.

use crate::model::{Interaction, OrNone, PostIndex, Sentiment, VertexIndex};

use super::kinds::{Plan, PodOf};
use super::random::Random;
use super::scene::Scene;

/// What is planted into a network.
#[derive(Debug, Default)]
pub(super) struct Plant {
    /// Interactions, in any order; new accounts are numbered after the people of the network.
    pub events: Vec<Interaction>,
    /// Accounts that were not there before.
    pub new_accounts: usize,
    /// Accounts of the attack besides the target.
    pub accounts: usize,
    /// Real people who reacted to accounts of the attack.
    pub links: usize,
    /// Whether it is judged as on a first night with trust, on which founders are found.
    pub is_first_night: bool,
    /// Whose account the target claims.
    pub claims: Option<VertexIndex>,
    /// Whether the target takes back what it did that is no reaction.
    pub unfollows: bool,
}

/// When something is done; ages follow from the method.
#[derive(Clone, Copy)]
enum When {
    /// Before the lag: it vouches.
    Early,
    /// After it.
    Late,
    /// Before the tenure.
    Old,
    /// Soon after the tenure began.
    First,
    /// Later in the tenure.
    Then,
    /// So many weeks ago.
    Week(f64),
}

/// What is planted for one target.
pub(super) struct Arrangement<'a> {
    scene: &'a Scene<'a>,
    target: VertexIndex,
    random: Random,
    plant: Plant,
}

impl Plan {
    /// Why the plan does not apply to a network; `None` if it does.
    pub fn obstacle(&self, scene: &Scene<'_>) -> Option<&'static str> {
        let Scene { members, trusted, without_audience, acting, turning, repost, .. } = scene;
        let nobody = "nobody on this network acted and had two people react to them before the lag";
        match self {
            Self::Linked { .. }
            | Self::Percolating { .. }
            | Self::Laddered { .. }
            | Self::Newcomers { .. }
            | Self::PostEverything { .. } => members.is_empty().then_some(nobody),
            Self::Patient { links, .. } => (*links > 0 && members.is_empty()).then_some(nobody),
            Self::HubAnswers { .. } | Self::BoughtMention | Self::IdentityLink => {
                (members.len() < 2).then_some(nobody)
            }
            Self::Turned { .. } => (turning.len() < 2).then_some(nobody),
            Self::Pod { of: PodOf::WithoutAudience, .. } => (without_audience.len() < 2)
                .then_some("everybody on this network who acted has had a reaction"),
            Self::Pod { of: PodOf::Trusted, .. } => {
                (trusted.len() < 2).then_some("nobody on this network is trusted and acted")
            }
            Self::AnswerBack { .. } => {
                (acting.len() < 2).then_some("nobody on this network acted before the lag")
            }
            Self::RepostFarm { .. } => {
                repost.is_none().then_some("the method has no reaction `repost`")
            }
            Self::UnfollowAll => {
                let follows = |event: &Interaction| !scene.is_reaction[usize::from(event.kind)];
                let any = scene.network.interactions.all().iter().any(follows);
                (!any).then_some(
                    "the interactions of this network hold no follows; a person's own rows of `follows` enter none of its \
                     measures",
                )
            }
            _ => None,
        }
    }

    /// What the plan plants for `target`.
    pub fn plant(&self, scene: &Scene<'_>, target: VertexIndex, random: Random) -> Plant {
        let plant = Plant::default();
        let mut arrangement = Arrangement { scene, target, random, plant };
        arrangement.arrange(*self);
        arrangement.plant
    }
}

impl Arrangement<'_> {
    fn arrange(&mut self, plan: Plan) {
        let target = self.target;
        match plan {
            Plan::Unlinked { fakes } => {
                let fakes = self.fakes(fakes);
                self.ring(&fakes, When::Early);
                self.onto_target(&fakes);
            }
            Plan::Drip { fakes } => self.drip(fakes),
            Plan::Linked { fakes, links } => {
                let fakes = self.fakes(fakes);
                self.ring(&fakes, When::Early);
                self.links(&fakes, links, &[When::Early]);
                self.onto_target(&fakes);
            }
            Plan::Percolating { fakes, links } => {
                let fakes = self.fakes(fakes);
                self.everybody(&fakes, When::Early);
                self.links(&fakes[..fakes.len().min(3)], links, &[When::Early]);
                self.onto_target(&fakes);
            }
            Plan::Laddered { fakes, links, on } => {
                let fakes = self.fakes(fakes);
                self.links(&fakes[..fakes.len().min(on)], links, &[When::First, When::Early]);
                self.everybody(&fakes, When::Then);
                self.everybody(&fakes, When::Early);
                self.onto_target(&fakes);
            }
            Plan::Newcomers { links } => {
                let newcomers = self.fakes(links);
                self.links(&newcomers, links, &[When::Early]);
                self.onto_target(&newcomers);
            }
            Plan::HubAnswers { fakes } => {
                let hub = self.best_supported();
                self.fan(fakes, hub);
            }
            Plan::TargetAnswers { fakes } => self.fan(fakes, Some(target)),
            Plan::Turned { fakes } => {
                let turned = self.real(1, &self.scene.turning).first().copied();
                self.fan(fakes, turned);
            }
            Plan::Patient { fakes, links, is_first_night } => {
                self.plant.is_first_night = is_first_night;
                let fakes = self.fakes(fakes);
                self.ring(&fakes, When::Old);
                self.ring(&fakes, When::Early);
                self.links(&fakes, links, &[When::Old, When::Early]);
                self.onto_target(&fakes);
            }
            Plan::Pod { people, of } => self.pod(people, of),
            Plan::AnswerBack { people } => {
                let people = self.distinct(people, &self.scene.acting);
                self.plant.accounts = people.len();
                for other in people {
                    self.act(target, other, When::Early);
                    self.act(other, target, When::Late);
                }
            }
            Plan::RepostFarm { fakes } => {
                let fakes = self.fakes(fakes);
                self.ring(&fakes, When::Early);
                (0..5).for_each(|_| self.onto_target(&fakes));
                let repost = self.scene.repost.unwrap_or(self.scene.reaction);
                self.plant.events.iter_mut().for_each(|event| event.kind = repost);
                self.name_posts();
            }
            Plan::BoughtMention => {
                if let Some(hub) = self.best_supported() {
                    self.act(hub, target, When::Late);
                }
                let mention = self.scene.mention.unwrap_or(self.scene.reaction);
                self.plant.events.iter_mut().for_each(|event| event.kind = mention);
                self.plant.links = 1;
            }
            Plan::IdentityLink => self.plant.claims = self.best_supported(),
            Plan::UnfollowAll => self.plant.unfollows = true,
            Plan::PostEverything { people } => {
                for other in self.distinct(people, &self.scene.members) {
                    self.act(target, other, When::Early);
                    self.act(target, other, When::Late);
                }
            }
            // Planted with posts, or with endorsements.
            Plan::TopicSquatting { .. } | Plan::EndorsementRing { .. } => {}
        }
    }

    /// New accounts.
    fn fakes(&mut self, n: usize) -> Vec<VertexIndex> {
        let first = self.scene.network.people + self.plant.new_accounts;
        self.plant.new_accounts += n;
        self.plant.accounts += n;
        (first..first + n).map(VertexIndex::new).collect()
    }

    /// So many of a pool, without the target; again the same where it holds fewer.
    fn real(&mut self, n: usize, pool: &[VertexIndex]) -> Vec<VertexIndex> {
        let others = pool.iter().copied().filter(|vertex| *vertex != self.target);
        self.random.choose(others.collect(), n)
    }

    /// At most so many of a pool, without the target.
    fn distinct(&mut self, n: usize, pool: &[VertexIndex]) -> Vec<VertexIndex> {
        let mut people = self.real(n, pool);
        people.sort_unstable();
        people.dedup();
        people
    }

    fn best_supported(&self) -> Option<VertexIndex> {
        self.scene.by_support.iter().copied().find(|vertex| *vertex != self.target)
    }

    /// Hours before the cutoff.
    fn age(&mut self, when: When) -> f64 {
        let Scene { lag, tenure, window, .. } = *self.scene;
        let unit = self.random.unit();
        match when {
            // Within the window, however long the lag is.
            When::Early => (lag * (1.02 + 0.9 * unit)).min(window - 1.0),
            When::Late => lag * 0.9 * unit,
            When::Old => tenure + 0.2 * window * (0.05 + 0.9 * unit),
            When::First => tenure * (0.78 + 0.2 * unit),
            When::Then => tenure * (0.55 + 0.15 * unit),
            When::Week(week) => 24.0 * 7.0 * (week + unit),
        }
    }

    fn act(&mut self, actor: VertexIndex, target: VertexIndex, when: When) {
        let age = self.age(when);
        self.act_at(actor, target, age);
    }

    fn act_at(&mut self, actor: VertexIndex, target: VertexIndex, age: f64) {
        if actor == target {
            return;
        }
        self.plant.events.push(Interaction {
            target,
            actor,
            post: OrNone::NONE,
            age_minutes: libm::floor(60.0 * age) as u32,
            kind: self.scene.reaction,
            sentiment: Sentiment::Unknown,
        });
    }

    fn onto_target(&mut self, actors: &[VertexIndex]) {
        actors.iter().for_each(|actor| self.act(*actor, self.target, When::Late));
    }

    /// Each reacts to two others.
    fn ring(&mut self, people: &[VertexIndex], when: When) {
        for steps in [1, 2] {
            for (at, actor) in people.iter().enumerate() {
                self.act(*actor, people[(at + steps) % people.len()], when);
            }
        }
    }

    /// All react to all.
    fn everybody(&mut self, people: &[VertexIndex], when: When) {
        for actor in people {
            people.iter().for_each(|other| self.act(*actor, *other, when));
        }
    }

    /// So many real people react to the accounts in turn, who answer; each time of `when`.
    fn links(&mut self, accounts: &[VertexIndex], links: usize, when: &[When]) {
        self.plant.links += links;
        let people = self.real(links, &self.scene.members);
        for when in when {
            for (person, account) in people.iter().zip(accounts.iter().cycle()) {
                let age = self.age(*when);
                self.act_at(*person, *account, age);
                self.act_at(*account, *person, age);
            }
        }
    }

    /// One account reacts to so many fakes, who answer, and then react to the target.
    fn fan(&mut self, fakes: usize, hub: Option<VertexIndex>) {
        let fakes = self.fakes(fakes);
        self.ring(&fakes, When::Early);
        for fake in &fakes {
            if let Some(hub) = hub {
                self.act(hub, *fake, When::Early);
                self.act(*fake, hub, When::Early);
            }
        }
        self.plant.links = fakes.len();
        self.onto_target(&fakes);
    }

    /// Fakes are made one after the other over 60 days; each reacts weekly to the target.
    fn drip(&mut self, n: usize) {
        let (fakes, days) = (self.fakes(n), 60.0);
        let mut born: Vec<f64> = (0..n).map(|_| 24.0 * days * self.random.unit()).collect();
        born.sort_unstable_by(|one, other| other.total_cmp(one));
        for (at, (fake, born)) in fakes.iter().zip(&born).enumerate() {
            for older in &fakes[at.saturating_sub(2)..at] {
                self.act_at(*fake, *older, *born);
                self.act_at(*older, *fake, 0.98 * born);
            }
            let mut age = *born;
            while age > 0.0 {
                self.act_at(*fake, self.target, 0.99 * age);
                age -= 24.0 * 7.0;
            }
        }
    }

    /// So many accounts, the target among them, all react to all, weekly for four weeks.
    fn pod(&mut self, people: usize, of: PodOf) {
        let mut pod = match of {
            PodOf::New => self.fakes(people - 1),
            PodOf::WithoutAudience => self.distinct(people - 1, &self.scene.without_audience),
            PodOf::Trusted => self.distinct(people - 1, &self.scene.trusted),
        };
        self.plant.accounts = pod.len();
        pod.push(self.target);
        (0..4).for_each(|week| self.everybody(&pod, When::Week(f64::from(week))));
    }

    /// What was planted on the target is about its posts, one after the other, where it has any.
    fn name_posts(&mut self) {
        let Some(posts) = &self.scene.network.posts else { return };
        let own: Vec<PostIndex> = posts
            .originals()
            .map(PostIndex::new)
            .filter(|post| posts.author(*post) == self.target)
            .collect();
        let on_target = self.plant.events.iter_mut().filter(|event| event.target == self.target);
        for (event, post) in on_target.zip(own.iter().cycle()) {
            event.post = Some(*post).into();
        }
    }
}
