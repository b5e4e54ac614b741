//! One network of a snapshot, with its people numbered from 0.

use std::ops::Range;

use arrow::array::LargeStringArray;

use crate::lists::Lists;
use crate::model::{
    Interaction, Interactions, NetworkIndex, OrNone, People, Persons, PostIndex, Posts, Standing,
    VertexIndex,
};

/// One network of a snapshot, with its people numbered from 0.
pub(super) struct Network {
    /// Its name.
    pub name: String,
    /// Number of its people.
    pub people: usize,
    /// Interactions of the window.
    pub interactions: Interactions,
    /// Older ones, as far as they were read.
    pub earlier: Interactions,
    /// Minutes of the past that its data cover.
    pub covered_minutes: u32,
    /// Who is long-standing. Length: people.
    pub standings: Vec<Option<Standing>>,
    /// Who is a seed of trust. Length: people.
    pub seeds: Vec<bool>,
    /// The posts.
    pub posts: Option<Posts>,
}

impl Network {
    /// The network `number`; `standings` and `seeds` have the length of vertices. Memory: a copy of its interactions
    /// and posts.
    pub fn cut(
        people: &People,
        number: NetworkIndex,
        standings: &[Option<Standing>],
        seeds: &[bool],
    ) -> Self {
        let persons = &people.persons;
        let range = persons.network(number);
        let places = people.posts.as_ref().map(|posts| PostPlaces::of_vertices(posts, &range));
        let moved = |interactions: &Interactions| -> Interactions {
            let here = |vertex: VertexIndex| VertexIndex::new(vertex.index() - range.start);
            let events = interactions.of_targets(range.clone()).iter();
            let rows = events.map(|event| Interaction {
                target: here(event.target),
                actor: here(event.actor),
                post: {
                    let place = |post| places.as_ref().and_then(|places| places.of_post(post));
                    event.post.get().and_then(place).into()
                },
                ..*event
            });
            rows.collect()
        };
        let posts = people.posts.as_ref();
        let posts = posts.zip(places.as_ref()).map(|(posts, places)| places.posts(posts, &[]));
        Self {
            name: persons.networks[number.index()].clone(),
            people: range.len(),
            interactions: moved(&people.interactions),
            earlier: moved(&people.earlier),
            covered_minutes: people.covered_minutes[number.index()],
            standings: standings[range.clone()].to_vec(),
            seeds: seeds[range.clone()].to_vec(),
            posts,
        }
    }

    /// The people and so many new accounts, without names.
    pub fn persons(&self, new: usize) -> Persons {
        Persons::unnamed(self.name.clone(), self.people + new)
    }
}

/// A post that is planted: a copy of another.
pub(super) struct PlantedPost {
    /// Its author.
    pub author: VertexIndex,
    /// Whole hours before the cutoff.
    pub age_hours: u32,
    /// The post that it copies.
    pub copies: usize,
}

/// Where the posts of some vertices stand among others: original posts, those that are planted, reposts.
pub(super) struct PostPlaces {
    vertices: Range<usize>,
    originals: Range<usize>,
    reposts: Range<usize>,
    planted: usize,
}

impl PostPlaces {
    /// The posts of a range of vertices, which is one network.
    pub fn of_vertices(posts: &Posts, vertices: &Range<usize>) -> Self {
        let (originals, reposts) = posts.authors.split_at(posts.originals);
        let within = |authors: &[VertexIndex], first: usize| {
            let before = |end: usize| authors.partition_point(|author| author.index() < end);
            first + before(vertices.start)..first + before(vertices.end)
        };
        Self {
            vertices: vertices.clone(),
            originals: within(originals, 0),
            reposts: within(reposts, posts.originals),
            planted: 0,
        }
    }

    /// The same with so many planted posts.
    pub fn with_planted(self, planted: usize) -> Self {
        Self { planted, ..self }
    }

    /// The place of a post; none for one of others.
    pub fn of_post(&self, post: PostIndex) -> Option<PostIndex> {
        let post = post.index();
        let in_front = self.originals.len() + self.planted;
        match (self.originals.contains(&post), self.reposts.contains(&post)) {
            (true, _) => Some(PostIndex::new(post - self.originals.start)),
            (_, true) => Some(PostIndex::new(in_front + post - self.reposts.start)),
            _ => None,
        }
    }

    /// The posts in their places, among them copies of others.
    pub fn posts(&self, all: &Posts, planted: &[PlantedPost]) -> Posts {
        let copied = planted.iter().map(|post| post.copies);
        let order: Vec<usize> =
            self.originals.clone().chain(copied).chain(self.reposts.clone()).collect();
        let is_planted =
            |at: usize| at.checked_sub(self.originals.len()).and_then(|at| planted.get(at));
        let authors = order.iter().enumerate().map(|(at, post)| match is_planted(at) {
            Some(planted) => planted.author,
            None => VertexIndex::new(all.authors[*post].index() - self.vertices.start),
        });
        let ages = order.iter().enumerate();
        let ages =
            ages.map(|(at, post)| is_planted(at).map_or(all.age_hours[*post], |p| p.age_hours));
        let parents = order.iter().enumerate().map(|(at, post)| match is_planted(at) {
            Some(_) => OrNone::NONE,
            None => all.parents[*post].get().and_then(|parent| self.of_post(parent)).into(),
        });
        Posts {
            originals: self.originals.len() + planted.len(),
            authors: authors.collect(),
            ids: LargeStringArray::from_iter_values(order.iter().map(|post| all.ids.value(*post))),
            at_us: order.iter().map(|post| all.at_us[*post]).collect(),
            age_hours: ages.collect(),
            parents: parents.collect(),
            hits: lists(&all.hits, &order),
            tags: lists(&all.tags, &order),
            urls: lists(&all.urls, &order),
            tag_names: all.tag_names.clone(),
        }
    }
}

/// Some of the lists, in an order.
fn lists<T: Clone>(all: &Lists<T>, order: &[usize]) -> Lists<T> {
    let mut some = Lists::default();
    order.iter().for_each(|list| some.push(all.of(*list).iter().cloned()));
    some
}
