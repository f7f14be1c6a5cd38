-- 0017_episodes.sql - episodes of findings, what people decide about them, and mutes
--
-- An episode is a run of occurrences with no gap longer than the rule's quiet; of a rule with a
-- window, a run of windows that fired. Episodes follow from occurrences or buckets alone: neither
-- batches, their order nor restarts matter.
ALTER TABLE siftd.findings DROP CONSTRAINT findings_status_check;
ALTER TABLE siftd.findings
	-- regressed: it came back after somebody had resolved it
	ADD CONSTRAINT findings_status_check CHECK (status IN
		('provisional', 'open', 'acknowledged', 'resolved', 'muted', 'regressed')),
	ADD quiet_us bigint NOT NULL DEFAULT 3600000000,
	ADD services text[] NOT NULL DEFAULT '{}', -- the first 16 by name
	ADD hosts text[] NOT NULL DEFAULT '{}',
	ADD muted_until timestamptz, -- NULL: for good
	ADD note text NOT NULL DEFAULT '',
	ADD status_user_id bigint,
	ADD status_at timestamptz,
	ADD episodes_forgotten bigint NOT NULL DEFAULT 0;
ALTER TABLE siftd.groups ADD muted_until timestamptz;
CREATE INDEX findings_muted ON siftd.findings (muted_until) WHERE status = 'muted';
CREATE INDEX groups_muted ON siftd.groups (muted_until) WHERE status = 'muted';

CREATE TABLE siftd.episodes (
	project_id bigint NOT NULL,
	finding_id bigint NOT NULL,
	id         bigint GENERATED ALWAYS AS IDENTITY,
	first_us   bigint NOT NULL,
	last_us    bigint NOT NULL, -- of a window: its end
	total      bigint NOT NULL,
	PRIMARY KEY (project_id, finding_id, id),
	FOREIGN KEY (project_id, finding_id) REFERENCES siftd.findings (project_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX episodes_last ON siftd.episodes (project_id, finding_id, last_us);

INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total)
	SELECT project_id, id, first_us, last_us, total FROM siftd.findings WHERE status <> 'provisional';

-- What people want to hear nothing of. All that is named must hold; with nothing named, and two
-- times, it is a maintenance window of the whole project.
CREATE TABLE siftd.mutes (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	rule_id    text,
	group_id   bigint,
	service    text,
	host       text,
	starts_at  timestamptz NOT NULL DEFAULT now(),
	ends_at    timestamptz, -- NULL: until it is deleted
	reason     text NOT NULL DEFAULT '',
	user_id    bigint,
	created_at timestamptz NOT NULL DEFAULT now(),
	CHECK (ends_at > starts_at)
);
CREATE INDEX mutes_project ON siftd.mutes (project_id, id);

-- names of which each ends with a unit separator
CREATE FUNCTION siftd.split_names(names text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN names = '' THEN '{}' ELSE trim_array(string_to_array(names, E'\x1f'), 1) END
$$;

-- the 16 first of both by name; the empty one stands for events without
CREATE FUNCTION siftd.unite_names(a text[], b text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN b <@ a THEN a ELSE (SELECT array_agg(name ORDER BY name COLLATE "C") FROM (
		SELECT DISTINCT name COLLATE "C" AS name FROM unnest(a || b) AS n (name) ORDER BY 1 LIMIT 16
	) AS united) END
$$;

CREATE AGGREGATE siftd.unite_names_of (text[]) (
	SFUNC = siftd.unite_names, STYPE = text[], INITCOND = '{}'
);

-- Puts a run into the episodes of a finding: those that lie within `quiet` of it become one. Runs
-- of occurrences add to what is there, an episode of windows replaces it.
CREATE FUNCTION siftd.put_episode(project bigint, finding bigint, quiet bigint, low bigint,
	high bigint, count bigint, adds boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known record;
BEGIN
	SELECT array_agg(id ORDER BY id) AS ids, min(first_us) AS low, max(last_us) AS high,
			sum(total)::bigint AS total
		INTO known FROM siftd.episodes
		WHERE project_id = project AND finding_id = finding
			AND last_us >= low - quiet AND first_us <= high + quiet;
	IF known.ids IS NULL THEN
		INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total)
			VALUES (project, finding, low, high, count);
		RETURN;
	END IF;
	IF cardinality(known.ids) > 1 THEN
		DELETE FROM siftd.episodes WHERE project_id = project AND finding_id = finding
			AND id = ANY (known.ids[2:]);
	END IF;
	UPDATE siftd.episodes SET
		first_us = CASE WHEN adds THEN least(known.low, low) ELSE low END,
		last_us = CASE WHEN adds THEN greatest(known.high, high) ELSE high END,
		total = count + CASE WHEN adds THEN known.total ELSE 0 END
		WHERE project_id = project AND finding_id = finding AND id = known.ids[1];
END $$;

-- The newest episodes stay; how many were forgotten is counted.
CREATE FUNCTION siftd.trim_episodes(project bigint, finding bigint, kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM siftd.episodes WHERE project_id = project AND finding_id = finding
		AND last_us < (SELECT last_us FROM siftd.episodes
			WHERE project_id = project AND finding_id = finding
			ORDER BY last_us DESC OFFSET kept - 1 LIMIT 1);
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n > 0 THEN
		UPDATE siftd.findings SET episodes_forgotten = episodes_forgotten + n
			WHERE project_id = project AND id = finding;
	END IF;
END $$;

-- Runs of occurrences of rules without a window.
CREATE FUNCTION siftd.add_runs(projects bigint[], rules text[], keys text[], firsts bigint[],
	lasts bigint[], counts bigint[], kept integer)
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
			WHERE f.window_us = 0
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

-- The windows of a finding that fired and end in one of the buckets from `low` to `high`.
CREATE FUNCTION siftd.fired_windows(f siftd.findings, low bigint, high bigint, width bigint,
	OUT first_us bigint, OUT last_us bigint, OUT value bigint)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT w.begin_us, w.bucket_us + width, w.total::bigint FROM (
		SELECT b.bucket_us, sum(b.count) OVER reach AS total, min(b.bucket_us) OVER reach AS begin_us
		FROM siftd.window_buckets AS b
		WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
			AND b.bucket_us BETWEEN low - f.window_us + width AND high
		WINDOW reach AS (ORDER BY b.bucket_us
			RANGE BETWEEN greatest(f.window_us - width, 0) PRECEDING AND CURRENT ROW)
	) AS w WHERE w.bucket_us >= low AND w.total >= f.window_count
$$;

-- Judges a finding whose buckets from `low` to `high` changed: its episodes become what the stored
-- buckets say. Whole episodes are made again, as a window may join two.
CREATE FUNCTION siftd.judge_finding(f siftd.findings, low bigint, high bigint, width bigint,
	kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	from_us bigint := low;
	to_us bigint := high + f.window_us - width;
	fired boolean := false;
	e record;
BEGIN
	SELECT least(from_us, min(first_us)), greatest(to_us, max(last_us)) INTO from_us, to_us
		FROM siftd.episodes WHERE project_id = f.project_id AND finding_id = f.id
			AND last_us >= from_us - f.window_us - f.quiet_us
			AND first_us <= to_us + width + f.quiet_us;
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
			SELECT min(first_us) AS first_us, max(last_us) AS last_us,
				bool_or(last_us - width BETWEEN low AND high + f.window_us - width) AS touched
			FROM islands GROUP BY island
		)
		SELECT r.first_us, r.last_us, r.touched, (SELECT sum(b.count)::bigint FROM siftd.window_buckets AS b
			WHERE b.project_id = f.project_id AND b.rule_id = f.rule_id AND b.key = f.key
				AND b.bucket_us >= r.first_us AND b.bucket_us < r.last_us) AS total
		FROM runs AS r ORDER BY r.first_us
	LOOP
		PERFORM siftd.put_episode(f.project_id, f.id, f.quiet_us, e.first_us, e.last_us, e.total,
			false);
		fired := fired OR e.touched;
	END LOOP;
	IF fired THEN
		PERFORM siftd.trim_episodes(f.project_id, f.id, kept);
	END IF;
	UPDATE siftd.findings AS t SET
		status = CASE WHEN NOT fired THEN t.status WHEN t.status = 'provisional' THEN 'open'
			WHEN t.status = 'resolved' THEN 'regressed' ELSE t.status END,
		window_peak = greatest(t.window_peak, p.peak),
		window_end_us = CASE WHEN p.peak > t.window_peak THEN p.end_us ELSE t.window_end_us END,
		updated_at = now()
		FROM siftd.window_peak(f.project_id, f.rule_id, f.key, low, high, f.window_us, width) AS p
		WHERE t.project_id = f.project_id AND t.id = f.id AND (fired OR p.peak > t.window_peak);
END $$;

CREATE FUNCTION siftd.judge_windows(projects bigint[], rules text[], keys text[], buckets bigint[],
	widths bigint[], kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
	f siftd.findings;
BEGIN
	FOR r IN
		SELECT project, rule, key, min(bucket) AS low, max(bucket) AS high, max(width) AS width
		FROM unnest(projects, rules, keys, buckets, widths) AS u (project, rule, key, bucket, width)
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	LOOP
		SELECT * INTO f FROM siftd.findings
			WHERE project_id = r.project AND rule_id = r.rule AND key = r.key;
		IF FOUND THEN
			PERFORM siftd.judge_finding(f, r.low, r.high, r.width, kept);
		END IF;
	END LOOP;
END $$;
