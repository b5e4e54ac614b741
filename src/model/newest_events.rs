//! The newest event of each input, among eligible people.

/// Whole hours from the newest event of each input to the last instant before the cutoff. Events that involve an ineligible
/// person do not count. `None` where no time of an event is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewestEvents {
    /// Of `interactions`.
    pub interactions: Option<u32>,
    /// Of `posts`.
    pub posts: Option<u32>,
    /// Of `endorsements`.
    pub endorsements: Option<u32>,
    /// Of `follows`: the latest start.
    pub follows: Option<u32>,
}

impl NewestEvents {
    /// The inputs with their newest events.
    pub fn by_input(&self) -> [(&'static str, Option<u32>); 4] {
        let Self { interactions, posts, endorsements, follows } = *self;
        [
            ("interactions", interactions),
            ("posts", posts),
            ("endorsements", endorsements),
            ("follows", follows),
        ]
    }
}
