//! The nouns: people with their accounts, posts, interactions, follows and endorsements, over dense indices.

mod account_stats;
mod checks;
mod consent_counts;
mod coverage;
mod disputes;
mod dropped;
mod endorsements;
mod follows;
mod indices;
mod ineligible_ids;
mod interactions;
mod join_rate;
mod labels;
mod newest_events;
mod people;
mod persons;
mod posts;
mod previous;
mod refusals;
mod standing;
mod steps;
pub(crate) mod time;
mod trust;
mod vertex_flags;
mod warning;

pub use account_stats::AccountStats;
pub use checks::{Check, HISTORY_DAYS, History, LoggedCheck, Verdict};
pub use consent_counts::{
    ConsentCounts, ConsentHistory, LoggedConsent, StatementsOf, SuppressedCount,
};
pub(crate) use coverage::covered_minutes;
pub use disputes::Dispute;
pub use dropped::Dropped;
pub use endorsements::Endorsement;
pub use follows::{Follow, Follows};
pub use indices::{NetworkIndex, OrNone, PersonIndex, PostIndex, VertexIndex};
pub use ineligible_ids::IneligibleIds;
pub use interactions::{Interaction, Interactions, Sentiment, Window};
pub use join_rate::JoinRate;
pub use labels::{Judgement, LabelSet, LabelSets, Labels};
pub use newest_events::{NetworkEvents, NewestEvents};
pub use people::People;
pub use persons::Persons;
pub use posts::{NOT_YET, Posts};
pub use previous::Previous;
pub use refusals::Refusals;
pub use standing::{FullCredit, Standing, Tenure, Tenures};
pub use steps::in_steps;
pub use trust::{Audience, CREDIT, Trust, is_trusted};
pub use vertex_flags::VertexFlags;
pub use warning::Warning;
