"""What trust costs honest people, and whether frauds fall: from published tables and the interactions after them.

    python benches/trust.py honest BEFORE AFTER FILE ACTOR TARGET TIME DAY PREFIX   two output folders of the day (0.8.0, 0.9.0)
    python benches/trust.py frauds OUTPUT RATINGS LABELS DAY                        a run without ratings by accounts labelled benign

Needs numpy and pyarrow; draws are seeded. PREFIX is what stands before the ids of FILE in person ids, such as `otc:`.
"""
import datetime, glob, json, sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq

from agreement import concordance


def table(output, name):
    for path in reversed(sorted(glob.glob(f"{output}/commits/*.json"))):
        tables = json.load(open(path))["tables"]
        if name in tables:
            return pa.concat_tables([pq.read_table(f"{output}/{f['path']}") for f in tables[name]["files"]]).to_pydict()


def end_of(day):
    return datetime.datetime.fromisoformat(day) + datetime.timedelta(days=1)


def ranked(values):
    _, at, times = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[at]


def honest(before, after, file, actor, target, time, day, prefix):
    old, new = (dict(zip(t["person_id"], t["expected_reactors"])) for t in (table(before, "scores"), table(after, "scores")))
    then, now = table(before, "measures"), table(after, "measures")
    reactors = dict(zip(then["person_id"], zip(then["reactors_90d"], then["trusted_reactors_90d"])))
    credited, credit = (dict(zip(now["person_id"], now[name])) for name in ("credited_reactors_90d", "credit"))
    end, rows, came, first = end_of(day), pq.read_table(file).to_pydict(), {}, {}
    for a, t, at in zip(rows[actor], rows[target], rows[time]):
        at = at.replace(tzinfo=None)
        for person in (a, t):
            first[f"{prefix}{person}"] = min(first.get(f"{prefix}{person}", at), at)
        if a != t and end <= at < end + datetime.timedelta(days=28):
            came.setdefault(f"{prefix}{t}", set()).add(a)
    active = [p for p in old if reactors[p][0] > 0]
    trusted = [p for p in active if reactors[p][1] > 0]
    values = lambda of, people: np.array([of[p] for p in people], float)
    x, z, y = values(old, active), values(new, active), np.array([len(came.get(p, ())) for p in active])
    random = np.random.default_rng(1)
    drawn = [random.choice(len(active), len(active)) for _ in range(200)]
    error = np.std([concordance(z[s], y[s])[0] - concordance(x[s], y[s])[0] for s in drawn])
    rho = np.corrcoef(ranked(values(old, trusted)), ranked(values(new, trusted)))[0, 1]
    young = [c for p, c in credit.items() if p in first and first[p] > end - datetime.timedelta(days=28)]
    print(f"{day}: active {len(active)}, with a trusted reactor before {len(trusted)}; Spearman {rho:.3f}; newly at the floor "
          f"{np.mean(values(credited, trusted) <= 0):.1%}; concordance {concordance(x, y)[0]:.3f} -> {concordance(z, y)[0]:.3f} (se {error:.3f}); "
          f"known under 28 days: {len(young)}, any credit {np.mean(np.array(young) > 0):.0%}, mean {np.mean(young):.3f}")


def frauds(output, ratings, labels, day):
    measures, rows, labelled = table(output, "measures"), pq.read_table(ratings).to_pydict(), pq.read_table(labels).to_pydict()
    benign = {str(a): not f for a, f in zip(labelled["account"], labelled["fraudulent"])}
    total = {}
    for a, t, at, rating in zip(rows["src"], rows["dst"], rows["ts"], rows["rating"]):
        if at.replace(tzinfo=None) < end_of(day) and not benign.get(str(a)):
            total[str(t)] = total.get(str(t), 0) + rating
    ids = [p.split(":")[1] for p in measures["person_id"]]
    of = {name: dict(zip(ids, (v or 0 for v in measures[name]))) for name in ("vouches", "credited_reactors_window")}
    people = [a for a in benign if a in total and a in of["vouches"]]
    good = np.array([benign[a] for a in people])
    auc = lambda x, y: (x[y][:, None] > x[~y]).mean() + 0.5 * (x[y][:, None] == x[~y]).mean()
    random, base = np.random.default_rng(1), np.array([total[a] for a in people], float)
    drawn = [s for s in (random.choice(len(people), len(people)) for _ in range(400)) if 0 < good[s].sum() < len(s)]
    print(f"{day}: {len(people)} labelled, {good.sum()} benign; sum of ratings {auc(base, good):.3f}")
    for name, values in of.items():
        x = np.array([values[a] for a in people])
        error = np.std([auc(x[s], good[s]) - auc(base[s], good[s]) for s in drawn])
        print(f"  {name} {auc(x, good):.3f} ({auc(x, good) - auc(base, good):+.3f}, se {error:.3f})")


{"honest": honest, "frauds": frauds}[sys.argv[1]](*sys.argv[2:])
