//! Particles of Korean, which are written onto a word: 서울에서 is *in Seoul*.
//!
//! A particle has one form or two, after a vowel and after a consonant. Source: National Institute of Korean Language,
//! *Standard Korean Language Dictionary*, entries marked as particles (조사).

/// After any syllable.
const ANY: &str = "에 에는 에도 에서 에서는 에서도 에서의 에게 에게는 에게서 한테 의 도 만 만의 부터 까지 까지의 보다 처럼 마다 조차 밖에 하고 께서 뿐";

/// After a syllable that ends with a vowel.
const AFTER_VOWEL: &str = "는 가 를 와 와의 로 로는 로도 로서 로써 랑 라는";

/// After one that ends with a consonant.
const AFTER_CONSONANT: &str = "은 이 을 과 과의 으로 으로는 으로도 으로서 으로써 이랑 이라는";

/// After one that ends with ㄹ, in place of the forms with 으.
const AFTER_RIEUL: &str = "은 이 을 과 과의 로 로는 로도 로서 로써 이랑 이라는";

/// Syllables of Hangul, in order of their last letters within each pair of the first two.
const SYLLABLES: std::ops::RangeInclusive<char> = '가'..='힣';

/// Last letters of a syllable; none is the first.
const LAST_LETTERS: u32 = 28;

/// The place of ㄹ among them.
const RIEUL: u32 = 8;

/// The folded phrase with each particle that its last word may have; none if that is not at least two syllables of Hangul.
pub(super) fn with_particles(form: &str) -> impl Iterator<Item = String> {
    let word = form.strip_suffix(' ').unwrap_or_default();
    let mut last = word.chars().rev().take_while(|c| SYLLABLES.contains(c));
    let ends = last.next().filter(|_| last.next().is_some());
    let lists = ends.map(|syllable| {
        let own = match (u32::from(syllable) - u32::from(*SYLLABLES.start())) % LAST_LETTERS {
            0 => AFTER_VOWEL,
            RIEUL => AFTER_RIEUL,
            _ => AFTER_CONSONANT,
        };
        [ANY, own]
    });
    let particles = lists.into_iter().flatten().flat_map(|list| list.split(' '));
    particles.map(move |particle| format!("{word}{particle} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_last_letter() {
        let of = |form: &str| with_particles(form).collect::<Vec<String>>();
        let has = |form: &str, word: &str| of(form).contains(&format!(" {word} "));
        assert!(has(" 서울 ", "서울에서") && has(" 서울 ", "서울은") && has(" 서울 ", "서울로"));
        assert!(!has(" 서울 ", "서울는") && !has(" 서울 ", "서울으로"));
        assert!(has(" 부산 ", "부산으로") && has(" 부산 ", "부산이") && !has(" 부산 ", "부산가"));
        assert!(has(" 제주도 ", "제주도는") && has(" 제주도 ", "제주도를"));
        // One syllable is too little, and other scripts have no particles.
        for none in [" 강 ", " seoul ", " 東 京 ", " ", " k팝 "] {
            assert!(of(none).is_empty(), "{none}");
        }
    }
}
