//! Who is long-standing, and since when.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::method::Method;
use crate::model::{Interactions, People, Standing};
use crate::propagate::{find_founders, select_seeds};
use crate::reduce::InteractionRules;

/// Who is long-standing on the first night with trust: the founders by `earlier`, the interactions of the window that ends a
/// tenure before it, known since the day `since_days`. Length: vertices.
///
/// # Errors
/// As [`find_founders`].
pub(super) fn first_night(
    people: &People,
    earlier: &Interactions,
    existed: Option<&[bool]>,
    method: &Method,
    seeds: &BTreeSet<String>,
    since_days: i32,
) -> Result<Vec<Option<Standing>>> {
    if method.trust.networks.is_empty() {
        return Ok(vec![None; people.persons.vertices()]);
    }
    let rules = InteractionRules::of(method);
    let seeds = select_seeds(people, &method.trust.seeds, seeds);
    let founders = find_founders(earlier, &people.persons, &rules, &seeds, existed, method)?;
    let standing = |is_founder: bool| is_founder.then_some(Standing { since_days, is_founder });
    Ok(founders.into_iter().map(standing).collect())
}
