//! Rows that come out of the stages of a run.

use renown_graph::csr::Csr;

use super::progress::Rows;
use crate::audit::Audit;
use crate::model::{Check, Trust, VertexIndex};
use crate::publish::commit::Commit;
use crate::score::changes::Changes;
use crate::score::cohorts::CohortMember;
use crate::score::contributions::Contributions;
use crate::score::influence_edges::InfluenceEdge;
use crate::tables::Draft;
use crate::topics::TopicResults;

/// Edges.
impl Rows for Vec<Csr> {
    fn rows(&self) -> u64 {
        self.iter().map(|graph| graph.edges() as u64).sum()
    }
}

/// Trusted vertices.
impl Rows for Trust {
    fn rows(&self) -> u64 {
        (0..self.vertices()).filter(|v| self.is_trusted(VertexIndex::new(*v))).count() as u64
    }
}

/// Topic scores.
impl Rows for TopicResults {
    fn rows(&self) -> u64 {
        self.scores.len() as u64
    }
}

/// Causes; none without a previous run.
impl Rows for Option<Changes> {
    fn rows(&self) -> u64 {
        self.as_ref().map_or(0, |changes| changes.rows().len() as u64)
    }
}

impl Rows for Vec<Contributions<'_>> {
    fn rows(&self) -> u64 {
        self.iter().map(|of_profile| of_profile.len() as u64).sum()
    }
}

impl Rows for Vec<InfluenceEdge> {
    fn rows(&self) -> u64 {
        self.len() as u64
    }
}

/// Members of all cohorts.
impl Rows for Vec<Vec<CohortMember>> {
    fn rows(&self) -> u64 {
        self.iter().map(|members| members.len() as u64).sum()
    }
}

impl Rows for Draft {
    fn rows(&self) -> u64 {
        self.tables().into_iter().flat_map(|(_, table)| table).map(|b| b.num_rows() as u64).sum()
    }
}

impl Rows for Audit {
    fn rows(&self) -> u64 {
        Self::rows(self)
    }
}

impl Rows for Commit {
    fn rows(&self) -> u64 {
        Self::rows(self)
    }
}

impl Rows for Vec<Check> {
    fn rows(&self) -> u64 {
        self.len() as u64
    }
}
