//! All attacks on the networks of a job.

use super::baseline::Baseline;
use super::effects::Scoring;
use super::kinds::{KINDS, variants};
use super::network::Network;
use super::on_topics::OnTopics;
use super::random::SEED;
use super::results::{AttackRow, Attacks, summarise};
use super::scene::{Scene, of_targets};
use super::table;
use crate::audit::{Origin, audit_attacks};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Job, no_snapshot};
use crate::model::{NetworkIndex, People, Standing, VertexIndex};
use crate::pipeline::inputs::{Inputs, Opened, input_files, open_inputs, read_inputs};
use crate::pipeline::progress::{Progress, Rows};
use crate::pipeline::run_id::attacks_id;
use crate::pipeline::{AsOf, MEASURE_STAGES, Measured, measure};
use crate::propagate::{TrustInputs, find_trust, select_seeds};
use crate::publish::commit::{self, Commit, Of};
use crate::publish::log::AttackLog;
use crate::publish::{commit_tables, integrity};
use crate::score::measures::{MinAges, RecomputedMeasures};

/// Which attacks are simulated, on how many people.
#[derive(Clone, Debug)]
pub struct AttackSettings {
    /// Names of kinds; all where none is named.
    pub kinds: Vec<String>,
    /// People on each network, 1 to 1,000.
    pub targets: u32,
}

impl Default for AttackSettings {
    fn default() -> Self {
        Self { kinds: vec![], targets: 12 }
    }
}

/// Stages of an attack, for the progress bar.
pub fn stages(settings: &AttackSettings) -> u64 {
    3 + MEASURE_STAGES + variants(&settings.kinds).len() as u64
}

/// Simulates attacks on the snapshot of a job.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named, or for an unknown kind or number of targets;
/// [`crate::error::Kind::BadInput`] if the snapshot has no interactions, and as a run.
pub async fn measure_attacks(
    engine: &Engine,
    job: &Job,
    settings: &AttackSettings,
    progress: &mut Progress,
) -> Result<Attacks> {
    check(settings)?;
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let opened = open_inputs(engine, job, day);
    let opened = progress.wait("read", Opened::rows_total, opened).await?;
    let rows = opened.rows();
    let inputs = read_inputs(engine, job, day, opened);
    let inputs = progress.wait("people", |_| rows, inputs).await?;
    let mut found = Found::default();
    attack_all(&inputs, job, settings, progress, &mut found)?;
    let Found { rows, notes } = found;
    let facts = inputs.facts;
    let id = attacks_id(&facts.run_id, &settings.kinds, settings.targets, SEED);
    Ok(Attacks {
        log: AttackLog {
            run_id: id.clone(),
            job: facts.job,
            snapshot_date: day,
            method_version: facts.method_version.clone(),
            inputs: input_files(&inputs.files),
            notes: notes.clone(),
            stages: progress.stages().to_vec(),
        },
        id,
        snapshot_date: day,
        method_version: facts.method_version,
        method_sha256: facts.method_sha256,
        data_sha256: facts.data_sha256,
        seed: SEED,
        horizon_hours: facts.horizon_hours,
        notes,
        rows,
    })
}

/// Writes the table `attacks` and commits it, unless this very one is in force already.
///
/// # Errors
/// [`crate::error::Kind::Gate`] if the table breaks its contract, and those of [`commit_tables`].
pub async fn publish_attacks(engine: &Engine, job: &Job, attacks: &Attacks) -> Result<Commit> {
    let (stores, day) = (&engine.stores, attacks.snapshot_date);
    let (in_force, began) = commit::begin(stores, &job.output, day, Of::Attacks).await?;
    if let Some(commit) = &in_force
        && commit.run_id == attacks.id
        && integrity::intact(stores, &job.output, commit).await?
    {
        return Ok(commit.clone());
    }
    let batch = table::batch(attacks)?;
    let origin = Origin {
        day,
        run_id: attacks.id.clone(),
        method_version: attacks.method_version.clone(),
        method_sha256: attacks.method_sha256.clone(),
        data_sha256: attacks.data_sha256.clone(),
        uses: job.uses.clone(),
        seed: Some(attacks.seed),
    };
    let audited = audit_attacks(origin, attacks.horizon_hours, batch)?;
    commit_tables(stores, &job.output, audited, &attacks.log, began).await
}

fn check(settings: &AttackSettings) -> Result<()> {
    let unknown = settings.kinds.iter().find(|name| KINDS.iter().all(|kind| kind.name != **name));
    if let Some(name) = unknown {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Error::new(
            crate::error::Kind::Usage,
            format!("`{name}` is no kind of attack"),
            format!("name some of: {}", known.join(", ")),
        ));
    }
    match settings.targets {
        1..=1_000 => Ok(()),
        targets => Err(Error::new(
            crate::error::Kind::Usage,
            format!("{targets} targets"),
            "give 1 to 1000",
        )),
    }
}

/// What was found on all networks so far.
#[derive(Default)]
struct Found {
    rows: Vec<AttackRow>,
    notes: Vec<String>,
}

/// Attacks every network in turn.
fn attack_all(
    inputs: &Inputs,
    job: &Job,
    settings: &AttackSettings,
    progress: &mut Progress,
    found: &mut Found,
) -> Result<()> {
    if inputs.people.interactions.all().is_empty() {
        return Err(Error::bad_input(
            "the snapshot has no interactions: there is nothing that an attack could add to",
            "name `interactions` in the job",
        )
        .in_table("interactions"));
    }
    let standings: Vec<Option<Standing>> =
        inputs.tenures.of_vertices.iter().map(|own| own.standing).collect();
    let people = &inputs.people;
    let mut measured = measure(people, &AsOf::snapshot(job, &standings), progress)?;
    measured.free_engagement();
    measured.free_attention();
    let seeds = select_seeds(people, &job.method.trust.seeds, &job.trust.seeds);
    let scoring = Scoring::of(job, &measured.rules);
    let vertices = people.persons.vertices() as u64;
    let undefended = progress.compute("no_defence", vertices, || {
        let undefended = find_trust(&TrustInputs {
            window: people.interactions.window(0, job.method.attention.window_hours),
            persons: &people.persons,
            rules: &measured.rules,
            standings: &standings,
            rule: &scoring.no_defence,
        });
        let (rules, min_ages) = (&measured.rules, MinAges::default());
        Ok(Undefended(RecomputedMeasures::compute(
            people,
            rules,
            &undefended,
            min_ages,
            &scoring.names,
        )))
    })?;
    for number in (0..people.persons.networks.len()).map(NetworkIndex::new) {
        let network = Network::cut(people, number, &standings, &seeds);
        let persons = &people.persons;
        let forecast = &job.method.forecast;
        let baseline = Baseline::of(persons, number, forecast, &measured, &undefended.0)?;
        let topics = OnTopics::of(people, number, &network, &scoring, &inputs.vocabulary)?;
        let of_network =
            OfNetwork { people, number, measured: &measured, scoring: &scoring, topics: &topics };
        of_network.attack(&network, &baseline, settings, progress, found)?;
    }
    Ok(())
}

/// Measures where everybody counts whole.
struct Undefended(RecomputedMeasures);

impl Rows for Undefended {
    fn rows(&self) -> u64 {
        1
    }
}

/// What the attacks on one network take.
struct OfNetwork<'a> {
    people: &'a People,
    number: NetworkIndex,
    measured: &'a Measured,
    scoring: &'a Scoring<'a>,
    topics: &'a OnTopics<'a>,
}

impl OfNetwork<'_> {
    fn attack(
        &self,
        network: &Network,
        baseline: &Baseline,
        settings: &AttackSettings,
        progress: &mut Progress,
        found: &mut Found,
    ) -> Result<()> {
        let Self { people, number, measured, scoring, topics } = *self;
        let first = people.persons.network(number).start;
        let is_trusted = |vertex: VertexIndex| {
            measured.trust.is_trusted(VertexIndex::new(first + vertex.index()))
        };
        let scene = Scene::new(network, scoring.method, scoring.rules, is_trusted);
        let everybody_counts =
            measured.trust.counts_everybody().nth(number.index()).unwrap_or(false);
        let targets = baseline.targets(settings.targets as usize);
        found.notes.push(note(network, baseline, &targets, everybody_counts));
        for variant in variants(&settings.kinds) {
            let rows = progress.compute("attack", targets.len() as u64, || {
                let on_topic = variant.is_on_topic();
                let obstacle = match on_topic {
                    true => topics.obstacle(&variant.plan, network),
                    false => variant.plan.obstacle(&scene),
                };
                if let Some(obstacle) = obstacle {
                    return Ok(vec![AttackRow::not_applicable(&network.name, &variant, obstacle)]);
                }
                if on_topic {
                    return topics.attack(&scene, &variant, &targets);
                }
                let effects = of_targets(network, &variant, &targets, |_, target, random| {
                    let plant = variant.plan.plant(&scene, target, random);
                    scoring.effect(network, baseline, &plant, target)
                })?;
                Ok(summarise(&network.name, &variant, baseline, &effects, everybody_counts))
            })?;
            found.rows.extend(rows);
        }
        Ok(())
    }
}

fn note(
    network: &Network,
    baseline: &Baseline,
    targets: &[VertexIndex],
    everybody_counts: bool,
) -> String {
    let forecast = |vertex: &VertexIndex| {
        let value = baseline.values[0][vertex.index()];
        crate::number_format::number(baseline.of_person(0, *vertex, value))
    };
    let (Some(lowest), Some(highest)) = (targets.first(), targets.last()) else {
        return format!("network `{}`: nobody has a reactor", network.name);
    };
    let trust = match everybody_counts {
        true => "everybody counts whole there (`trust_none`)".to_owned(),
        false => {
            let founders = network.standings.iter().flatten().filter(|own| own.is_founder);
            let founders = crate::number_format::count(founders.count() as u64);
            format!(
                "{founders} founders among {} people",
                crate::number_format::count(network.people as u64)
            )
        }
    };
    format!(
        "network `{}`: {} targets with a forecast of {} to {} people; {trust}",
        network.name,
        targets.len(),
        forecast(lowest),
        forecast(highest),
    )
}
