-- The counts of a run over the events that are left once repeated ones are dropped, as DuckDB would make them:
-- `renown run` must read and aggregate within twice this time. Run by nightly.py, which sets `interactions` and `posts`.
SET threads = 2;
SET VARIABLE cutoff = TIMESTAMPTZ '2026-11-22 00:00:00+00';

CREATE TEMP TABLE events AS
  SELECT network, actor_id, target_id, kind, "at", post_id, via_post_id, min(sentiment) AS sentiment
  FROM read_parquet(getvariable('interactions'))
  WHERE "at" >= getvariable('cutoff') - INTERVAL 2160 HOUR AND "at" < getvariable('cutoff') AND actor_id <> target_id
  GROUP BY ALL;

CREATE TEMP TABLE pairs AS
  SELECT network, target_id, actor_id,
    sum((CASE kind WHEN 'like' THEN 0.3 ELSE 1.0 END * 4294967296 * pow(2, -age / 720.0))::BIGINT) AS weight,
    max((4294967296 * pow(2, -age / 720.0))::BIGINT) AS latest,
    count(*) AS interactions_90d,
    count(*) FILTER (age < 168) AS reactions_7d,
    count(*) FILTER (age < 720) AS reactions_30d,
    count(*) AS reactions_90d,
    count(sentiment) AS sentiment_known,
    count(*) FILTER (sentiment < 0) AS negative
  FROM (SELECT *, date_diff('hour', "at", getvariable('cutoff')) AS age FROM events)
  GROUP BY ALL;

CREATE TEMP TABLE people AS
  SELECT network, target_id, count(*) FILTER (reactions_7d > 0) AS reactors_7d,
    count(*) FILTER (reactions_30d > 0) AS reactors_30d, count(*) FILTER (reactions_90d > 0) AS reactors_90d,
    sum(latest) AS decayed, sum(reactions_30d) AS reactions_30d, sum(reactions_90d) AS reactions_90d,
    sum(sentiment_known) AS sentiment_known, sum(negative) AS negative
  FROM pairs GROUP BY ALL;

CREATE TEMP TABLE made AS
  SELECT network, actor_id, sum(interactions_90d) AS interactions_made_90d, count(*) AS people_engaged_90d
  FROM pairs GROUP BY ALL;

CREATE TEMP TABLE post_reactors AS
  SELECT network, post_id, count(DISTINCT actor_id) AS reactors
  FROM events SEMI JOIN (FROM read_parquet(getvariable('posts')) WHERE created_at >= getvariable('cutoff') - INTERVAL 2160 HOUR) USING (network, post_id)
  GROUP BY ALL;

SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM pairs) AS pairs,
  (SELECT sum(reactors_90d) FROM people) AS reactors, (SELECT sum(reactors) FROM post_reactors) AS post_reactors;
