//! The kinds of attack, and the sizes in which each is simulated.

/// A kind of attack.
#[derive(Debug)]
pub struct AttackKind {
    /// Its name.
    pub name: &'static str,
    /// What is done.
    pub does: &'static str,
    /// Why it may gain something.
    pub why: &'static str,
    /// What it is, whatever it gains.
    pub(super) nature: Nature,
}

/// What a kind of attack is, whatever it gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Credit is to prevent it.
    Attack,
    /// Real people react: it is shown by flags, never lowered.
    RealAudience,
    /// Honest people do the same: what an attack is compared with.
    Reference,
}

/// Why links cannot be prevented.
pub(crate) const LINKS: &str = "no rule that sees only the graph can price a fake with k real links above a newcomer with k; what is \
     gained depends on the links, not on the number of fakes";
const NOBODY: &str = "accounts to which no long-standing person reacted have no credit";
const FOUNDERS: &str = "the vouches of one person share a budget, however many they react to";
const AUDIENCE: &str = "people who count are a real audience, whatever made them react; flags show it, nothing is lowered";

/// Every kind of attack.
pub const KINDS: [AttackKind; 22] = [
    kind(
        "unlinked",
        "Fakes react to two other fakes each, then all of them to the target.",
        NOBODY,
    ),
    kind(
        "drip",
        "Fakes are made one after the other over 60 days, react to each other and weekly to the target.",
        NOBODY,
    ),
    kind(
        "linked",
        "Real people react to the fakes in turn, who answer; then all fakes react to the target.",
        LINKS,
    ),
    kind("percolating", "The links go to three fakes, and all fakes react to all.", LINKS),
    kind(
        "laddered",
        "Links to a few fakes soon after the founders' day, and again; from then on all fakes react to all.",
        LINKS,
    ),
    reference(
        "newcomers",
        "Honest newcomers, each with one link to a real person, react to the target: what as many fakes with links are compared with.",
        "newcomers with links count by them: that is what credit is for",
    ),
    kind("hub_answers", "The best supported person reacts to the fakes, who answer.", FOUNDERS),
    kind(
        "target_answers",
        "The target reacts to the fakes, who answer.",
        "the target's own vouches do not count in its audience",
    ),
    kind(
        "turned",
        "A founder (a seed, where there are seeds) with much support reacts to the fakes, who answer.",
        FOUNDERS,
    ),
    kind(
        "patient_before",
        "The fakes, and their links, were there before the tenure that the first night with trust looks back on.",
        "on a first night nobody is known: accounts to which two others had reacted a tenure ago look like people",
    ),
    kind("patient_after", "The same, where founders are settled already.", LINKS),
    kind("pod_new", "New accounts and the target all react to all, weekly for four weeks.", NOBODY),
    kind(
        "pod_without_audience",
        "Accounts that have acted, and to whom nobody ever reacted, form such a pod with the target.",
        NOBODY,
    ),
    real("pod_trusted", "Trusted people form such a pod with the target.", AUDIENCE),
    real("answer_back", "The target reacts to real people, who react back once.", AUDIENCE),
    kind("repost_farm", "Fakes repost one another, then five posts of the target each.", NOBODY),
    real(
        "bought_mention",
        "The best supported person mentions the target once, for money.",
        "a reaction of one real person counts as one, whatever was paid for it",
    ),
    kind(
        "topic_squatting",
        "The target copies five posts on a topic over three weeks, and fakes react to all of them.",
        "topic scores count trusted people",
    ),
    kind(
        "endorsement_ring",
        "Fakes endorse the target and each other on a topic on which the target copies five posts.",
        "endorsements count by the credit of who gives them",
    ),
    kind(
        "identity_link",
        "The target claims the account of the best supported person, without proof.",
        "the job links accounts without proof",
    ),
    kind(
        "unfollow_all",
        "The target takes back all of its follows.",
        "what the target does raises nothing of its own",
    ),
    kind(
        "post_everything",
        "The target reacts to 1,000 people, twice, and nobody answers.",
        "what the target does raises nothing of its own",
    ),
];

const fn kind(name: &'static str, does: &'static str, why: &'static str) -> AttackKind {
    AttackKind { name, does, why, nature: Nature::Attack }
}

const fn real(name: &'static str, does: &'static str, why: &'static str) -> AttackKind {
    AttackKind { name, does, why, nature: Nature::RealAudience }
}

const fn reference(name: &'static str, does: &'static str, why: &'static str) -> AttackKind {
    AttackKind { name, does, why, nature: Nature::Reference }
}

/// What is planted for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Unlinked { fakes: usize },
    Drip { fakes: usize },
    Linked { fakes: usize, links: usize },
    Percolating { fakes: usize, links: usize },
    Laddered { fakes: usize, links: usize, on: usize },
    Newcomers { links: usize },
    HubAnswers { fakes: usize },
    TargetAnswers { fakes: usize },
    Turned { fakes: usize },
    Patient { fakes: usize, links: usize, is_first_night: bool },
    Pod { people: usize, of: PodOf },
    AnswerBack { people: usize },
    RepostFarm { fakes: usize },
    BoughtMention,
    TopicSquatting { fakes: usize },
    EndorsementRing { fakes: usize },
    IdentityLink,
    UnfollowAll,
    PostEverything { people: usize },
}

/// Of whom a pod is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PodOf {
    New,
    WithoutAudience,
    Trusted,
}

/// An attack at one size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub kind: &'static AttackKind,
    pub plan: Plan,
}

impl Variant {
    /// Whether the score on a topic is what it is about.
    pub fn is_on_topic(&self) -> bool {
        matches!(self.plan, Plan::TopicSquatting { .. } | Plan::EndorsementRing { .. })
    }

    /// What it is planted with, unique within its kind.
    pub fn text(&self) -> String {
        let links = |fakes: usize, links: usize| match links {
            0 => format!("{fakes} fakes"),
            _ => format!("{fakes} fakes, {links} links"),
        };
        match self.plan {
            Plan::Unlinked { fakes }
            | Plan::Drip { fakes }
            | Plan::HubAnswers { fakes }
            | Plan::TargetAnswers { fakes }
            | Plan::Turned { fakes }
            | Plan::RepostFarm { fakes }
            | Plan::TopicSquatting { fakes }
            | Plan::EndorsementRing { fakes } => links(fakes, 0),
            Plan::Linked { fakes, links: of } | Plan::Percolating { fakes, links: of } => {
                links(fakes, of)
            }
            Plan::Laddered { fakes, links: of, on } => format!("{} on {on}", links(fakes, of)),
            Plan::Newcomers { links } => format!("{links} newcomers, {links} links"),
            Plan::Patient { fakes, links: of, .. } => links(fakes, of),
            Plan::Pod { people, .. } | Plan::AnswerBack { people } => format!("{people} people"),
            Plan::BoughtMention => "1 mention".to_owned(),
            Plan::IdentityLink => "1 account".to_owned(),
            Plan::UnfollowAll => "all".to_owned(),
            Plan::PostEverything { people } => format!("to at most {people} people"),
        }
    }
}

/// Every attack of some kinds, by name; of all kinds if none is named. In the order of [`KINDS`].
pub(super) fn variants(kinds: &[String]) -> Vec<Variant> {
    let named = |kind: &AttackKind| kinds.is_empty() || kinds.iter().any(|name| name == kind.name);
    let chosen = KINDS.iter().filter(|kind| named(kind));
    let of_kind = |kind: &'static AttackKind| {
        plans(kind.name).into_iter().map(move |plan| Variant { kind, plan })
    };
    chosen.flat_map(of_kind).collect()
}

fn plans(kind: &str) -> Vec<Plan> {
    let fakes =
        |sizes: &[usize], plan: fn(usize) -> Plan| sizes.iter().copied().map(plan).collect();
    let pod = |sizes: &[usize], of: PodOf| {
        sizes.iter().map(|people| Plan::Pod { people: *people, of }).collect()
    };
    let patient = |is_first_night: bool| {
        [(1000, 0), (100, 100)]
            .map(|(fakes, links)| Plan::Patient { fakes, links, is_first_night })
            .to_vec()
    };
    match kind {
        "unlinked" => fakes(&[10, 100, 1_000, 10_000], |fakes| Plan::Unlinked { fakes }),
        "drip" => fakes(&[180], |fakes| Plan::Drip { fakes }),
        "linked" => [
            (100, 10),
            (100, 100),
            (50, 100),
            (33, 99),
            (20, 100),
            (10, 100),
            (8, 100),
            (5, 100),
            (1_000, 1_000),
        ]
        .map(|(fakes, links)| Plan::Linked { fakes, links })
        .to_vec(),
        "percolating" => vec![Plan::Percolating { fakes: 100, links: 10 }],
        "laddered" => fakes(&[4, 10], |on| Plan::Laddered { fakes: 100, links: 100, on }),
        "newcomers" => fakes(&[10, 100], |links| Plan::Newcomers { links }),
        "hub_answers" => fakes(&[200], |fakes| Plan::HubAnswers { fakes }),
        "target_answers" => fakes(&[200], |fakes| Plan::TargetAnswers { fakes }),
        "turned" => fakes(&[1_000], |fakes| Plan::Turned { fakes }),
        "patient_before" => patient(true),
        "patient_after" => patient(false),
        "pod_new" => pod(&[10, 50, 200], PodOf::New),
        "pod_without_audience" => pod(&[50], PodOf::WithoutAudience),
        "pod_trusted" => pod(&[10, 50, 200], PodOf::Trusted),
        "answer_back" => fakes(&[100], |people| Plan::AnswerBack { people }),
        "repost_farm" => fakes(&[100], |fakes| Plan::RepostFarm { fakes }),
        "bought_mention" => vec![Plan::BoughtMention],
        "topic_squatting" => fakes(&[50], |fakes| Plan::TopicSquatting { fakes }),
        "endorsement_ring" => fakes(&[100], |fakes| Plan::EndorsementRing { fakes }),
        "identity_link" => vec![Plan::IdentityLink],
        "unfollow_all" => vec![Plan::UnfollowAll],
        "post_everything" => fakes(&[1_000], |people| Plan::PostEverything { people }),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_plan_and_every_attack_a_name_of_its_own() {
        let all = variants(&[]);
        for kind in &KINDS {
            assert!(all.iter().any(|variant| variant.kind.name == kind.name), "{}", kind.name);
        }
        let names: BTreeSet<_> = all.iter().map(|own| (own.kind.name, own.text())).collect();
        assert_eq!(names.len(), all.len());
    }
}
