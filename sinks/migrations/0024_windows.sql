-- 0024_windows.sql - windows that compare, count values, see sequences, news and silence
--
-- Whatever the type, the episodes of a finding are a function of stored buckets (and of the times that
-- the project's events span): what is judged again gives what judging all at once would give.
ALTER TABLE siftd.findings
	ADD window_type text NOT NULL DEFAULT '',
	ADD window_factor bigint NOT NULL DEFAULT 0, -- millionths
	ADD window_baseline_us bigint NOT NULL DEFAULT 0;
UPDATE siftd.findings SET window_type = 'threshold' WHERE window_us > 0;
CREATE INDEX findings_by_clock ON siftd.findings (project_id, window_type)
	WHERE window_type IN ('flatline', 'new_group');

-- first_us and the like are the least and greatest moments of events; none: the largest and smallest number
ALTER TABLE siftd.window_buckets
	ADD others bigint NOT NULL DEFAULT 0, -- rate_ratio: all that is compared with
	ADD first_us bigint NOT NULL DEFAULT 9223372036854775807,
	ADD last_us bigint NOT NULL DEFAULT -9223372036854775808,
	ADD then_first_us bigint NOT NULL DEFAULT 9223372036854775807, -- sequence
	ADD then_last_us bigint NOT NULL DEFAULT -9223372036854775808;

-- cardinality: hashes of the values that a bucket has seen, the smallest ones
CREATE TABLE siftd.window_values (
	project_id bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	rule_id    text NOT NULL,
	key        text NOT NULL,
	bucket_us  bigint NOT NULL,
	value      bigint NOT NULL,
	PRIMARY KEY (project_id, rule_id, key, bucket_us, value)
);
-- values go with their buckets
CREATE FUNCTION siftd.window_buckets_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.window_values AS v USING gone AS g
		WHERE v.project_id = g.project_id AND v.rule_id = g.rule_id AND v.key = g.key
			AND v.bucket_us = g.bucket_us;
	RETURN NULL;
END $$;
CREATE TRIGGER window_buckets_deleted AFTER DELETE ON siftd.window_buckets
	REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION siftd.window_buckets_deleted();

-- the highest value of an episode's windows
ALTER TABLE siftd.episodes ADD peak bigint NOT NULL DEFAULT 0;

-- what the events of a project span, as far as findings were judged by it
CREATE TABLE siftd.window_clocks (
	project_id bigint PRIMARY KEY REFERENCES siftd.projects ON DELETE CASCADE,
	first_us   bigint NOT NULL,
	last_us    bigint NOT NULL
);

CREATE FUNCTION siftd.add_values(projects bigint[], rules text[], keys text[], buckets bigint[],
	hashes bigint[], kept bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	INSERT INTO siftd.window_values (project_id, rule_id, key, bucket_us, value)
		SELECT DISTINCT project, rule, key, bucket, hash
		FROM unnest(projects, rules, keys, buckets, hashes) AS u (project, rule, key, bucket, hash)
		ORDER BY 1, 2, 3, 4, 5
		ON CONFLICT DO NOTHING;
	-- a bucket that has as many as the rule asks for fires, whatever more it has seen
	FOR r IN
		SELECT project, rule, key, bucket, max(most) AS most
		FROM unnest(projects, rules, keys, buckets, kept) AS u (project, rule, key, bucket, most)
		GROUP BY 1, 2, 3, 4
	LOOP
		DELETE FROM siftd.window_values AS v
			WHERE v.project_id = r.project AND v.rule_id = r.rule AND v.key = r.key
				AND v.bucket_us = r.bucket AND v.value > (SELECT k.value FROM siftd.window_values AS k
					WHERE k.project_id = r.project AND k.rule_id = r.rule AND k.key = r.key
						AND k.bucket_us = r.bucket ORDER BY k.value OFFSET r.most - 1 LIMIT 1);
	END LOOP;
END $$;

CREATE FUNCTION siftd.floor_us(moment bigint, width bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT moment - ((moment % width) + width) % width
$$;

-- The windows of a finding that fired and end in one of the buckets from `low` to `high`. Each may be
-- looked at alone: what it says does not depend on `low` and `high`.
CREATE OR REPLACE FUNCTION siftd.fired_windows(f siftd.findings, low bigint, high bigint,
	width bigint, OUT first_us bigint, OUT last_us bigint, OUT value bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	clock siftd.window_clocks;
	span bigint := f.window_us;
BEGIN
	IF f.window_type IN ('threshold', 'rate_ratio', 'spike') THEN
		RETURN QUERY SELECT w.begin_us, w.bucket_us + width,
				CASE f.window_type WHEN 'rate_ratio' THEN w.total * 1000000 / greatest(w.others, 1)
					ELSE w.total END
			FROM (
				SELECT b.bucket_us, (sum(b.count) OVER reach)::bigint AS total,
					(sum(b.others) OVER reach)::bigint AS others,
					min(b.bucket_us) OVER reach AS begin_us
				FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us BETWEEN low - span + width AND high
				WINDOW reach AS (ORDER BY b.bucket_us
					RANGE BETWEEN greatest(span - width, 0) PRECEDING AND CURRENT ROW)
			) AS w
			WHERE w.bucket_us >= low AND w.total >= f.window_count
				AND CASE f.window_type WHEN 'threshold' THEN true
					WHEN 'rate_ratio' THEN
						w.total::numeric * 1000000 >= w.others::numeric * f.window_factor
					ELSE w.total::numeric * 1000000 >=
						greatest(siftd.window_median(f, w.bucket_us), 1)::numeric * f.window_factor END;
	ELSIF f.window_type = 'cardinality' THEN
		RETURN QUERY SELECT w.begin_us, w.bucket_us + width, w.n FROM (
				SELECT b.bucket_us, v.begin_us, v.n FROM siftd.window_buckets AS b CROSS JOIN LATERAL (
					SELECT count(DISTINCT x.value) AS n, min(x.bucket_us) AS begin_us
					FROM siftd.window_values AS x
					WHERE x.project_id = f.project_id AND x.rule_id = f.rule_id AND x.key = f.key
						AND x.bucket_us BETWEEN b.bucket_us - span + width AND b.bucket_us) AS v
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us BETWEEN low AND high
			) AS w WHERE w.n >= f.window_count;
	ELSIF f.window_type = 'sequence' THEN
		-- within a bucket the first and the last; across buckets the last and the first
		RETURN QUERY SELECT CASE WHEN w.within THEN w.bucket_us ELSE siftd.floor_us(w.before, width) END,
				w.bucket_us + width, 1::bigint FROM (
				SELECT b.bucket_us, b.first_us <= b.then_last_us AS within, b.then_first_us,
					(SELECT max(a.last_us) FROM siftd.window_buckets AS a
						WHERE a.project_id = f.project_id AND a.rule_id = f.rule_id AND a.key = f.key
							AND a.bucket_us >= b.bucket_us - span - width
							AND a.bucket_us < b.bucket_us AND a.count > 0) AS before
				FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us BETWEEN low AND high
					AND b.then_last_us > (-9223372036854775808)::bigint
			) AS w WHERE w.within OR w.then_first_us - w.before <= span;
	ELSIF f.window_type = 'new_group' THEN
		SELECT * INTO clock FROM siftd.window_clocks WHERE project_id = f.project_id;
		RETURN QUERY SELECT b.first_us, b.first_us, 1::bigint FROM siftd.window_buckets AS b
			WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
				AND b.first_us >= clock.first_us + f.window_baseline_us;
	ELSIF f.window_type = 'flatline' THEN
		SELECT * INTO clock FROM siftd.window_clocks WHERE project_id = f.project_id;
		RETURN QUERY SELECT g.before + width, g.bucket_us, g.bucket_us - g.before - width FROM (
				SELECT b.bucket_us, (SELECT max(p.bucket_us) FROM siftd.window_buckets AS p
					WHERE p.project_id = f.project_id AND p.rule_id = f.rule_id AND p.key = f.key
						AND p.bucket_us < b.bucket_us) AS before
				FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us BETWEEN low AND high
				UNION ALL
				-- the silence that may go on
				SELECT siftd.floor_us(clock.last_us, width), t.bucket_us FROM (
					SELECT max(b.bucket_us) AS bucket_us FROM siftd.window_buckets AS b
					WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
				) AS t WHERE t.bucket_us <= high
			) AS g
			WHERE g.bucket_us - g.before - width >= span
				AND (SELECT sum(b.count) FROM siftd.window_buckets AS b
					WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
						AND b.bucket_us BETWEEN g.before - span + width AND g.before) >= f.window_count;
	END IF;
END $$;

-- The median of the windows before the one that ends with this bucket, without overlap; NULL while
-- there is no history as long as the baseline. Silence counts as 0.
CREATE FUNCTION siftd.window_median(f siftd.findings, bucket bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN (SELECT min(b.bucket_us) FROM siftd.window_buckets AS b
			WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key)
			<= bucket - f.window_us - f.window_baseline_us
		THEN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(s.n, 0)) FROM (
			SELECT (SELECT sum(b.count)::bigint FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us > bucket - (k + 1) * f.window_us
					AND b.bucket_us <= bucket - k * f.window_us) AS n
			FROM generate_series(1, f.window_baseline_us / f.window_us) AS k) AS s)
		ELSE 9223372036854775807 END
$$;

-- The last bucket whose window a change in the buckets from `low` to `high` can reach.
CREATE FUNCTION siftd.window_reach(f siftd.findings, low bigint, high bigint, width bigint)
RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT CASE f.window_type
		WHEN 'spike' THEN greatest(high, CASE WHEN NOT EXISTS (SELECT FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us < low)
			THEN (SELECT min(b.bucket_us) FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us > high) END) + f.window_us + f.window_baseline_us + width
		WHEN 'sequence' THEN high + f.window_us + width
		WHEN 'flatline' THEN coalesce((SELECT min(b.bucket_us) FROM siftd.window_buckets AS b
			WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
				AND b.bucket_us > high), (SELECT c.last_us + f.window_us FROM siftd.window_clocks AS c
			WHERE c.project_id = f.project_id), high) + f.window_us
		WHEN 'new_group' THEN high
		ELSE high + f.window_us - width END
$$;

-- Judges a finding whose buckets from `low` to `high` changed: its episodes become what the stored
-- buckets say. Whole episodes are made again, as a window may join two, and ones that the
-- buckets no longer bear out go.
CREATE OR REPLACE FUNCTION siftd.judge_finding(f siftd.findings, low bigint, high bigint,
	width bigint, kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	from_us bigint := low;
	reach_us bigint := siftd.window_reach(f, low, high, width);
	to_us bigint := reach_us;
	before bigint[];
	after bigint[] := '{}';
	fired boolean := false;
	episode bigint;
	peak bigint;
	peak_end bigint;
	e record;
	gone siftd.episodes;
BEGIN
	SELECT least(from_us, min(first_us)), greatest(to_us, max(last_us)), array_agg(id)
		INTO from_us, to_us, before
		FROM siftd.episodes WHERE project_id = f.project_id AND finding_id = f.id
			AND (f.window_type = 'new_group' OR last_us >= from_us - f.window_us - f.quiet_us
				AND first_us <= to_us + width + f.quiet_us);
	FOR e IN
		WITH windows AS (
			SELECT * FROM siftd.fired_windows(f, from_us, to_us, width)
		), edges AS (
			SELECT *, first_us > f.quiet_us + max(last_us) OVER (ORDER BY first_us, last_us
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins
			FROM windows
		), islands AS (
			SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY first_us, last_us
				ROWS UNBOUNDED PRECEDING) AS island
			FROM edges
		), runs AS (
			SELECT min(first_us) AS first_us, max(last_us) AS last_us, max(value) AS value,
				bool_or(last_us - width BETWEEN low AND reach_us) AS touched
			FROM islands GROUP BY island
		)
		SELECT r.first_us, r.last_us, r.value, r.touched, CASE f.window_type
			WHEN 'new_group' THEN f.total ELSE coalesce((SELECT sum(b.count)::bigint
				FROM siftd.window_buckets AS b
				WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
					AND b.bucket_us >= r.first_us AND b.bucket_us < r.last_us), 0) END AS total
		FROM runs AS r ORDER BY r.first_us
	LOOP
		episode := siftd.put_episode_id(f.project_id, f.id, f.quiet_us, e.first_us, e.last_us, e.total,
			false);
		UPDATE siftd.episodes AS p SET peak = e.value
			WHERE p.project_id = f.project_id AND p.finding_id = f.id AND p.id = episode;
		after := after || episode;
		fired := fired OR e.touched OR f.window_type = 'new_group';
	END LOOP;
	FOR gone IN DELETE FROM siftd.episodes WHERE project_id = f.project_id AND finding_id = f.id
			AND id = ANY (before) AND id <> ALL (after) RETURNING *
	LOOP
		IF gone.told_open THEN
			PERFORM siftd.enqueue(f, gone, 'closed', 2147483647);
		END IF;
	END LOOP;
	IF fired THEN
		PERFORM siftd.trim_episodes(f.project_id, f.id, kept);
	END IF;
	IF f.window_type = 'threshold' THEN
		SELECT p.peak, p.end_us INTO peak, peak_end FROM siftd.window_peak(f.project_id, f.rule_id,
			f.key, low, high, f.window_us, width) AS p;
		peak := greatest(peak, f.window_peak);
	ELSE
		SELECT p.peak, p.last_us INTO peak, peak_end FROM siftd.episodes AS p
			WHERE p.project_id = f.project_id AND p.finding_id = f.id
			ORDER BY p.peak DESC, p.first_us LIMIT 1;
	END IF;
	UPDATE siftd.findings AS t SET
		status = CASE WHEN fired AND t.status = 'provisional' THEN 'open'
			WHEN fired AND t.status = 'resolved' THEN 'regressed'
			WHEN NOT fired AND t.status IN ('open', 'regressed') AND before IS NOT NULL
				AND NOT EXISTS (SELECT FROM siftd.episodes AS x
					WHERE x.project_id = f.project_id AND x.finding_id = f.id) THEN 'provisional'
			ELSE t.status END,
		window_peak = coalesce(peak, 0),
		window_end_us = CASE WHEN f.window_type <> 'threshold' OR peak > t.window_peak THEN peak_end
			ELSE t.window_end_us END,
		updated_at = now()
		WHERE t.project_id = f.project_id AND t.id = f.id
			AND (fired OR before IS NOT NULL OR peak > t.window_peak);
END $$;

-- as put_episode; says which episode it is
CREATE FUNCTION siftd.put_episode_id(project bigint, finding bigint, quiet bigint, low bigint,
	high bigint, count bigint, adds boolean)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM siftd.put_episode(project, finding, quiet, low, high, count, adds);
	RETURN (SELECT id FROM siftd.episodes WHERE project_id = project AND finding_id = finding
		AND first_us <= low AND last_us >= high ORDER BY id LIMIT 1);
END $$;

-- The flush's events moved the span of a project: silence may last longer, and what was no news may be
-- some, as there is a longer past.
CREATE FUNCTION siftd.advance_clock(projects bigint[], kept integer) RETURNS void
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
				PERFORM siftd.judge_finding(f, bucket, bucket, width, kept);
			END IF;
		END LOOP;
	END LOOP;
END $$;

-- runs are of findings without a window only
CREATE OR REPLACE FUNCTION siftd.add_runs(projects bigint[], rules text[], keys text[],
	firsts bigint[], lasts bigint[], counts bigint[], kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN
		WITH runs AS (
			SELECT f.project_id, f.id, f.quiet_us, u.first, u.last, u.count
			FROM unnest(projects, rules, keys, firsts, lasts, counts)
				AS u (project, rule, key, first, last, count)
			JOIN siftd.findings AS f
				ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
			WHERE f.window_type = ''
		), edges AS (
			SELECT *, first > quiet_us + max(last) OVER (PARTITION BY id ORDER BY first, last
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins
			FROM runs
		), islands AS (
			SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY id ORDER BY first, last
				ROWS UNBOUNDED PRECEDING) AS island
			FROM edges
		)
		SELECT project_id, id, quiet_us, min(first) AS low, max(last) AS high,
			sum(count)::bigint AS total
		FROM islands GROUP BY project_id, id, quiet_us, island ORDER BY project_id, id, low
	LOOP
		PERFORM siftd.put_episode(r.project_id, r.id, r.quiet_us, r.low, r.high, r.total, true);
		PERFORM siftd.trim_episodes(r.project_id, r.id, kept);
	END LOOP;
END $$;
