-- 0010_upkeep.sql - deleting, forgetting, rolling up and merging in bounded steps; see
-- docs/store-upkeep.md
--
-- Every step is one transaction that removes or moves a bounded number of rows and says how many;
-- whoever calls again goes on, on any daemon, after any crash. Steps that touch what a flush adds to
-- take the project's row first, as the flush does, so that the two never wait for each other.

-- Deleted ingestions whose data is still there. Readers leave them out.
CREATE TABLE siftd.deletions (
	project_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	marked_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, ingestion_id)
);

-- A deleted project belongs to no organisation, so nobody sees it any more; its rows go step by step.
ALTER TABLE siftd.projects
	ALTER organisation_id DROP NOT NULL,
	DROP CONSTRAINT projects_organisation_id_fkey,
	ADD CONSTRAINT projects_organisation_id_fkey
		FOREIGN KEY (organisation_id) REFERENCES siftd.organisations ON DELETE SET NULL;
CREATE INDEX projects_deleted ON siftd.projects (id) WHERE organisation_id IS NULL;

CREATE OR REPLACE FUNCTION siftd.ingestion_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO siftd.deletions (project_id, ingestion_id)
		SELECT OLD.project_id, OLD.id FROM siftd.projects
		WHERE id = OLD.project_id AND organisation_id IS NOT NULL
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;

-- From here on keys open nothing and flushes drop what comes for it.
CREATE FUNCTION siftd.project_marked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.api_keys WHERE project_id = NEW.id;
	DELETE FROM siftd.ingestions WHERE project_id = NEW.id;
	DELETE FROM siftd.deletions WHERE project_id = NEW.id;
	RETURN NULL;
END $$;
CREATE TRIGGER project_marked AFTER UPDATE OF organisation_id ON siftd.projects
	FOR EACH ROW WHEN (NEW.organisation_id IS NULL) EXECUTE FUNCTION siftd.project_marked();

-- The oldest blocks of a project, or of one ingestion of it (0: all), up to a day.
CREATE FUNCTION siftd.remove_blocks(project bigint, ingestion bigint, before_day date, blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	IF ingestion = 0 THEN
		DELETE FROM siftd.event_blocks WHERE (project_id, first_seq, received_day) IN (
			SELECT project_id, first_seq, received_day FROM siftd.event_blocks
			WHERE project_id = project AND received_day < before_day
			ORDER BY first_seq LIMIT blocks_max);
	ELSE
		DELETE FROM siftd.event_blocks WHERE (project_id, first_seq, received_day) IN (
			SELECT project_id, first_seq, received_day FROM siftd.event_blocks
			WHERE project_id = project AND ingestion_id = ingestion AND received_day < before_day
			ORDER BY first_seq LIMIT blocks_max);
	END IF;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

CREATE FUNCTION siftd.remove_ingestion_step(project bigint, ingestion bigint, rows_max integer,
	blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	keys bigint[];
BEGIN
	n := siftd.remove_blocks(project, ingestion, 'infinity', blocks_max);
	IF n > 0 THEN
		RETURN n;
	END IF;
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	-- counts have no index by ingestion: the templates lead to them
	WITH gone AS (
		DELETE FROM siftd.group_stats WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM siftd.group_stats
			WHERE project_id = project AND ingestion_id = ingestion LIMIT rows_max / 100 + 1))
		RETURNING template_key
	) SELECT array_agg(template_key) INTO keys FROM gone;
	IF keys IS NOT NULL THEN
		DELETE FROM siftd.group_counts
			WHERE project_id = project AND ingestion_id = ingestion AND template_key = ANY (keys);
		RETURN cardinality(keys);
	END IF;
	DELETE FROM siftd.evidence WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.evidence
		WHERE project_id = project AND ingestion_id = ingestion LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n > 0 THEN
		RETURN n;
	END IF;
	WITH gone AS (
		DELETE FROM siftd.finding_templates WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM siftd.finding_templates
			WHERE project_id = project AND ingestion_id = ingestion LIMIT rows_max))
		RETURNING finding_id, count
	), sums AS (
		SELECT finding_id, sum(count)::bigint AS count FROM gone GROUP BY finding_id
	), changed AS (
		UPDATE siftd.findings AS f SET total = f.total - sums.count FROM sums
		WHERE f.project_id = project AND f.id = sums.finding_id RETURNING f.id
	) SELECT count(*) INTO n FROM gone;
	IF n > 0 THEN
		DELETE FROM siftd.findings WHERE project_id = project AND total <= 0;
		RETURN n;
	END IF;
	DELETE FROM siftd.insights WHERE project_id = project AND ingestion_id = ingestion;
	DELETE FROM siftd.quarantine WHERE project_id = project AND ingestion_id = ingestion;
	DELETE FROM siftd.deletions WHERE project_id = project AND ingestion_id = ingestion;
	RETURN 1;
END $$;

CREATE FUNCTION siftd.remove_project_step(project bigint, rows_max integer, blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := siftd.remove_blocks(project, 0, 'infinity', blocks_max);
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['group_counts', 'group_stats', 'evidence', 'finding_templates',
		'findings', 'window_buckets', 'group_variable_values', 'group_variables', 'quarantine',
		'insights', 'group_merges', 'templates', 'groups']
	LOOP
		EXIT WHEN n > 0;
		EXECUTE format('DELETE FROM siftd.%1$I WHERE ctid = ANY (ARRAY('
			'SELECT ctid FROM siftd.%1$I WHERE project_id = $1 LIMIT $2))', name)
			USING project, rows_max;
		GET DIAGNOSTICS n = ROW_COUNT;
	END LOOP;
	IF n = 0 THEN
		DELETE FROM siftd.projects WHERE id = project;
		n := 1;
	END IF;
	RETURN n;
END $$;

-- What was deleted goes on going; 0: nothing is left to remove.
CREATE FUNCTION siftd.removal_step(rows_max integer, blocks_max integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	d siftd.deletions;
	project bigint;
BEGIN
	SELECT * INTO d FROM siftd.deletions ORDER BY marked_at LIMIT 1 FOR UPDATE SKIP LOCKED;
	IF d.project_id IS NOT NULL THEN
		RETURN siftd.remove_ingestion_step(d.project_id, d.ingestion_id, rows_max, blocks_max);
	END IF;
	SELECT id INTO project FROM siftd.projects WHERE organisation_id IS NULL
		ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
	RETURN CASE WHEN project IS NULL THEN 0
		ELSE siftd.remove_project_step(project, rows_max, blocks_max) END;
END $$;

-- Retention of events. A project may keep its events for fewer days, or in fewer bytes.
ALTER TABLE siftd.projects
	ADD retention_days integer CHECK (retention_days > 0),
	ADD retention_bytes bigint CHECK (retention_bytes > 0);

CREATE FUNCTION siftd.day_partitions(OUT name text, OUT day date, OUT bytes bigint)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD'), pg_total_relation_size(c.oid)
	FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
	WHERE i.inhparent = 'siftd.event_blocks'::regclass AND c.relname ~ '^event_blocks_[0-9]{8}$'
$$;

-- Drops the oldest day that is too old (0 days: none is), or that is over the size (0: none is); never
-- the current day. NULL: nothing to drop, or its lock is not to be had now.
CREATE FUNCTION siftd.drop_day(days integer, bytes_max bigint) RETURNS date
LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
	today date := (now() AT TIME ZONE 'UTC')::date;
	oldest record;
BEGIN
	SELECT p.name, p.day INTO oldest FROM siftd.day_partitions() AS p
		WHERE p.day < today AND (days > 0 AND p.day < today - days OR bytes_max > 0 AND
			(SELECT sum(q.bytes) FROM siftd.day_partitions() AS q) > bytes_max)
		ORDER BY p.day LIMIT 1;
	IF oldest.name IS NULL THEN
		RETURN NULL;
	END IF;
	EXECUTE format('DROP TABLE siftd.%I', oldest.name);
	RETURN oldest.day;
EXCEPTION WHEN lock_not_available THEN
	RETURN NULL;
END $$;

-- Blocks that no partition can be dropped for: of the default partition, and of projects with a
-- retention of their own. 0: none is left.
CREATE FUNCTION siftd.expire_blocks(days integer, blocks_max integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	today date := (now() AT TIME ZONE 'UTC')::date;
	p record;
	bytes bigint;
	n bigint := 0;
BEGIN
	IF days > 0 THEN
		DELETE FROM siftd.event_blocks_default WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM siftd.event_blocks_default
			WHERE received_day < today - days LIMIT blocks_max));
		GET DIAGNOSTICS n = ROW_COUNT;
	END IF;
	FOR p IN SELECT id, retention_days, retention_bytes FROM siftd.projects
		WHERE retention_days IS NOT NULL OR retention_bytes IS NOT NULL ORDER BY id
	LOOP
		EXIT WHEN n > 0;
		IF p.retention_days IS NOT NULL THEN
			n := siftd.remove_blocks(p.id, 0, today - p.retention_days, blocks_max);
		END IF;
		IF n = 0 AND p.retention_bytes IS NOT NULL THEN
			SELECT sum(pg_column_size(meta) + pg_column_size(body) + pg_column_size(words))
				INTO bytes FROM siftd.event_blocks WHERE project_id = p.id;
			IF bytes > p.retention_bytes THEN
				n := siftd.remove_blocks(p.id, 0, 'infinity', 1);
			END IF;
		END IF;
	END LOOP;
	RETURN n;
END $$;

-- Counts that were forgotten are no longer in what an ingestion holds.
ALTER TABLE siftd.ingestions ADD forgotten_events bigint NOT NULL DEFAULT 0;

-- The begin of the hour or day (width in minutes) of a minute. Minutes that have no begin within the
-- type, clamped ones, are their own.
CREATE FUNCTION siftd.floor_minute(minute integer, width integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN minute < -2147483520 THEN minute
		ELSE minute - ((minute % width) + width) % width END
$$;

-- Adds the minutes of a template up into hours before one limit and days before another, both a
-- multiple of their width. A row's minute is then the begin of its hour or day: what comes late is added
-- there, or is a minute of its own until the next sweep.
CREATE FUNCTION siftd.roll_template(project bigint, wanted bigint, hours_before integer,
	days_before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	WITH gone AS (
		DELETE FROM siftd.group_counts AS c
		WHERE c.project_id = project AND c.template_key = wanted AND
			(c.minute < hours_before AND siftd.floor_minute(c.minute, 60) <> c.minute
			OR c.minute < days_before AND siftd.floor_minute(c.minute, 1440) <> c.minute)
		RETURNING c.*
	), sums AS (
		SELECT ingestion_id, siftd.floor_minute(minute,
				CASE WHEN minute < days_before THEN 1440 ELSE 60 END) AS begin,
			severity, service, sum(count)::bigint AS count
		FROM gone GROUP BY 1, 2, 3, 4
	), added AS (
		INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute,
				severity, service, count)
			SELECT project, ingestion_id, wanted, begin, severity, service, count FROM sums
			ORDER BY begin, ingestion_id, severity, service
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count
	) SELECT count(*) INTO n FROM gone;
	RETURN n;
END $$;

CREATE FUNCTION siftd.forget_counts(project bigint, wanted bigint, before integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	WITH gone AS (
		DELETE FROM siftd.group_counts AS c
		WHERE c.project_id = project AND c.template_key = wanted AND c.minute < before
		RETURNING c.ingestion_id, c.count
	), sums AS (
		SELECT ingestion_id, sum(count)::bigint AS count FROM gone GROUP BY 1
	), stats AS (
		UPDATE siftd.group_stats AS s SET count = s.count - sums.count,
			first_us = least(greatest(s.first_us, before * 60000000::bigint), s.last_us)
		FROM sums WHERE s.project_id = project AND s.ingestion_id = sums.ingestion_id
			AND s.template_key = wanted
	), totals AS (
		UPDATE siftd.ingestions AS i SET forgotten_events = i.forgotten_events + sums.count
		FROM sums WHERE i.project_id = project AND i.id = sums.ingestion_id
	) SELECT count(*) INTO n FROM gone;
	IF n > 0 THEN
		DELETE FROM siftd.group_stats
			WHERE project_id = project AND template_key = wanted AND count <= 0;
	END IF;
	RETURN n;
END $$;

-- Goes over the counts of all projects, some templates a step, from behind (project, template). done:
-- there was nothing left behind them. forget_before NULL: nothing is forgotten.
CREATE FUNCTION siftd.sweep_counts(INOUT project bigint, INOUT template bigint, templates_max integer,
	hours_before integer, days_before integer, forget_before integer,
	OUT rolled bigint, OUT forgotten bigint, OUT done boolean)
LANGUAGE plpgsql AS $$
DECLARE
	next_key bigint;
BEGIN
	rolled := 0;
	forgotten := 0;
	done := false;
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	FOR i IN 1 .. templates_max LOOP
		-- two statements: an OR in one would read the whole index for each template
		IF template IS NULL THEN
			SELECT min(template_key) INTO next_key FROM siftd.group_counts
				WHERE project_id = project;
		ELSE
			SELECT min(template_key) INTO next_key FROM siftd.group_counts
				WHERE project_id = project AND template_key > template;
		END IF;
		IF next_key IS NULL THEN
			SELECT min(id) INTO project FROM siftd.projects WHERE id > coalesce(project, 0);
			template := NULL;
			done := project IS NULL;
			RETURN;
		END IF;
		template := next_key;
		IF forget_before IS NOT NULL THEN
			forgotten := forgotten + siftd.forget_counts(project, template, forget_before);
		END IF;
		rolled := rolled + siftd.roll_template(project, template, hours_before, days_before);
	END LOOP;
END $$;

-- Puts one block in the place of neighbours: the rows must be there as they were read. A reader that
-- meets neither the old rows nor the new one in between is told by the rows it asked for being gone.
CREATE FUNCTION siftd.replace_blocks(project bigint, day date, seqs bigint[], counts integer[],
	raw bigint, sums integer[], keys bigint[], new_meta bytea, new_body bytea, new_words bytea)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	old record;
BEGIN
	SELECT count(*) INTO n FROM (
		SELECT FROM siftd.event_blocks AS b
		JOIN unnest(seqs, counts) AS u(seq, count) ON b.first_seq = u.seq AND b.event_count = u.count
		WHERE b.project_id = project AND b.received_day = day
		ORDER BY b.first_seq FOR UPDATE OF b
	) AS locked;
	IF n <> cardinality(seqs) THEN
		RETURN false;
	END IF;
	WITH gone AS (
		DELETE FROM siftd.event_blocks WHERE project_id = project AND received_day = day
			AND first_seq = ANY (seqs)
		RETURNING ingestion_id, first_seq, event_count, ts_min, ts_max, without_ts
	) SELECT min(ingestion_id) AS ingestion, max(ingestion_id) AS same, min(first_seq) AS seq,
			sum(event_count)::integer AS events, min(ts_min) AS low, max(ts_max) AS high,
			sum(without_ts)::integer AS without
		INTO old FROM gone;
	IF old.ingestion <> old.same THEN
		RAISE EXCEPTION 'blocks of two ingestions are not merged';
	END IF;
	INSERT INTO siftd.event_blocks (project_id, ingestion_id, first_seq, event_count, received_day,
			ts_min, ts_max, without_ts, raw_bytes, severities, template_keys, meta, body, words)
		VALUES (project, old.ingestion, old.seq, old.events, day, old.low, old.high, old.without,
			raw, sums, keys, new_meta, new_body, new_words);
	RETURN true;
END $$;

-- What no longer matters by its age alone. 0: nothing is left.
CREATE INDEX audit_at ON siftd.audit USING brin (at);
ALTER TABLE siftd.window_buckets ADD created_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX window_buckets_created ON siftd.window_buckets USING brin (created_at);

CREATE FUNCTION siftd.expire_rows(audit_days integer, window_days integer, rows_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	total bigint := 0;
BEGIN
	DELETE FROM siftd.sessions WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.sessions
		WHERE expires_at < now() LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	total := total + n;
	DELETE FROM siftd.invitations WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.invitations
		WHERE expires_at < now() - interval '30 days' LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	total := total + n;
	IF audit_days > 0 THEN
		DELETE FROM siftd.audit WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.audit
			WHERE at < now() - make_interval(days => audit_days) LIMIT rows_max));
		GET DIAGNOSTICS n = ROW_COUNT;
		total := total + n;
	END IF;
	-- a window that is judged again later cannot take its peak back
	IF window_days > 0 THEN
		DELETE FROM siftd.window_buckets WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.window_buckets
			WHERE created_at < now() - make_interval(days => window_days) AND bucket_us < (extract(epoch
				FROM now() - make_interval(days => window_days)) * 1000000)::bigint LIMIT rows_max));
		GET DIAGNOSTICS n = ROW_COUNT;
		total := total + n;
	END IF;
	RETURN total;
END $$;

-- what the compactor looks for; see daemon/compactor.c
CREATE INDEX event_blocks_small ON siftd.event_blocks (project_id, ingestion_id, first_seq)
	WHERE event_count < 4096;
