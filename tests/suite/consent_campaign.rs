//! Nobody ineligible is in any byte: random changes of ineligible people, whom everybody else names, and ways in which the
//! table of consent breaks before anything was published.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use fastrand::Rng;
use renown::error::{Error, Kind};
use tempfile::TempDir;

use crate::campaign::{cases, is_whole};
use crate::consent::{changed, random_consent_world};
use crate::parquet_files::{shuffled, write_parts};
use crate::world::{
    Account, CUTOFF, HOUR, Published, World, account, identity, instants, lists, maybe_text,
    of_account, of_person, reply, text, with, without, write,
};

/// In every id of whoever is ineligible; of those who are from the second night on.
const NEVER: &str = "canary5d0c";
const AFTERWARDS: &str = "canary8e6b";

fn holds(bytes: &[u8], canary: &str) -> bool {
    let lower = bytes.to_ascii_lowercase();
    lower.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// New names for accounts and persons.
#[derive(Default)]
struct Names {
    accounts: BTreeMap<(String, String), String>,
    persons: BTreeMap<String, String>,
}

impl Names {
    fn of(world: &World, people: &BTreeSet<String>, canary: &str) -> Self {
        let mut names = Self::default();
        let listed = world.accounts.iter().flatten().map(|a| (a.network.clone(), a.id.clone()));
        let linked = world.identities.iter().flatten().map(|i| (i.network.clone(), i.id.clone()));
        for (number, (network, id)) in
            listed.chain(linked).collect::<BTreeSet<_>>().into_iter().enumerate()
        {
            if people.contains(&world.person(&network, &id)) {
                names.accounts.insert((network, id), format!("{canary}_{number}"));
            }
        }
        for (number, person) in people.iter().enumerate() {
            names.persons.insert(person.clone(), format!("{canary}_person_{number}"));
        }
        names
    }

    fn account(&self, network: &str, id: &mut String) {
        if let Some(name) = self.accounts.get(&(network.to_owned(), id.clone())) {
            name.clone_into(id);
        }
    }

    /// A person id: of a person, or of an account without an identity.
    fn person(&self, world: &World, id: &mut String) {
        let own = id.split_once(':').map(|(network, own)| (network.to_owned(), own.to_owned()));
        if let Some(((network, _), name)) = own.and_then(|key| self.accounts.get_key_value(&key))
            && world.person(network, id.split_once(':').unwrap().1) == *id
        {
            *id = format!("{network}:{name}");
        } else if let Some(name) = self.persons.get(id) {
            name.clone_into(id);
        }
    }

    /// The world with these names everywhere.
    fn give(&self, world: &World) -> World {
        let mut named = world.clone();
        for account in named.accounts.iter_mut().flatten() {
            self.account(&account.network, &mut account.id);
        }
        for identity in named.identities.iter_mut().flatten() {
            self.account(&identity.network, &mut identity.id);
            self.person(world, &mut identity.person);
        }
        for statement in named.consent.iter_mut().flatten() {
            if let (Some(network), Some(id)) = (&statement.network, &mut statement.id) {
                self.account(network, id);
            }
            statement.person.iter_mut().for_each(|id| self.person(world, id));
        }
        for event in &mut named.events {
            self.account(&event.network, &mut event.actor);
            self.account(&event.network, &mut event.target);
        }
        for post in named.posts.iter_mut().flatten() {
            self.account(&post.network, &mut post.author);
        }
        for follow in named.follows.iter_mut().flatten() {
            self.account(&follow.network, &mut follow.follower);
            self.account(&follow.network, &mut follow.followee);
        }
        named.seeds.iter_mut().for_each(|id| self.person(world, id));
        named
    }

    /// The names, as others may write them.
    fn spellings(&self) -> Vec<(Option<&str>, &str)> {
        let accounts = self
            .accounts
            .iter()
            .map(|((network, _), name)| (Some(network.as_str()), name.as_str()));
        // Who has no identity is called by the account.
        accounts.chain(self.persons.values().map(|name| (None, name.as_str()))).collect()
    }
}

/// Lets everybody else name these people: in ids of posts, links, texts and display names.
fn mention(world: &mut World, names: &Names, hidden: &BTreeSet<String>, rng: &mut Rng) {
    let linked: BTreeSet<String> =
        world.identities.iter().flatten().map(|i| i.person.clone()).collect();
    let spellings = names.spellings();
    // A person id that nobody has is nobody's name.
    let spellings: Vec<_> = spellings
        .into_iter()
        .filter(|(network, name)| network.is_some() || linked.contains(*name))
        .collect();
    if spellings.is_empty() {
        return;
    }
    let posts = world.posts.clone();
    let is_other =
        |world: &World, network: &str, id: &str| !hidden.contains(&world.person(network, id));
    let mut renamed: BTreeMap<(String, String), String> = BTreeMap::new();
    for post in posts.iter().flatten().filter(|post| is_other(world, &post.network, &post.author)) {
        let (network, name) = rng.choice(&spellings).unwrap();
        // The id of a post names people of its own network.
        if rng.bool() && network.is_none_or(|network| network == post.network) {
            let id = [format!("{name}/{}", post.id), format!("{}?by={name}", post.id)];
            renamed.insert((post.network.clone(), post.id.clone()), id[rng.usize(..2)].clone());
        }
    }
    let rename = |network: &str, id: &mut Option<String>| {
        let key = (network.to_owned(), id.clone().unwrap_or_default());
        if let Some(name) = renamed.get(&key) {
            *id = Some(name.clone());
        }
    };
    let authors = world.clone();
    for post in world.posts.iter_mut().flatten() {
        let mut id = Some(post.id.clone());
        rename(&post.network, &mut id);
        post.id = id.unwrap();
        rename(&post.network, &mut post.parent);
        if is_other(&authors, &post.network, &post.author) {
            let (_, name) = rng.choice(&spellings).unwrap();
            let link = match rng.u8(..4) {
                0 => format!("https://x.example/{name}/status/1"),
                1 => format!("https://x.example/a?user={}", name.to_uppercase()),
                2 => format!("https://x.example/%40{name}"),
                _ => format!("https://x.example/#{name}"),
            };
            post.text = Some(format!("lobsters rust {link} by @{name}"));
        }
    }
    for event in &mut world.events {
        rename(&event.network, &mut event.post);
        rename(&event.network, &mut event.via);
    }
    for account in world.accounts.iter_mut().flatten() {
        if is_other(&authors, &account.network, &account.id) && rng.bool() {
            let (_, name) = rng.choice(&spellings).unwrap();
            account.name = Some(format!("Fan of @{name}"));
        }
    }
}

fn assert_absent(published: &Published, canary: &str, is_new: impl Fn(&str) -> bool, case: &str) {
    for (path, bytes) in published.files.iter().filter(|(path, _)| is_new(path)) {
        assert!(!holds(bytes, canary) && !holds(path.as_bytes(), canary), "{case}: {path}");
    }
    let said = format!("{:?}", published.outcome);
    assert!(!holds(said.as_bytes(), canary), "{case}: {said}");
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite whoever_is_ineligible_is_in_no_byte`.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_ineligible_is_in_no_byte_campaign() {
    let (mut tried, mut hidden_somebody, mut masked) = (0, 0, BTreeSet::new());
    for seed in cases(3_000, 3) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let Some((mut world, gone, _)) = random_consent_world(rng) else { continue };
        if rng.bool() {
            // All accounts have a row, so that nobody else is excluded.
            world.consent_settings = "unmatched = \"warn\"\n".into();
        }
        let eligible: Vec<String> = world
            .members(2_160)
            .iter()
            .map(|(network, id)| world.person(network, id))
            .filter(|person| !gone.contains(person))
            .collect();
        let Some(later) = rng.choice(&eligible).cloned() else { continue };
        let later = BTreeSet::from([later]);
        hidden_somebody += usize::from(!gone.is_empty());
        let leaver = Names::of(&world, &later, AFTERWARDS);
        let hidden = Names::of(&world, &gone, NEVER);
        let mut world = leaver.give(&hidden.give(&world));
        let gone: BTreeSet<String> = {
            let mut gone = gone.into_iter().collect::<Vec<_>>();
            let before = world.clone();
            gone.iter_mut().for_each(|id| hidden.person(&before, id));
            gone.into_iter().collect()
        };
        let case = format!("seed {seed}");
        mention(&mut world, &hidden, &gone, rng);
        let folder = TempDir::new().unwrap();
        let job = world.write(folder.path());
        let first = match Published::of(&job, 2, &[]).await {
            Ok(published) => published,
            // Nobody may be left who met anybody.
            Err(error) => {
                assert_eq!(error.kind, Kind::BadInput, "{case}: {error}");
                assert!(!holds(error.to_string().as_bytes(), NEVER), "{case}: {error}");
                continue;
            }
        };
        assert_absent(&first, NEVER, |_| true, &case);
        let masks = first.drops().into_iter().filter(|((_, rule), rows)| {
            rule.contains("with the name of an ineligible person") && *rows != "0"
        });
        masked.extend(masks.map(|((table, rule), _)| format!("{table}: {rule}")));
        // Whatever they do, nobody sees it.
        let other = changed(&world, &gone, rng).run().await;
        assert_eq!(first.table_files(), other.table_files(), "{case}: {gone:?} changed");
        assert_absent(&other, NEVER, |_| true, &case);

        // The night after, somebody who was published refuses, and others name them.
        let mut second = world.later(1);
        // An agreement that was too late on the first night would count on the second.
        let is_late = |status: &str, at: i64| status == "opted_in" && at >= world.cutoff;
        second.consent.get_or_insert_default().retain(|s| !is_late(&s.status, s.at));
        let refusals = leaver
            .accounts
            .iter()
            .map(|((network, _), id)| of_account(network, id, "deleted", -9_000));
        second.consent.get_or_insert_default().extend(refusals);
        let leavers: BTreeSet<String> =
            leaver.accounts.iter().map(|((network, _), id)| second.person(network, id)).collect();
        let nobody = gone.union(&leavers).cloned().collect();
        mention(&mut second, &leaver, &nobody, rng);
        let job = second.write(folder.path());
        let published = match Published::of(&job, 2, &[]).await {
            Ok(published) => published,
            // Nobody may be left who met anybody.
            Err(error) => {
                assert_eq!(error.kind, Kind::BadInput, "{case}: {error}");
                assert!(!holds(error.to_string().as_bytes(), AFTERWARDS), "{case}: {error}");
                continue;
            }
        };
        let is_new = |path: &str| !first.files.contains_key(path);
        assert!(published.files.keys().any(|path| is_new(path)), "{case}");
        for canary in [NEVER, AFTERWARDS] {
            assert_absent(&published, canary, is_new, &case);
        }
    }
    assert!(2 * hidden_somebody > tried, "only {hidden_somebody} of {tried} worlds hide somebody");
    assert_eq!(masked.len(), 3, "named in other ways: {masked:?}");
}

/// Whose row is gone, or who only posts: a statement and the names that others give are all that is left of them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_left_in_consent_alone_is_not_named_either() {
    let ids = ["1", "2", "3", "4", "5", "6", "7"];
    let post = |number: usize, author: &str, name: &str| crate::world::Post {
        network: "a".into(),
        id: format!("{name}/{number}"),
        author: author.into(),
        at: CUTOFF - (number as i64 + 1) * 48 * HOUR,
        text: Some(format!("lobsters https://x.example/{name}")),
        tags: vec!["lobsters".into()],
        ..crate::world::Post::default()
    };
    let names = [
        format!("{NEVER}_account"),
        format!("{NEVER}_person"),
        format!("{NEVER}_unlinked"),
        format!("{NEVER}_author"),
    ];
    let mut posts: Vec<_> =
        names.iter().enumerate().map(|(number, name)| post(number, "1", name)).collect();
    let reactions = posts.iter().flat_map(|post| {
        ids[1..].iter().map(|actor| crate::world::Interaction {
            post: Some(post.id.clone()),
            at: post.at + HOUR,
            ..reply("a", actor, "1", 0)
        })
    });
    let events = reactions.collect();
    posts.push(post(9, &names[3], "own"));
    let mut accounts: Vec<Account> = ids.map(|id| account("a", id)).into();
    accounts[1].name = Some(format!("Fan of @{}", names[0]));
    let world = World {
        accounts: Some(accounts),
        consent: Some(vec![
            of_account("a", &names[0], "deleted", 9),
            of_person(&names[1], "opted_out", 9),
            of_person(&format!("a:{}", names[2]), "opted_out", 9),
            of_account("a", &names[3], "opted_out", 9),
        ]),
        posts: Some(posts),
        events,
        ..World::default()
    };
    let published = world.run().await;
    assert_eq!(published.people().len(), 7);
    assert!(!published.tables["topic_posts"].is_empty());
    assert_absent(&published, NEVER, |_| true, "consent alone");
    // Of a network that is none of this job's it says nothing.
    let mut elsewhere = world.clone();
    let other = elsewhere.consent.as_mut().unwrap();
    other.iter_mut().for_each(|statement| {
        *statement = of_account("elsewhere", statement.id.as_deref().unwrap_or("x"), "deleted", 9);
    });
    let published = elsewhere.run().await;
    assert!(published.files.values().any(|bytes| holds(bytes, NEVER)));
}

/// Two networks. Three of `a` refuse, named so that nothing else holds their ids; everybody reacts to everybody.
fn refusing() -> World {
    let ids = ["1", "2", "3", "canary5d0ca", "canary5d0cb", "canary5d0cc"];
    let pairs = || ids.iter().flat_map(|actor| ids.map(|target| reply("a", actor, target, 5)));
    let elsewhere = ["7", "8"].map(|actor| reply("b", actor, "9", 5));
    let mut accounts: Vec<Account> = ids.map(|id| account("a", id)).into();
    accounts.extend(["7", "8", "9"].map(|id| account("b", id)));
    let mut consent: Vec<_> =
        ids[3..].iter().map(|id| of_account("a", id, "opted_out", 9)).collect();
    // Each had agreed before.
    consent.extend(ids[3..].iter().map(|id| of_account("a", id, "opted_in", 900)));
    World {
        consent_settings: String::new(),
        accounts: Some(accounts),
        consent: Some(consent),
        // Without posts no topic could be told from a mistake.
        posts: Some(vec![]),
        events: pairs().chain(elsewhere).collect(),
        ..World::default()
    }
}

/// What becomes of a run.
#[derive(Debug, PartialEq)]
enum Ends {
    /// With 65.
    Refused,
    /// With tables that name nobody who refused.
    Clean,
    /// In one of these ways: times far from all others may be refused for themselves.
    Either,
}

type Way = (&'static str, Ends, Box<dyn Fn(&RecordBatch) -> RecordBatch>);

fn texts_of(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(&batch[name], &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

/// The rows with one column changed value by value.
fn mapped(batch: &RecordBatch, name: &str, change: impl Fn(&str) -> Option<String>) -> RecordBatch {
    let values = texts_of(batch, name);
    let changed: Vec<Option<String>> = values.iter().map(|text| change(text.as_deref()?)).collect();
    with(batch, name, maybe_text(&changed))
}

fn renamed(batch: &RecordBatch, from: &str, to: &str) -> RecordBatch {
    let column: ArrayRef = batch[from].clone();
    let columns = without(batch, from).into_iter().chain([(to.to_owned(), column)]);
    RecordBatch::try_from_iter(columns).unwrap()
}

fn lacking(batch: &RecordBatch, name: &str) -> RecordBatch {
    RecordBatch::try_from_iter(without(batch, name)).unwrap()
}

/// Ways to break the table of statements before the first night, when there is no other to compare it with.
fn ways() -> Vec<Way> {
    fn way(
        name: &'static str,
        ends: Ends,
        change: impl Fn(&RecordBatch) -> RecordBatch + 'static,
    ) -> Way {
        (name, ends, Box::new(change))
    }
    fn ids(name: &'static str, change: fn(&str) -> String) -> Way {
        way(name, Ends::Refused, move |rows| mapped(rows, "account_id", |id| Some(change(id))))
    }
    use Ends::{Clean, Either, Refused};
    vec![
        ids("ids with a line break", |id| format!("{id}\r\n")),
        ids("ids with a no-break space", |id| format!("\u{a0}{id}")),
        ids("ids with a zero-width space", |id| format!("{id}\u{200b}")),
        ids("ids in quotation marks", |id| format!("\"{id}\"")),
        ids("ids as links", |id| format!("https://a.example/{id}")),
        ids("ids of persons in place of accounts", |id| format!("a:{id}")),
        ids("handles in place of ids", |id| format!("the_{}", &id[6..])),
        ids("ids of one account alone", |_| "1.23457E+18".into()),
        ids("empty ids", |_| String::new()),
        way("ids that are floats", Refused, |rows| {
            let ids = Float64Array::from_iter_values((0..rows.num_rows()).map(|row| row as f64));
            with(rows, "account_id", std::sync::Arc::new(ids))
        }),
        way("ids lost", Refused, |rows| mapped(rows, "account_id", |_| None)),
        way("no column of ids", Refused, |rows| lacking(rows, "account_id")),
        way("ids under another name", Refused, |rows| renamed(rows, "account_id", "user_id")),
        way("ids in another spelling", Refused, |rows| renamed(rows, "account_id", "accountId")),
        way("ids as lists", Refused, |rows| {
            let ids: Vec<Vec<String>> = texts_of(rows, "account_id")
                .into_iter()
                .map(|id| id.into_iter().collect())
                .collect();
            with(rows, "account_id", lists(ids.iter().map(Vec::as_slice)))
        }),
        way("accounts as persons", Refused, |rows| {
            let ids = maybe_text(&texts_of(rows, "account_id"));
            let nothing = maybe_text(&vec![None; rows.num_rows()]);
            let rows = with(rows, "person_id", ids);
            with(&with(&rows, "account_id", nothing.clone()), "network", nothing)
        }),
        way("persons of a network in another case", Refused, |rows| {
            let ids = texts_of(rows, "account_id").into_iter().map(|id| Some(format!("A:{}", id?)));
            let ids = maybe_text(&ids.collect::<Vec<_>>());
            let nothing = maybe_text(&vec![None; rows.num_rows()]);
            let rows = with(rows, "person_id", ids);
            with(&with(&rows, "account_id", nothing.clone()), "network", nothing)
        }),
        way("network and id swapped", Refused, |rows| {
            let [networks, ids] =
                ["network", "account_id"].map(|name| maybe_text(&texts_of(rows, name)));
            with(&with(rows, "network", ids), "account_id", networks)
        }),
        way("the other network", Refused, |rows| mapped(rows, "network", |_| Some("b".into()))),
        way("a network that there is not", Refused, |rows| {
            mapped(rows, "network", |_| Some("c".into()))
        }),
        way("the network with a space", Refused, |rows| {
            mapped(rows, "network", |_| Some("a ".into()))
        }),
        way("the network lost", Refused, |rows| mapped(rows, "network", |_| None)),
        way("no column of networks", Refused, |rows| lacking(rows, "network")),
        way("the network lost in some rows", Refused, |rows| {
            let some = texts_of(rows, "network").into_iter().enumerate();
            let some: Vec<_> = some.map(|(row, name)| name.filter(|_| row > 0)).collect();
            with(rows, "network", maybe_text(&some))
        }),
        way("another word for refusing", Refused, |rows| {
            mapped(rows, "status", |_| Some("unsubscribed".into()))
        }),
        way("the status as a number", Refused, |rows| {
            with(rows, "status", std::sync::Arc::new(Int64Array::from(vec![1; rows.num_rows()])))
        }),
        way("no status", Refused, |rows| lacking(rows, "status")),
        way("the status lost", Refused, |rows| mapped(rows, "status", |_| None)),
        way("no time", Refused, |rows| lacking(rows, "at")),
        way("times that are numbers", Refused, |rows| {
            with(rows, "at", std::sync::Arc::new(Int64Array::from(vec![1; rows.num_rows()])))
        }),
        way("times as text", Refused, |rows| {
            with(rows, "at", text(vec!["2026-03-01"; rows.num_rows()]))
        }),
        way("all times in the future", Either, |rows| {
            with(rows, "at", instants(vec![CUTOFF + 900 * HOUR; rows.num_rows()]))
        }),
        way("all times the same", Clean, |rows| {
            with(rows, "at", instants(vec![CUTOFF - HOUR; rows.num_rows()]))
        }),
        way("all times in 1970", Either, |rows| {
            with(rows, "at", instants(vec![1; rows.num_rows()]))
        }),
        way("each statement with its opposite", Clean, |rows| {
            let opposite = mapped(rows, "status", |status| {
                Some(if status == "opted_in" { "opted_out" } else { "opted_in" }.into())
            });
            let schema = rows.schema();
            let columns = schema.fields().iter().map(|field| opposite[field.name()].clone());
            let opposite = RecordBatch::try_new(rows.schema(), columns.collect()).unwrap();
            concat_batches(&schema, [rows, &opposite]).unwrap()
        }),
        way("every row twice", Clean, |rows| concat_batches(&rows.schema(), [rows, rows]).unwrap()),
        way("another order", Clean, |rows| shuffled(rows, &mut Rng::with_seed(1))),
        way("everybody deleted", Refused, |rows| {
            let row = |(network, id): (&str, &str)| of_account(network, id, "deleted", 1);
            let all = ["1", "2", "3"]
                .map(|id| row(("a", id)))
                .into_iter()
                .chain(["7", "8", "9"].map(|id| row(("b", id))));
            let consent = World { consent: Some(all.collect()), ..World::default() }.tables();
            let (_, more) = consent.into_iter().find(|(name, _)| *name == "consent").unwrap();
            concat_batches(&rows.schema(), [rows, &more]).unwrap()
        }),
        way("topics that are not", Refused, |rows| mapped_topics(rows, "all")),
        way("topics that are empty", Refused, |rows| mapped_topics(rows, "")),
    ]
}

fn mapped_topics(rows: &RecordBatch, topic: &str) -> RecordBatch {
    with(rows, "topic_id", text(vec![topic; rows.num_rows()]))
}

async fn night(world: &World, folder: &TempDir, consent: &RecordBatch) -> Result<Published, Error> {
    let job = world.write(folder.path());
    write(&folder.path().join("consent.parquet"), consent);
    Published::of(&job, 2, &[]).await
}

/// On the first night there is no other to compare a table with. The fast suite tries each of those that are published, and
/// some of the others.
#[tokio::test(flavor = "multi_thread")]
async fn however_the_first_table_breaks_nobody_who_refused_is_published_campaign() {
    let world = refusing();
    let (_, sound) = world.tables().into_iter().find(|(name, _)| *name == "consent").unwrap();
    let ways = ways();
    assert!(ways.len() >= 25);
    for (number, (way, ends, change)) in ways.into_iter().enumerate() {
        if ends == Ends::Refused && number % 4 > 0 && !is_whole() {
            continue;
        }
        let folder = TempDir::new().unwrap();
        let ended = night(&world, &folder, &change(&sound)).await;
        match ended {
            Err(error) => {
                assert_eq!(error.kind, Kind::BadInput, "{way}: {error}");
                assert!(!holds(error.to_string().as_bytes(), NEVER), "{way}: {error}");
                assert_ne!(ends, Ends::Clean, "{way}: {error}");
            }
            Ok(published) => {
                assert_absent(&published, NEVER, |_| true, way);
                assert_eq!(published.people(), ["a:1", "a:2", "a:3", "b:7", "b:8", "b:9"], "{way}");
                assert_ne!(ends, Ends::Refused, "{way}");
            }
        }
    }
    // A job without topics cannot know what is a topic, and says so.
    let folder = TempDir::new().unwrap();
    let without_topics = World { posts: None, ..world.clone() };
    let published = night(&without_topics, &folder, &mapped_topics(&sound, "all")).await.unwrap();
    let warning = &published.outcome.notes.warnings[0];
    let words = "fewer than 11 statements have a `topic_id`, and this job has no topics";
    assert!(warning.table == "consent" && warning.text.contains(words), "{warning:?}");
    // Under `opt_in` whatever is lost excludes.
    let folder = TempDir::new().unwrap();
    let opt_in = World { rule: "opt_in", ..world.clone() };
    let error = night(&opt_in, &folder, &sound).await.err().unwrap();
    assert_eq!(error.kind, Kind::BadInput, "{error}");
}

/// A file of the table is damaged, empty or missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_table_of_statements_stops_a_run() {
    let mut world = refusing();
    world.identities = Some(vec![identity("a", "1", "p")]);
    let (_, sound) = world.tables().into_iter().find(|(name, _)| *name == "consent").unwrap();
    let folder = TempDir::new().unwrap();
    let job = world.write(folder.path());
    let path = folder.path().join("consent.parquet");
    let whole = std::fs::read(&path).unwrap();
    let damaged: [(&str, Vec<u8>); 5] = [
        ("no bytes", vec![]),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("the end missing", whole[..whole.len() - 9].to_vec()),
        ("the beginning missing", whole[9..].to_vec()),
        ("text", b"network,account_id,status,at\na,1,opted_out,2026-01-01\n".to_vec()),
    ];
    for (way, bytes) in damaged {
        std::fs::write(&path, bytes).unwrap();
        let error = Published::of(&job, 2, &[]).await.err().unwrap_or_else(|| panic!("{way}"));
        assert_eq!(error.kind, Kind::BadInput, "{way}: {error}");
    }
    std::fs::remove_file(&path).unwrap();
    let error = Published::of(&job, 2, &[]).await.err().unwrap();
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    // A folder of which one file is lost is like half a table, and one file more or less is nothing to see on a first night.
    write_parts(&path, &sound, 2);
    std::fs::write(path.join("part-1.parquet"), &whole[..whole.len() - 9]).unwrap();
    let inputs = "interactions = \"interactions.parquet\"\naccounts = \"accounts.parquet\"\nconsent = \"consent.parquet/\"\n";
    let error = Published::of(&world.write_job(folder.path(), inputs), 2, &[]).await.err().unwrap();
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    assert!(error.to_string().contains("part-1.parquet"), "{error}");
}
