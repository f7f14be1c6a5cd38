-- 0033_judge_sets.sql - a flush judges all its findings in one go, and writes evidence that stays
--
-- One by one, each finding took a dozen statements. What judging says is what it was; but that notices of
-- the end of episodes now keep to the bound of the outbox, as those of their begin do.
DROP FUNCTION siftd.judge_windows(bigint[], text[], text[], bigint[], bigint[], integer);
DROP FUNCTION siftd.judge_finding(siftd.findings, bigint, bigint, bigint, integer);
DROP FUNCTION siftd.put_episode_id(bigint, bigint, bigint, bigint, bigint, bigint, boolean);
DROP FUNCTION siftd.settle_evidence(bigint[], text[], text[], bigint[], bigint[], integer);
DROP FUNCTION siftd.window_peak(bigint, text, text, bigint, bigint, bigint, bigint);

-- An episode is found by its id alone: with the finding in this key too, the planner took the other index,
-- and read all episodes of a finding to change one.
ALTER TABLE siftd.episodes DROP CONSTRAINT episodes_pkey, ADD PRIMARY KEY (project_id, id);

-- Judges findings, each named once, whose buckets from `lows` to `highs` changed: their episodes become
-- what the stored buckets say. Whole episodes are made again, as a window may join two, and ones that
-- the buckets no longer bear out go.
CREATE FUNCTION siftd.judge_findings(projects bigint[], findings bigint[], lows bigint[],
	highs bigint[], widths bigint[], kept integer, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	judged record; -- arrays: for each finding what follows for its row
	ended siftd.episodes;
	subject siftd.findings;
BEGIN
	WITH touched AS MATERIALIZED (
		SELECT f AS finding, f.project_id, f.id, f.rule_id, f.key, f.window_type, f.window_us, f.window_count,
			f.window_factor, f.quiet_us, f.total, u.low, u.high, u.width,
			CASE WHEN f.window_type IN ('threshold', 'rate_ratio', 'cardinality')
				THEN u.high + f.window_us - u.width
				ELSE siftd.window_reach(f, u.low, u.high, u.width) END AS reach_us
		FROM unnest(projects, findings, lows, highs, widths) AS u (project, finding, low, high, width)
		JOIN siftd.findings AS f ON f.project_id = u.project AND f.id = u.finding
	), spans AS MATERIALIZED (
		SELECT t.*, least(t.low, n.low) AS from_us, greatest(t.reach_us, n.high) AS to_us, n.ids AS before
		FROM touched AS t CROSS JOIN LATERAL (
			SELECT min(p.first_us) AS low, max(p.last_us) AS high, array_agg(p.id) AS ids
			FROM siftd.episodes AS p WHERE p.project_id = t.project_id AND p.finding_id = t.id
				AND (t.window_type = 'new_group' OR p.last_us >= t.low - t.window_us - t.quiet_us
					AND p.first_us <= t.reach_us + t.width + t.quiet_us)) AS n
	), sums AS MATERIALIZED (
		-- in one pass: each window, and all counts up to its end
		SELECT s.id, w.* FROM spans AS s CROSS JOIN LATERAL (
			SELECT b.bucket_us, (sum(b.count) OVER reach)::bigint AS total,
				(sum(b.others) OVER reach)::bigint AS others,
				first_value(b.bucket_us) OVER reach AS begin_us,
				(sum(b.count) OVER (ORDER BY b.bucket_us ROWS UNBOUNDED PRECEDING))::bigint AS running
			FROM siftd.window_buckets AS b
			WHERE b.project_id = s.project_id AND b.rule_id = s.rule_id AND b.key = s.key
				AND b.bucket_us BETWEEN s.from_us - s.window_us + s.width AND s.to_us
			WINDOW reach AS (ORDER BY b.bucket_us
				RANGE BETWEEN greatest(s.window_us - s.width, 0) PRECEDING AND CURRENT ROW)) AS w
		WHERE s.window_type IN ('threshold', 'rate_ratio')
	), windows AS (
		SELECT s.id, w.begin_us AS first_us, w.bucket_us + s.width AS last_us,
			CASE s.window_type WHEN 'threshold' THEN w.total
				ELSE w.total * 1000000 / greatest(w.others, 1) END AS value,
			w.running, w.running - w.total AS before_it
		FROM spans AS s JOIN sums AS w ON w.id = s.id
		WHERE w.bucket_us >= s.from_us AND w.total >= s.window_count AND (s.window_type = 'threshold'
			OR w.total::numeric * 1000000 >= w.others::numeric * s.window_factor)
		UNION ALL
		SELECT s.id, w.first_us, w.last_us, w.value, NULL, NULL FROM spans AS s
		CROSS JOIN LATERAL siftd.fired_windows(s.finding, s.from_us, s.to_us, s.width) AS w
		WHERE s.window_type NOT IN ('threshold', 'rate_ratio')
	), edges AS (
		SELECT w.*, s.project_id, s.quiet_us, s.width, s.low, s.reach_us, s.window_type,
			w.first_us > s.quiet_us + max(w.last_us) OVER (PARTITION BY w.id
				ORDER BY w.first_us, w.last_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins
		FROM windows AS w JOIN spans AS s ON s.id = w.id
	), islands AS (
		SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY id ORDER BY first_us, last_us
			ROWS UNBOUNDED PRECEDING) AS island
		FROM edges
	), runs AS MATERIALIZED (
		SELECT project_id, id, island, quiet_us, min(first_us) AS first_us, max(last_us) AS last_us,
			max(value) AS value, max(running) - min(before_it) AS total,
			-- a silence ends where a bucket begins, all else where one ends
			bool_or(last_us - CASE window_type WHEN 'flatline' THEN 0 ELSE width END
				BETWEEN low AND reach_us) OR window_type = 'new_group' AS fired
		FROM islands GROUP BY project_id, id, island, quiet_us, window_type
	), totals AS MATERIALIZED (
		SELECT r.*, CASE WHEN r.total IS NOT NULL THEN r.total WHEN s.window_type = 'new_group' THEN s.total
			ELSE coalesce((SELECT sum(b.count)::bigint FROM siftd.window_buckets AS b
				WHERE b.project_id = s.project_id AND b.rule_id = s.rule_id AND b.key = s.key
					AND b.bucket_us >= r.first_us AND b.bucket_us < r.last_us), 0) END AS events
		FROM runs AS r JOIN spans AS s ON s.id = r.id
	), claimed AS MATERIALIZED (
		-- a run takes the episodes near it that no earlier one took, and goes on as one of them
		SELECT c.*, row_number() OVER (PARTITION BY c.finding, c.island
			ORDER BY c.told_open DESC, c.episode) AS place
		FROM (SELECT DISTINCT ON (p.finding_id, p.id) p.project_id AS project, p.finding_id AS finding,
				p.id AS episode, p.told_open, r.island
			FROM runs AS r JOIN siftd.episodes AS p
				ON p.project_id = r.project_id AND p.finding_id = r.id
					AND p.last_us >= r.first_us - r.quiet_us AND p.first_us <= r.last_us + r.quiet_us
			ORDER BY p.finding_id, p.id, r.first_us) AS c
	), changed AS (
		UPDATE siftd.episodes AS p SET first_us = t.first_us, last_us = t.last_us, total = t.events,
			peak = t.value
		FROM claimed AS c JOIN totals AS t ON t.id = c.finding AND t.island = c.island
		WHERE c.place = 1 AND p.project_id = c.project AND p.id = c.episode
			AND (p.first_us, p.last_us, p.total, p.peak)
				IS DISTINCT FROM (t.first_us, t.last_us, t.events, t.value)
	), made AS (
		INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total, peak)
			SELECT t.project_id, t.id, t.first_us, t.last_us, t.events, t.value FROM totals AS t
			WHERE NOT EXISTS (SELECT FROM claimed AS c WHERE c.finding = t.id AND c.island = t.island)
			ORDER BY t.project_id, t.id, t.first_us
	), gone AS (
		DELETE FROM siftd.episodes AS p USING (
			SELECT project, episode, false AS is_over FROM claimed WHERE place > 1
			UNION ALL
			SELECT s.project_id, x.episode, true FROM spans AS s
			CROSS JOIN LATERAL unnest(s.before) AS x (episode)
			WHERE NOT EXISTS (SELECT FROM claimed AS c WHERE c.finding = s.id AND c.episode = x.episode)
		) AS o WHERE p.project_id = o.project AND p.id = o.episode
		RETURNING p AS episode, o.is_over
	)
	SELECT array_agg(s.project_id) AS projects, array_agg(s.id) AS ids,
		array_agg(EXISTS (SELECT FROM runs AS r WHERE r.id = s.id AND r.fired)) AS fired,
		array_agg(s.before IS NOT NULL) AS had, array_agg(p.total) AS peaks,
		array_agg(p.bucket_us + s.width) AS peak_ends,
		(SELECT array_agg(g.episode ORDER BY (g.episode).finding_id, (g.episode).id) FROM gone AS g
			WHERE g.is_over AND (g.episode).told_open) AS ended
		INTO judged
		FROM spans AS s LEFT JOIN LATERAL (
			SELECT w.total, w.bucket_us FROM sums AS w WHERE w.id = s.id AND s.window_type = 'threshold'
				AND w.bucket_us BETWEEN s.low AND s.reach_us
			ORDER BY w.total DESC, w.bucket_us LIMIT 1) AS p ON true;
	FOREACH ended IN ARRAY coalesce(judged.ended, '{}') LOOP
		SELECT * INTO subject FROM siftd.findings
			WHERE project_id = ended.project_id AND id = ended.finding_id;
		PERFORM siftd.enqueue(subject, ended, 'closed', words_max);
	END LOOP;
	PERFORM siftd.trim_episodes(u.project, u.id, kept)
		FROM unnest(judged.projects, judged.ids, judged.fired) AS u (project, id, fired)
		WHERE u.fired AND EXISTS (SELECT FROM siftd.episodes AS p
			WHERE p.project_id = u.project AND p.finding_id = u.id OFFSET kept);
	UPDATE siftd.findings AS t SET status = q.status, window_peak = q.peak, window_end_us = q.peak_end,
		updated_at = now()
		FROM (
			SELECT u.project, u.id, CASE WHEN u.fired AND t.status = 'provisional' THEN 'open'
					WHEN u.fired AND t.status = 'resolved' THEN 'regressed'
					WHEN NOT u.fired AND t.status IN ('open', 'regressed') AND u.had
						AND NOT EXISTS (SELECT FROM siftd.episodes AS p
							WHERE p.project_id = t.project_id AND p.finding_id = t.id) THEN 'provisional'
					ELSE t.status END AS status,
				CASE WHEN t.window_type <> 'threshold' THEN coalesce(best.peak, 0)
					ELSE greatest(u.peak, t.window_peak) END AS peak,
				CASE WHEN t.window_type <> 'threshold' THEN best.last_us
					WHEN u.peak > t.window_peak THEN u.peak_end ELSE t.window_end_us END AS peak_end
			FROM unnest(judged.projects, judged.ids, judged.fired, judged.had, judged.peaks,
				judged.peak_ends) AS u (project, id, fired, had, peak, peak_end)
			JOIN siftd.findings AS t ON t.project_id = u.project AND t.id = u.id
			LEFT JOIN LATERAL (SELECT p.peak, p.last_us FROM siftd.episodes AS p
				WHERE p.project_id = t.project_id AND p.finding_id = t.id AND t.window_type <> 'threshold'
				ORDER BY p.peak DESC, p.first_us LIMIT 1) AS best ON true
			WHERE u.fired OR u.had OR coalesce(u.peak, best.peak) > t.window_peak
		) AS q
		WHERE t.project_id = q.project AND t.id = q.id
			AND (t.status, t.window_peak, t.window_end_us) IS DISTINCT FROM (q.status, q.peak, q.peak_end);
END $$;

CREATE FUNCTION siftd.judge_windows(projects bigint[], rules text[], keys text[], buckets bigint[],
	widths bigint[], kept integer, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM siftd.judge_findings(array_agg(f.project_id), array_agg(f.id), array_agg(u.low),
			array_agg(u.high), array_agg(u.width), kept, words_max)
		FROM (
			SELECT project, rule, key, min(bucket) AS low, max(bucket) AS high, max(width) AS width
			FROM unnest(projects, rules, keys, buckets, widths) AS b (project, rule, key, bucket, width)
			GROUP BY 1, 2, 3
		) AS u JOIN siftd.findings AS f
			ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
		HAVING count(*) > 0;
END $$;

-- as before, but for who judges and the bound of the outbox
DROP FUNCTION siftd.advance_clock(bigint[], integer);
CREATE FUNCTION siftd.advance_clock(projects bigint[], kept integer, words_max integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	project bigint;
	old siftd.window_clocks;
	new record;
	f siftd.findings;
	width bigint;
	bucket bigint;
BEGIN
	FOR project IN
		SELECT DISTINCT p FROM unnest(projects) AS p WHERE EXISTS (SELECT FROM siftd.findings AS x
			WHERE x.project_id = p AND x.window_type IN ('flatline', 'new_group')) ORDER BY 1
	LOOP
		SELECT * INTO old FROM siftd.window_clocks WHERE project_id = project;
		SELECT min(timestamp_min_us) AS first_us, least(max(timestamp_max_us),
				(extract(epoch FROM now()) * 1000000)::bigint + 300000000) AS last_us
			INTO new FROM siftd.ingestions WHERE project_id = project;
		CONTINUE WHEN new.first_us IS NULL
			OR (old.first_us <= new.first_us AND old.last_us >= new.last_us);
		INSERT INTO siftd.window_clocks AS c VALUES (project, new.first_us, new.last_us)
			ON CONFLICT (project_id) DO UPDATE SET first_us = least(c.first_us, excluded.first_us),
				last_us = greatest(c.last_us, excluded.last_us);
		FOR f IN SELECT * FROM siftd.findings AS x WHERE x.project_id = project AND (
			x.window_type = 'new_group' AND x.status = 'provisional'
				AND (old.first_us IS NULL OR new.first_us < old.first_us)
			OR x.window_type = 'flatline' AND x.last_us + x.window_us <= new.last_us)
		LOOP
			width := greatest(f.window_us / 12, 1);
			CONTINUE WHEN f.window_type = 'flatline' AND old.last_us IS NOT NULL AND
				siftd.floor_us(old.last_us, width) = siftd.floor_us(new.last_us, width);
			SELECT max(b.bucket_us) INTO bucket FROM siftd.window_buckets AS b
				WHERE b.project_id = project AND b.rule_id = f.rule_id AND b.key = f.key;
			IF bucket IS NOT NULL THEN
				PERFORM siftd.judge_findings(ARRAY[project], ARRAY[f.id], ARRAY[bucket], ARRAY[bucket],
					ARRAY[width], kept, words_max);
			END IF;
		END LOOP;
	END LOOP;
END $$;

-- Runs of occurrences of findings without a window: with the episodes that lie near they become one.
CREATE OR REPLACE FUNCTION siftd.add_runs(projects bigint[], rules text[], keys text[],
	firsts bigint[], lasts bigint[], counts bigint[], kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	touched record;
BEGIN
	WITH runs AS MATERIALIZED (
		SELECT f.project_id, f.id, f.quiet_us, u.first, u.last, u.count
		FROM unnest(projects, rules, keys, firsts, lasts, counts)
			AS u (project, rule, key, first, last, count)
		JOIN siftd.findings AS f
			ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
		WHERE f.window_type = ''
	), pieces AS (
		SELECT project_id, id, quiet_us, first, last, count, NULL::bigint AS episode,
			false AS told_open
		FROM runs
		UNION ALL
		SELECT r.project_id, r.id, r.quiet_us, p.first_us, p.last_us, p.total, p.id, p.told_open
		FROM (SELECT project_id, id, quiet_us, min(first) AS first, max(last) AS last FROM runs
			GROUP BY 1, 2, 3) AS r
		JOIN siftd.episodes AS p ON p.project_id = r.project_id AND p.finding_id = r.id
			AND p.last_us >= r.first - r.quiet_us AND p.first_us <= r.last + r.quiet_us
	), edges AS (
		SELECT *, first > quiet_us + max(last) OVER (PARTITION BY id ORDER BY first, last
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins
		FROM pieces
	), islands AS (
		SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY id ORDER BY first, last
			ROWS UNBOUNDED PRECEDING) AS island
		FROM edges
	), whole AS MATERIALIZED (
		SELECT project_id, id, min(first) AS first_us, max(last) AS last_us,
			sum(count)::bigint AS total, array_agg(episode ORDER BY told_open DESC, episode)
				FILTER (WHERE episode IS NOT NULL) AS episodes
		FROM islands GROUP BY project_id, id, island HAVING bool_or(episode IS NULL)
	), changed AS (
		UPDATE siftd.episodes AS p SET first_us = w.first_us, last_us = w.last_us, total = w.total
		FROM whole AS w
		WHERE p.project_id = w.project_id AND p.id = w.episodes[1]
	), gone AS (
		DELETE FROM siftd.episodes AS p USING whole AS w CROSS JOIN LATERAL unnest(w.episodes[2:]) AS x (id)
		WHERE p.project_id = w.project_id AND p.id = x.id
	), made AS (
		INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total)
			SELECT project_id, id, first_us, last_us, total FROM whole WHERE episodes IS NULL
			ORDER BY project_id, id, first_us
	)
	SELECT array_agg(project_id) AS projects, array_agg(id) AS ids INTO touched
		FROM (SELECT DISTINCT project_id, id FROM whole) AS w;
	PERFORM siftd.trim_episodes(u.project, u.id, kept)
		FROM unnest(touched.projects, touched.ids) AS u (project, id)
		WHERE EXISTS (SELECT FROM siftd.episodes AS p
			WHERE p.project_id = u.project AND p.finding_id = u.id OFFSET kept);
END $$;
DROP FUNCTION siftd.put_episode(bigint, bigint, bigint, bigint, bigint, bigint, boolean);

-- Of what is there of these templates of findings, and these events: the first `most` by time are the
-- head, the last `most` of the rest the tail, all others go, or are not written at all.
CREATE FUNCTION siftd.keep_evidence(projects bigint[], rules text[], keys text[], ingestions bigint[],
	templates bigint[], seqs bigint[], times bigint[], raws bytea[], most integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WITH fresh AS MATERIALIZED (
		SELECT u.project, f.id AS finding, u.ingestion, u.template, NULL::smallint AS edge, u.seq, u.ts,
			u.raw
		FROM unnest(projects, rules, keys, ingestions, templates, seqs, times, raws)
			AS u (project, rule, key, ingestion, template, seq, ts, raw)
		JOIN siftd.findings AS f
			ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
	), every AS (
		SELECT * FROM fresh
		UNION ALL
		SELECT e.project_id, e.finding_id, e.ingestion_id, e.template_key, e.edge, e.seq, e.ts, e.raw
		FROM (SELECT DISTINCT project, finding, ingestion, template FROM fresh) AS t
		JOIN siftd.evidence AS e ON e.project_id = t.project AND e.finding_id = t.finding
			AND e.ingestion_id = t.ingestion AND e.template_key = t.template
	), places AS (
		SELECT *, row_number() OVER (PARTITION BY finding, ingestion, template ORDER BY ts, raw, seq)
				AS place,
			count(*) OVER (PARTITION BY finding, ingestion, template) AS n
		FROM every
	), wanted AS MATERIALIZED (
		SELECT *, CASE WHEN place <= most THEN 0 WHEN place > n - most THEN 1 END AS wanted FROM places
	), gone AS (
		DELETE FROM siftd.evidence AS e USING wanted AS w WHERE w.edge IS NOT NULL AND w.wanted IS NULL
			AND e.project_id = w.project AND e.finding_id = w.finding AND e.ingestion_id = w.ingestion
			AND e.template_key = w.template AND e.edge = w.edge AND e.seq = w.seq
	), moved AS (
		UPDATE siftd.evidence AS e SET edge = w.wanted FROM wanted AS w WHERE w.edge <> w.wanted
			AND e.project_id = w.project AND e.finding_id = w.finding AND e.ingestion_id = w.ingestion
			AND e.template_key = w.template AND e.edge = w.edge AND e.seq = w.seq
	)
	INSERT INTO siftd.evidence (project_id, finding_id, ingestion_id, template_key, edge, seq, ts, raw)
		SELECT project, finding, ingestion, template, wanted, seq, ts, raw FROM wanted
		WHERE edge IS NULL AND wanted IS NOT NULL
		ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT DO NOTHING;
END $$;

-- What was counted by template and minute, into all that is made of it but the totals of scopes.
CREATE FUNCTION siftd.add_counts(projects bigint[], ingestions bigint[], minutes integer[],
	templates bigint[], severities smallint[], services text[], counts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	WITH sums AS MATERIALIZED (
		SELECT project, ingestion, template, minute, severity, service COLLATE "C" AS service,
			sum(n)::bigint AS n
		FROM unnest(projects, ingestions, minutes, templates, severities, services, counts)
			AS u (project, ingestion, minute, template, severity, service, n)
		GROUP BY 1, 2, 3, 4, 5, 6
	), by_minute AS MATERIALIZED (
		SELECT project, 1 AS width, minute AS begin, ingestion, severity, service, sum(n)::bigint AS n
		FROM sums GROUP BY 1, 3, 4, 5, 6
	), tens AS MATERIALIZED (
		SELECT project, template, siftd.begin_of(minute, 10) AS begin, ingestion, severity, service,
			sum(n)::bigint AS n
		FROM sums GROUP BY 1, 2, 3, 4, 5, 6
	), scopes AS (
		INSERT INTO siftd.scope_counts AS s (project_id, width, begin, ingestion_id, severity, service,
				count)
			SELECT * FROM by_minute
			UNION ALL
			SELECT project, w.width, siftd.begin_of(begin, w.width), ingestion, severity, service,
				sum(n)::bigint
			FROM by_minute CROSS JOIN (VALUES (60), (1440)) AS w (width) GROUP BY 1, 2, 3, 4, 5, 6
			ORDER BY 1, 2, 3, 4, 5, 6
			ON CONFLICT (project_id, width, begin, ingestion_id, severity, service)
				DO UPDATE SET count = s.count + excluded.count
	), totals AS (
		INSERT INTO siftd.group_totals AS t (project_id, template_key, ingestion_id, severity, service,
				count)
			SELECT project, template, ingestion, severity, service, sum(n)::bigint
			FROM tens GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
			ON CONFLICT (project_id, template_key, ingestion_id, severity, service)
				DO UPDATE SET count = t.count + excluded.count
	), times AS (
		INSERT INTO siftd.group_times AS t (project_id, template_key, begin, ingestion_id, count)
			SELECT project, template, begin, ingestion, sum(n)::bigint
			FROM tens GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
			ON CONFLICT (project_id, template_key, begin, ingestion_id)
				DO UPDATE SET count = t.count + excluded.count
	)
	INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute, severity,
			service, count)
		SELECT * FROM sums ORDER BY 1, 3, 4, 2, 5, 6
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count;
END $$;

-- as before
CREATE OR REPLACE FUNCTION siftd.fold_counts(projects bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	folded record; -- arrays
BEGIN
	PERFORM FROM siftd.ingestions AS i
		WHERE EXISTS (SELECT FROM siftd.group_count_parts AS p
			WHERE p.project_id = ANY (projects) AND p.project_id = i.project_id
				AND p.ingestion_id = i.id)
		ORDER BY i.id FOR KEY SHARE;
	WITH parts AS (
		DELETE FROM siftd.group_count_parts AS p WHERE p.project_id = ANY (projects) RETURNING *
	), sums AS (
		SELECT p.project_id, p.ingestion_id, u.template_key, u.minute, u.severity,
			u.service COLLATE "C" AS service, sum(u.count)::bigint AS count
		FROM parts AS p CROSS JOIN LATERAL unnest(p.template_keys, p.minutes, p.severities,
			p.services, p.counts) AS u(template_key, minute, severity, service, count)
		GROUP BY 1, 2, 3, 4, 5, 6
	)
	SELECT array_agg(project_id) AS projects, array_agg(ingestion_id) AS ingestions,
			array_agg(minute) AS minutes, array_agg(template_key) AS templates,
			array_agg(severity) AS severities, array_agg(service) AS services, array_agg(count) AS counts
		INTO folded FROM sums;
	IF folded.projects IS NOT NULL THEN
		PERFORM siftd.add_counts(folded.projects, folded.ingestions, folded.minutes, folded.templates,
			folded.severities, folded.services, folded.counts);
	END IF;
END $$;

-- as before; its statements are planned once a connection
CREATE OR REPLACE FUNCTION siftd.add_variables(projects bigint[], templates bigint[], names text[],
	types text[], totals bigint[], vals text[], counts bigint[], errors bigint[], kept integer)
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO siftd.group_variables AS v (project_id, template_key, name, type, total)
		SELECT project, template, name, max(type), max(total)
		FROM unnest(projects, templates, names, types, totals)
			AS u(project, template, name, type, total)
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT (project_id, template_key, name) DO UPDATE SET
			type = excluded.type, total = v.total + excluded.total;
	INSERT INTO siftd.group_variable_values AS v
			(project_id, template_key, name, value, count, error)
		SELECT project, template, name, value, sum(count)::bigint, sum(error)::bigint
		FROM unnest(projects, templates, names, vals, counts, errors)
			AS u(project, template, name, value, count, error)
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
		ON CONFLICT (project_id, template_key, name, value) DO UPDATE SET
			count = v.count + excluded.count, error = v.error + excluded.error;
	DELETE FROM siftd.group_variable_values AS v USING (
		SELECT w.project_id, w.template_key, w.name, w.value, row_number() OVER (
			PARTITION BY w.project_id, w.template_key, w.name
			ORDER BY w.count DESC, w.value) AS place
		FROM (SELECT DISTINCT * FROM unnest(projects, templates, names)
			AS u(project, template, name)) AS touched
		JOIN siftd.group_variable_values AS w ON w.project_id = touched.project
			AND w.template_key = touched.template AND w.name = touched.name
	) AS ranked
	WHERE ranked.place > kept AND v.project_id = ranked.project_id
		AND v.template_key = ranked.template_key AND v.name = ranked.name
		AND v.value = ranked.value;
END $$;
