//! From full credit to long-standing.

use crate::model::{FullCredit, Standing, Tenure, Trust, VertexIndex};

/// Of so many days of a tenure one may lack full credit or a run: 95 % have both.
const DAYS_PER_MISSED: i32 = 20;

/// A night of a job that is run every day.
pub struct Night {
    /// Its day, in days since 1970-01-01.
    pub days: i32,
    /// Days since the last run before; 1 on a first night.
    pub since_last_run: i32,
    /// Length of a tenure, in days.
    pub tenure_days: i32,
}

/// How long each vertex is known after a night with this `trust`: who has had full credit on 95 % of the days of a tenure is
/// long-standing from this day on, and vouches from the next night. Length: vertices.
pub fn advance_tenures(tenures: &[Tenure], trust: &Trust, night: &Night) -> Vec<Tenure> {
    let vertices = (0..).map(VertexIndex::new);
    let of_vertex = |(tenure, vertex): (&Tenure, VertexIndex)| match tenure.standing {
        Some(_) => *tenure,
        None => after(tenure.full_credit, trust.has_full_credit(vertex), night),
    };
    tenures.iter().zip(vertices).map(of_vertex).collect()
}

fn after(before: Option<FullCredit>, is_full: bool, night: &Night) -> Tenure {
    let carried = before.map(|own| FullCredit {
        missed_days: own.missed_days + night.since_last_run - 1 + i32::from(!is_full),
        ..own
    });
    let carried = carried.filter(|own| own.missed_days * DAYS_PER_MISSED <= night.tenure_days);
    let first_day = is_full.then_some(FullCredit { since_days: night.days, missed_days: 0 });
    let full_credit = carried.or(first_day);
    match full_credit {
        Some(own) if is_full && night.days - own.since_days >= night.tenure_days => Tenure {
            standing: Some(Standing { since_days: night.days, is_founder: false }),
            full_credit: None,
        },
        _ => Tenure { standing: None, full_credit },
    }
}
