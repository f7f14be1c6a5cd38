-- 0040_repeated_mutes.sql - maintenance windows that come again, each day or on some days of the week
--
-- Of a mute that repeats, starts_at and ends_at are those of the time that runs or comes next; when it is over,
-- siftd.notify_tick puts the next one there. So whoever asks whether a mute holds need not know that some repeat.
ALTER TABLE siftd.mutes
	ADD repeat_days  integer CHECK (repeat_days BETWEEN 1 AND 127), -- bit 0: Monday
	ADD repeat_from  time,
	ADD repeat_to    time, -- not behind repeat_from: of the day after
	ADD time_zone    text,
	ADD repeat_until timestamptz, -- NULL: for ever
	ADD CHECK (num_nulls(repeat_days, repeat_from, repeat_to, time_zone) IN (0, 4)),
	ADD CHECK (repeat_days IS NULL OR ends_at IS NOT NULL);
CREATE INDEX mutes_repeat ON siftd.mutes (ends_at) WHERE repeat_days IS NOT NULL;

CREATE FUNCTION siftd.is_time_zone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM now() AT TIME ZONE name;
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END $$;

-- The time that runs at a moment or comes next, by the clocks of a zone; no row when there is none any more. A
-- day on which clocks are put forward over all of it has none.
CREATE FUNCTION siftd.next_occurrence(days integer, opens time, shuts time, zone text, since timestamptz,
	until timestamptz, moment timestamptz, OUT starts_at timestamptz, OUT ends_at timestamptz)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT greatest(o.low, since), least(o.high, until) FROM (
		SELECT (d::date + opens) AT TIME ZONE zone AS low,
			(d::date + (shuts <= opens)::integer + shuts) AT TIME ZONE zone AS high
		FROM generate_series((greatest(moment, since) AT TIME ZONE zone)::date - 1,
			(greatest(moment, since) AT TIME ZONE zone)::date + 15, interval '1 day') AS d
		WHERE days >> (extract(isodow FROM d)::integer - 1) & 1 = 1
	) AS o
	WHERE least(o.high, until) > greatest(o.low, moment, since)
	ORDER BY o.low LIMIT 1
$$;

-- as in 0020_channels.sql, and mutes that repeat
CREATE OR REPLACE FUNCTION siftd.notify_tick(words_max integer, kept_days integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint := 0;
	e siftd.episodes;
	f siftd.findings;
BEGIN
	UPDATE siftd.mutes AS m SET starts_at = o.starts_at, ends_at = o.ends_at
		FROM siftd.mutes AS k CROSS JOIN LATERAL siftd.next_occurrence(k.repeat_days, k.repeat_from,
			k.repeat_to, k.time_zone, k.ends_at, k.repeat_until, now()) AS o
		WHERE k.repeat_days IS NOT NULL AND k.ends_at <= now() AND m.id = k.id;
	UPDATE siftd.findings SET status = 'open', muted_until = NULL, updated_at = now()
		WHERE status = 'muted' AND muted_until <= now();
	UPDATE siftd.groups SET status = 'open', muted_until = NULL, updated_at = now()
		WHERE status = 'muted' AND muted_until <= now();
	FOR e IN
		SELECT p.* FROM siftd.episodes AS p JOIN siftd.findings AS t
			ON t.project_id = p.project_id AND t.id = p.finding_id
		WHERE p.told_open AND (t.status = 'resolved'
			OR p.last_us + t.quiet_us < (extract(epoch FROM now()) * 1000000)::bigint)
		ORDER BY p.project_id, p.id LIMIT 100 FOR UPDATE OF p SKIP LOCKED
	LOOP
		SELECT * INTO f FROM siftd.findings WHERE project_id = e.project_id AND id = e.finding_id;
		PERFORM siftd.enqueue(f, e, 'closed', words_max);
		UPDATE siftd.episodes SET told_open = false
			WHERE project_id = e.project_id AND finding_id = e.finding_id AND id = e.id;
		n := n + 1;
	END LOOP;
	DELETE FROM siftd.outbox WHERE id = ANY (ARRAY(SELECT id FROM siftd.outbox
		WHERE state <> 'waiting' AND done_at < now() - make_interval(days => kept_days) LIMIT 1000));
	RETURN n;
END $$;
