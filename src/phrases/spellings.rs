//! How phrases are found in folded texts: one automaton over all their spellings.

use std::collections::BTreeMap;

use daachorse::DoubleArrayAhoCorasick;
use hashbrown::HashMap;

use super::particles::with_particles;
use crate::lists::Lists;

/// Folded phrases, numbered in their order.
#[derive(Default)]
pub(super) struct Spellings {
    /// Finds spellings; each is a run of phrases in different languages.
    pub(super) automaton: Option<DoubleArrayAhoCorasick<u32>>,
    /// Phrases of each spelling.
    pub(super) phrases: Lists<u32>,
    /// Spellings without spaces, see [`spelling`](super::spelling), as tags are written.
    pub(super) joined: HashMap<Box<[u8]>, u32>,
}

impl Spellings {
    /// The spellings of phrases, by their folded form; says why there cannot be so many.
    pub(super) fn new(by_form: BTreeMap<String, Vec<u32>>) -> Result<Self, String> {
        let mut spellings = Self::default();
        let mut forms: BTreeMap<String, u32> = BTreeMap::new();
        for (spelling, (form, phrases)) in (0..).zip(by_form) {
            spellings.phrases.push(phrases);
            // Of two that differ only in spaces, the first has the joined form.
            let joined = form.replace(' ', "").into_bytes().into();
            spellings.joined.entry(joined).or_insert(spelling);
            forms.insert(form, spelling);
        }
        let mut inflected: BTreeMap<String, (usize, u32)> = BTreeMap::new();
        for (form, spelling) in &forms {
            for with_particle in with_particles(form) {
                // Of two phrases to which it may belong, the longer one has it.
                let longer = (form.len(), *spelling);
                let of = inflected.entry(with_particle).or_insert(longer);
                *of = if of.0 < form.len() { longer } else { *of };
            }
        }
        for (form, (_, spelling)) in inflected {
            forms.entry(form).or_insert(spelling);
        }
        if !forms.is_empty() {
            let automaton = DoubleArrayAhoCorasick::with_values(forms);
            spellings.automaton = Some(automaton.map_err(|error| error.to_string())?);
        }
        Ok(spellings)
    }
}
