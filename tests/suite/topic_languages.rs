//! Phrases in the languages of posts: Turkish capitals, codes of languages, particles; and phrases that no post can have.

use std::collections::BTreeSet;

use renown::phrases::{Extracted, Lexicon, Ontology, Topic, TopicPhrase};

use crate::binary::renown;
use crate::topics::{influential, lobsters};
use crate::world::{World, topic_edges, topic_phrases, topics};

pub fn lexicon(phrases: &[(&str, Option<&str>)]) -> Lexicon {
    let topic = |number: usize| {
        let id = format!("{number:03}");
        Topic { name: id.clone(), id, special_category: None }
    };
    let ontology = Ontology::new((0..phrases.len()).map(topic).collect(), &[]).unwrap();
    let rows = (0..).zip(phrases).map(|(topic, (phrase, language))| TopicPhrase {
        topic,
        phrase: (*phrase).to_owned(),
        language: language.map(str::to_owned),
        weight: 1.0,
    });
    let rows: Vec<TopicPhrase> = rows.collect();
    Lexicon::new(&rows, &ontology.roll_up(0.5), &BTreeSet::new(), "en").unwrap()
}

/// The phrases of a post in a language, found in its text or its one tag.
pub fn found(lexicon: &Lexicon, language: Option<&str>, text: &str, tag: &str) -> Vec<String> {
    let (mut finder, mut extracted) = (lexicon.finder(false), Extracted::default());
    finder.set_language(language);
    finder.add_text(text);
    finder.add_tag(tag);
    finder.finish_post(&mut extracted);
    let phrase = |number: u32| lexicon.phrases()[number as usize].text.to_string();
    extracted.hits.iter().map(|hit| phrase(hit.phrase)).collect()
}

#[test]
fn turkish_capitals_fold_the_turkish_way() {
    let lexicon = lexicon(&[
        ("İstanbul", None),
        ("ıspanak", Some("tr")),
        ("Diyarbakır", None),
        ("izmir", None),
        ("Linux kernel", None),
        ("kır", Some("tr")),
    ]);
    for (language, text, phrases) in [
        ("tr", "İstanbul güzel", &["İstanbul"][..]),
        ("tr", "istanbul güzel", &["İstanbul"]),
        ("tr-TR", "İSTANBUL güzel", &["İstanbul"]),
        ("az", "i\u{307}stanbul", &["İstanbul"]),
        ("tr", "ISPANAK seviyorum", &["ıspanak"]),
        ("tr", "Ispanak ve ıspanak", &["ıspanak"]),
        ("az", "ISPANAK", &[]),
        ("tr", "ispanak", &[]),
        ("tr", "DİYARBAKIR", &["Diyarbakır"]),
        ("tr", "diyarbakır", &["Diyarbakır"]),
        ("tr", "KIR kır", &["kır"]),
        ("tr", "kir KİR", &[]),
        // Foreign words are written in foreign capitals.
        ("tr", "LINUX KERNEL IZMIR", &["izmir", "Linux kernel"]),
        ("en", "Istanbul, LINUX KERNEL", &["İstanbul", "Linux kernel"]),
        ("en", "ISPANAK", &[]),
    ] {
        assert_eq!(found(&lexicon, Some(language), text, ""), phrases, "{language}: {text}");
        // The same as a tag.
        if !text.contains([' ', ',']) {
            assert_eq!(found(&lexicon, Some(language), "", text), phrases, "{language}: #{text}");
        }
    }
}

#[test]
fn languages_are_those_that_codes_mean() {
    let lexicon = lexicon(&[
        ("gift", Some("en")),
        ("Gift", Some("de")),
        ("cachorro", Some("pt_BR")),
        ("makan", Some("id")),
        ("shalom", Some("iw")),
        ("everywhere", Some("und")),
    ]);
    for (language, text, phrases) in [
        (Some("EN"), "gift", &["gift"][..]),
        (Some("de_AT"), "gift", &["Gift"]),
        (Some("ger"), "gift", &["Gift"]),
        (Some("pt-PT"), "cachorro", &["cachorro"]),
        (Some("in"), "makan", &["makan"]),
        (Some("he"), "shalom", &["shalom"]),
        (Some("fr"), "gift everywhere", &["everywhere"]),
        // These name no language: as a post that states none.
        (None, "gift", &["gift"]),
        (Some(""), "gift", &["gift"]),
        (Some("und"), "gift", &["gift"]),
        (Some("zxx"), "gift", &["gift"]),
        (Some("qme"), "gift", &["gift"]),
        (Some("??"), "gift", &["gift"]),
    ] {
        assert_eq!(found(&lexicon, language, text, ""), phrases, "{language:?}: {text}");
    }
}

#[test]
fn korean_words_keep_their_topic_with_a_particle() {
    let lexicon =
        lexicon(&[("서울", None), ("서울에", None), ("제주도", Some("ko")), ("강", None)]);
    for (text, phrases) in [
        ("서울에서 만나요", &["서울"][..]),
        ("서울은 서울로", &["서울"]),
        // A phrase of its own goes before a word with a particle.
        ("서울에 가요", &["서울에"]),
        ("제주도를 여행", &["제주도"]),
        ("서울대 서울는", &[]),
        ("강에서 강", &["강"]),
    ] {
        assert_eq!(found(&lexicon, Some("ko"), text, ""), phrases, "{text}");
    }
    assert!(found(&lexicon, Some("ko"), "강에서", "").is_empty());
}

#[test]
fn optional_signs_of_arabic_make_no_difference() {
    let lexicon = lexicon(&[("مصر", None), ("قِطَّة", None)]);
    for (text, phrase) in [("مِصْر", "مصر"), ("مصـــر", "مصر"), ("قطة", "قِطَّة")]
    {
        assert_eq!(found(&lexicon, Some("ar"), text, ""), [phrase], "{text}");
    }
}

#[test]
fn scripts_without_spaces_have_no_boundaries_of_words() {
    let lexicon = lexicon(&[("ข้าว", None), ("東京", None), ("寿司", Some("ja")), ("カレー", None)]);
    for (language, text, phrases) in [
        ("th", "ข้าว", &["ข้าว"][..]),
        ("th", "ฉันกินข้าวทุกวัน", &["ข้าว"]),
        ("zh", "我去東京", &["東京"]),
        // Kyoto in the east of the prefecture.
        ("zh", "關東京都", &["東京"]),
        ("ja", "寿司とカレー", &["カレー", "寿司"]),
        ("zh", "寿司", &[]),
    ] {
        assert_eq!(found(&lexicon, Some(language), text, ""), phrases, "{text}");
    }
}

#[test]
fn case_and_width_make_no_difference_and_accents_do() {
    let lexicon = lexicon(&[("office", None), ("año", None), ("straße", None), ("ＡＢＣ", None)]);
    for (text, phrases) in [
        ("OFFICE oﬃce", &["office"][..]),
        ("AÑO", &["año"]),
        ("an\u{303}o", &["año"]),
        ("ano", &[]),
        ("STRASSE", &["straße"]),
        ("abc", &["ＡＢＣ"]),
    ] {
        assert_eq!(found(&lexicon, None, text, ""), phrases, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phrases_that_no_post_can_have_are_counted() {
    let mut world = lobsters(&[2, 3, 9], 5);
    let phrases =
        [("rust", "🦀", None, None), ("sea", "…", None, None), ("sea", "sea", None, None)];
    world.more[2] = ("topic_phrases", topic_phrases(&phrases));
    let published = world.run().await;
    let rule = "phrase without letters and digits: found in no post";
    assert_eq!(published.drops()[&("topic_phrases", rule)], "2");
    // Where there are none, nothing is said.
    let published = lobsters(&[2, 3, 9], 5).run().await;
    assert!(!published.drops().contains_key(&("topic_phrases", rule)));
    let folder = tempfile::tempdir().unwrap();
    world.write(folder.path());
    let job = folder.path().join("job.toml");
    let checked = renown(&["check", job.to_str().unwrap()]);
    assert!(checked.stdout.contains(rule), "{}{}", checked.stdout, checked.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_topics_are_kept_as_given() {
    let mut world = lobsters(&[2, 3, 9], 5);
    world.more = vec![
        ("topics", topics(&["net/mlx5", "#quantum-gate", "Ünï cødé"])),
        ("topic_edges", topic_edges(&[("net/mlx5", "#quantum-gate")])),
        ("topic_phrases", topic_phrases(&[("net/mlx5", "lobsters", None, None)])),
    ];
    world.settings = "[topics.change.\"Ünï cødé\"]\nadd = [\"on\"]\n".into();
    let published = world.run().await;
    let ids: BTreeSet<&str> = influential(&published).into_iter().map(|(_, topic)| topic).collect();
    assert_eq!(ids, BTreeSet::from(["net/mlx5", "#quantum-gate", "Ünï cødé"]));
    let folder = tempfile::tempdir().unwrap();
    let off = World { settings: "[topics.change.\"net/mlx5\"]\noff = true\n".into(), ..world };
    off.write(folder.path());
    let job = folder.path().join("job.toml");
    let job = job.to_str().unwrap();
    renown(&["run", job]).done();
    let top = renown(&["top", job, "--topic", "net/mlx5"]);
    assert_ne!(top.code, Some(0), "{}", top.stdout);
}
