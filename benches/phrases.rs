//! The text stage compared with the automaton alone, on the same texts and phrases: those of the bundled ontology, and the posts
//! of the bundled sample cut to 140 characters, or the lines of the file that `RENOWN_BENCH_TEXTS` names.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use daachorse::DoubleArrayAhoCorasick;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use renown::phrases::{Extracted, Lexicon, Ontology, Topic, TopicPhrase, folded};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The texts of some columns of a bundled table, by row; null where they are missing.
fn columns<const N: usize>(path: &str, names: [&str; N]) -> Outcome<Vec<[Option<String>; N]>> {
    let path = format!("{}/jobs/{path}.parquet", env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let mut texts: Vec<StringArray> = Vec::new();
        for name in names {
            let column = batch.column_by_name(name).ok_or("a column is missing")?;
            texts.push(cast(column, &DataType::Utf8)?.as_string::<i32>().clone());
        }
        for row in 0..batch.num_rows() {
            let text = |column: usize| {
                texts[column].is_valid(row).then(|| texts[column].value(row).to_owned())
            };
            all.push(std::array::from_fn(text));
        }
    }
    Ok(all)
}

/// The phrases of the bundled ontology.
fn lexicon() -> Outcome<(Vec<TopicPhrase>, Lexicon)> {
    let folder = "ontologies/klout-2018";
    let mut topics = Vec::new();
    for [id, name] in columns(&format!("{folder}/topics"), ["topic_id", "name"])? {
        let (id, name) = (id.ok_or("no id")?, name.ok_or("no name")?);
        topics.push(Topic { id, name, special_category: None });
    }
    let mut edges = Vec::new();
    for [topic, parent] in columns(&format!("{folder}/topic_edges"), ["topic_id", "parent_id"])? {
        edges.push((topic.ok_or("no id")?, parent.ok_or("no id")?));
    }
    let ontology = Ontology::new(topics, &edges).map_err(|violations| violations[0].clone())?;
    let mut phrases = Vec::new();
    for [topic, phrase, language] in
        columns(&format!("{folder}/topic_phrases"), ["topic_id", "phrase", "language"])?
    {
        let topic = ontology.number(&topic.ok_or("no id")?).ok_or("an unknown topic")?;
        phrases.push(TopicPhrase {
            topic,
            phrase: phrase.ok_or("no phrase")?,
            language,
            weight: 1.0,
        });
    }
    let lexicon = Lexicon::new(&phrases, &ontology.roll_up(0.5), &BTreeSet::new(), "en")?;
    Ok((phrases, lexicon))
}

fn texts() -> Outcome<Vec<String>> {
    if let Ok(path) = std::env::var("RENOWN_BENCH_TEXTS") {
        return Ok(std::fs::read_to_string(path)?.lines().map(str::to_owned).collect());
    }
    let mut texts = Vec::new();
    for [text] in columns("sample/posts", ["text"])? {
        let letters: Vec<char> = text.unwrap_or_default().chars().collect();
        texts.extend(letters.chunks(140).map(|part| part.iter().collect::<String>()));
    }
    Ok(texts)
}

fn stage(c: &mut Criterion) {
    match (lexicon(), texts()) {
        (Ok((phrases, lexicon)), Ok(texts)) => measure(c, &phrases, &lexicon, &texts),
        (Err(error), _) | (_, Err(error)) => eprintln!("nothing was measured: {error}"),
    }
}

fn measure(c: &mut Criterion, phrases: &[TopicPhrase], lexicon: &Lexicon, texts: &[String]) {
    let mut spellings: BTreeMap<String, u32> = BTreeMap::new();
    for row in phrases {
        let next = spellings.len() as u32;
        spellings.entry(folded(&row.phrase)).or_insert(next);
    }
    spellings.remove(" ");
    let Ok(automaton) = DoubleArrayAhoCorasick::with_values(
        spellings.iter().map(|(words, number)| (words, *number)),
    ) else {
        return;
    };
    let folded: Vec<String> = texts.iter().map(|text| folded(text)).collect();
    let bytes = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() as u64;
    println!(
        "{} phrases, {} texts of {:.1} MB; the automaton alone takes {:.1} MB",
        lexicon.len(),
        texts.len(),
        bytes(texts) as f64 / 1e6,
        automaton.heap_bytes() as f64 / 1e6
    );
    let mut group = c.benchmark_group("texts");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes(texts)));
    let matched = |texts: &[String]| -> usize {
        texts.iter().map(|text| automaton.find_overlapping_iter(text).count()).sum()
    };
    let found = |texts: &[String]| -> usize {
        let (mut finder, mut extracted) = (lexicon.finder(false), Extracted::default());
        for text in texts {
            finder.add_text(text);
            finder.finish_post(&mut extracted);
        }
        extracted.hits.len()
    };
    group.bench_function("automaton, one thread", |b| b.iter(|| black_box(matched(&folded))));
    group.bench_function("whole stage, one thread", |b| b.iter(|| black_box(found(texts))));
    let part = texts.len().div_ceil(64).max(1);
    for kind in [AhoCorasickKind::ContiguousNFA, AhoCorasickKind::DFA] {
        let Ok(other) = AhoCorasick::builder().kind(Some(kind)).build(spellings.keys()) else {
            continue;
        };
        println!("aho-corasick as {kind:?} takes {:.1} MB", other.memory_usage() as f64 / 1e6);
        group.bench_function(format!("aho-corasick as {kind:?}, one thread"), |b| {
            let matched = |text: &String| other.find_overlapping_iter(text).count();
            b.iter(|| black_box(folded.iter().map(matched).sum::<usize>()));
        });
    }
    group.bench_function("automaton, all threads", |b| {
        b.iter(|| black_box(folded.par_chunks(part).map(matched).sum::<usize>()));
    });
    group.bench_function("whole stage, all threads", |b| {
        b.iter(|| black_box(texts.par_chunks(part).map(found).sum::<usize>()));
    });
    group.finish();
}

criterion_group!(benches, stage);
criterion_main!(benches);
