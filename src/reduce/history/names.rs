//! The measures of history: what each is made of, and its name.

/// A half-life or a length in eighths of the base, which is the shorter of the horizon and 28 days.
pub(super) type Eighths = usize;

/// Half-lives in use, in eighths of the base: ⅛ ¼ ½ 1 2 4 8.
pub(super) const HALF_LIVES: [Eighths; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Number of quantities that are measured of all reactors, and of reactors by credit.
pub(super) const QUANTITIES: usize = 23;

/// Number of measures.
pub const MEASURES: usize = 2 * QUANTITIES;

/// What is summed, and from where on in the order of [`NAMES`].
pub(super) const REACTORS: usize = 0;
pub(super) const REPEAT_REACTORS: usize = 6;
pub(super) const ACTIVE_REACTORS: usize = 8;
pub(super) const REACTIONS: usize = 9;
pub(super) const WEEKS: usize = 12;
pub(super) const DAYS: usize = 15;
pub(super) const PAIR_WEEKS: usize = 16;
pub(super) const RECENCY: usize = 18;
pub(super) const POSTS: usize = 21;

/// The half-life of each quantity, as an index into [`HALF_LIVES`].
pub(super) const HALF_LIFE_OF: [usize; QUANTITIES] =
    [1, 2, 3, 4, 5, 6, 3, 5, 3, 2, 4, 6, 2, 4, 6, 4, 4, 6, 0, 2, 4, 3, 5];

/// The names: of all reactors, and then of reactors by credit. `hl` is the half-life in horizons.
pub const NAMES: [&str; MEASURES] = [
    "reactors_hl_1_4",
    "reactors_hl_1_2",
    "reactors_hl_1",
    "reactors_hl_2",
    "reactors_hl_4",
    "reactors_hl_8",
    "repeat_reactors_hl_1",
    "repeat_reactors_hl_4",
    "active_reactors_hl_1",
    "reactions_hl_1_2",
    "reactions_hl_2",
    "reactions_hl_8",
    "weeks_hl_1_2",
    "weeks_hl_2",
    "weeks_hl_8",
    "days_hl_2",
    "pair_weeks_hl_2",
    "pair_weeks_hl_8",
    "recency_hl_1_8",
    "recency_hl_1_2",
    "recency_hl_2",
    "posts_hl_1",
    "posts_hl_4",
    "credited_reactors_hl_1_4",
    "credited_reactors_hl_1_2",
    "credited_reactors_hl_1",
    "credited_reactors_hl_2",
    "credited_reactors_hl_4",
    "credited_reactors_hl_8",
    "credited_repeat_reactors_hl_1",
    "credited_repeat_reactors_hl_4",
    "credited_active_reactors_hl_1",
    "credited_reactions_hl_1_2",
    "credited_reactions_hl_2",
    "credited_reactions_hl_8",
    "credited_weeks_hl_1_2",
    "credited_weeks_hl_2",
    "credited_weeks_hl_8",
    "credited_days_hl_2",
    "credited_pair_weeks_hl_2",
    "credited_pair_weeks_hl_8",
    "credited_recency_hl_1_8",
    "credited_recency_hl_1_2",
    "credited_recency_hl_2",
    "credited_posts_hl_1",
    "credited_posts_hl_4",
];

/// The number of a measure, if it is one of history.
pub fn number(name: &str) -> Option<usize> {
    NAMES.iter().position(|own| *own == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_half_lives() {
        for (name, half_life) in NAMES.iter().zip(HALF_LIFE_OF.iter().chain(&HALF_LIFE_OF)) {
            let eighths = HALF_LIVES[*half_life];
            let text = match eighths {
                1 | 2 | 4 => format!("1_{}", 8 / eighths),
                _ => format!("{}", eighths / 8),
            };
            assert!(name.ends_with(&format!("_hl_{text}")), "{name}: {text}");
        }
        let plain = NAMES[..QUANTITIES].iter().map(|name| format!("credited_{name}"));
        assert!(plain.eq(NAMES[QUANTITIES..].iter().map(|name| (*name).to_owned())));
    }
}
