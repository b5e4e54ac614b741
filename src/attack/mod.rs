//! Attacks on the scores of a job: planted into a copy of its own snapshot, one target after the other, and what they gain.
//!
//! The snapshot is read once, exactly as a run reads it. An attack is a list of interactions among the people of one network
//! and new accounts. Trust, measures and forecast are then computed anew by the code of a run, with the method unchanged and
//! those long-standing who were (new accounts are not, but where an attack is judged as on a first night), and the score of
//! the target is compared with what it was. The same attacks are measured under three baselines: the same forecast where
//! everybody counts whole (`no_defence`), distinct reactors and PageRank; of the latter two each network's sum of forecasts is
//! shared out in proportion, so that their points are comparable.
//!
//! # Memory
//! A run's, and for each thread one copy of the interactions of one network with a graph of its attention: targets are taken
//! in groups of as many as there are threads.

mod arrangements;
mod baseline;
mod effects;
mod kinds;
mod network;
mod on_topics;
mod random;
mod results;
mod run;
mod scene;
mod table;

pub(crate) use effects::{NO_DEFENCE, STANDARD};
pub use kinds::{AttackKind, KINDS};
pub use results::{AttackRow, Attacks};
pub use run::{AttackSettings, measure_attacks, publish_attacks, stages};
