-- 0041_idle_clock.sql - silence is seen when all of a project falls silent
--
-- The newest event of a project was the only clock of silences: with no event at all, nothing was missing. Now a
-- project whose events come while they are new is moved on by wall time too, up to the moment until which all
-- daemons had stored all that their sources held. How far that was is stored, so that judging still follows from
-- what is stored alone. What was read from old files has no such clock: its silences end with its last event.
ALTER TABLE siftd.window_clocks
	ADD live_us bigint; -- the newest event that came within five minutes of its time; NULL: none did

CREATE UNLOGGED TABLE siftd.daemon_clocks (
	daemon       text PRIMARY KEY,
	-- all that its sources held by then is stored; NULL: it has just begun to read
	caught_up_us bigint,
	seen_at      timestamptz NOT NULL
);

-- Moves the clock of a project, and judges what hangs on it.
CREATE FUNCTION siftd.move_clock(project bigint, first_event bigint, last_moment bigint, live bigint,
	kept integer, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	old siftd.window_clocks;
	f siftd.findings;
	width bigint;
	bucket bigint;
BEGIN
	SELECT * INTO old FROM siftd.window_clocks WHERE project_id = project;
	IF first_event IS NULL OR (old.first_us <= first_event AND old.last_us >= last_moment) THEN
		RETURN;
	END IF;
	INSERT INTO siftd.window_clocks AS c VALUES (project, first_event, last_moment, live)
		ON CONFLICT (project_id) DO UPDATE SET first_us = least(c.first_us, excluded.first_us),
			last_us = greatest(c.last_us, excluded.last_us),
			live_us = greatest(c.live_us, excluded.live_us);
	FOR f IN SELECT * FROM siftd.findings AS x WHERE x.project_id = project AND (
		x.window_type = 'new_group' AND x.status = 'provisional'
			AND (old.first_us IS NULL OR first_event < old.first_us)
		OR x.window_type = 'flatline' AND x.last_us + x.window_us <= last_moment)
	LOOP
		width := greatest(f.window_us / 12, 1);
		CONTINUE WHEN f.window_type = 'flatline' AND old.last_us IS NOT NULL AND
			siftd.floor_us(old.last_us, width) = siftd.floor_us(last_moment, width);
		SELECT max(b.bucket_us) INTO bucket FROM siftd.window_buckets AS b
			WHERE b.project_id = project AND b.rule_id = f.rule_id AND b.key = f.key;
		IF bucket IS NOT NULL THEN
			PERFORM siftd.judge_findings(ARRAY[project], ARRAY[f.id], ARRAY[bucket], ARRAY[bucket],
				ARRAY[width], kept, words_max);
		END IF;
	END LOOP;
END $$;

-- as in 0033_judge_sets.sql, and which events came while they were new
CREATE OR REPLACE FUNCTION siftd.advance_clock(projects bigint[], kept integer, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	wall bigint := (extract(epoch FROM now()) * 1000000)::bigint;
	r record;
BEGIN
	FOR r IN
		SELECT i.project_id, min(i.timestamp_min_us) AS first_us,
			least(max(i.timestamp_max_us), wall + 300000000) AS last_us
		FROM siftd.ingestions AS i
		WHERE i.project_id = ANY (projects) AND EXISTS (SELECT FROM siftd.findings AS x
			WHERE x.project_id = i.project_id AND x.window_type IN ('flatline', 'new_group'))
		GROUP BY 1 ORDER BY 1
	LOOP
		PERFORM siftd.move_clock(r.project_id, r.first_us, r.last_us,
			CASE WHEN r.last_us >= wall - 300000000 THEN r.last_us END, kept, words_max);
	END LOOP;
END $$;

-- Tells of silences that a clock brought, as siftd.tell does of what came: no batch holds an event of theirs.
-- An episode is told of once; one that was over and went on, again.
CREATE FUNCTION siftd.tell_silences(projects bigint[], age_us bigint, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM siftd.tell(array_agg(f.project_id), array_agg(f.rule_id), array_agg(f.key),
			array_agg(m.template_key), array_agg(siftd.join_names(f.services)),
			array_agg(siftd.join_names(f.hosts)), age_us, words_max)
		FROM siftd.findings AS f
		JOIN siftd.finding_templates AS m ON m.project_id = f.project_id AND m.finding_id = f.id
		CROSS JOIN LATERAL (SELECT p.* FROM siftd.episodes AS p
			WHERE p.project_id = f.project_id AND p.finding_id = f.id
			ORDER BY p.last_us DESC, p.id LIMIT 1) AS e
		WHERE f.project_id = ANY (projects) AND f.window_type = 'flatline'
			AND f.status IN ('open', 'regressed') AND NOT e.told_open
			AND (e.told = 0 OR e.last_us + f.quiet_us >= (extract(epoch FROM now()) * 1000000)::bigint)
		HAVING count(*) > 0;
END $$;

-- as the flush sends them: each ends with a unit separator
CREATE FUNCTION siftd.join_names(names text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(string_agg(name || E'\x1f', '' ORDER BY place), '')
	FROM unnest(names) WITH ORDINALITY AS n (name, place)
$$;

-- A daemon says until when it has stored all that its sources held; the clocks of live projects with silences to
-- tell of are moved up to `lateness_us` before the moment that holds for all daemons. One that was not heard of
-- for a minute is gone, and its streams are others' or stand still. How many clocks were moved.
CREATE FUNCTION siftd.tick(name text, caught_up bigint, lateness_us bigint, kept integer,
	age_us bigint, words_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	moment bigint;
	moved bigint[];
	project bigint;
BEGIN
	INSERT INTO siftd.daemon_clocks AS c VALUES (name, caught_up, now())
		ON CONFLICT (daemon) DO UPDATE SET caught_up_us = excluded.caught_up_us, seen_at = now();
	DELETE FROM siftd.daemon_clocks WHERE seen_at < now() - interval '1 hour';
	SELECT CASE WHEN bool_and(c.caught_up_us IS NOT NULL) THEN min(c.caught_up_us) - lateness_us END
		INTO moment FROM siftd.daemon_clocks AS c WHERE c.seen_at > now() - interval '1 minute';
	IF moment IS NULL THEN
		RETURN 0;
	END IF;
	SELECT array_agg(c.project_id) INTO moved FROM siftd.window_clocks AS c
		WHERE c.last_us < moment AND c.live_us > moment - 7 * 86400000000
			AND EXISTS (SELECT FROM siftd.findings AS f
				WHERE f.project_id = c.project_id AND f.window_type = 'flatline');
	FOR project IN
		-- as a flush: whoever changes what belongs to a project locks it first
		SELECT p.id FROM siftd.projects AS p WHERE p.id = ANY (moved) ORDER BY 1 FOR NO KEY UPDATE
	LOOP
		PERFORM siftd.move_clock(project, (SELECT c.first_us FROM siftd.window_clocks AS c
			WHERE c.project_id = project), moment, NULL, kept, words_max);
	END LOOP;
	PERFORM siftd.tell_silences(moved, age_us, words_max);
	RETURN coalesce(cardinality(moved), 0);
END $$;
