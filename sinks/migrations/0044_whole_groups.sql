-- 0044_whole_groups.sql - what is told of groups is counted by group, not by template
--
-- A group has up to hundreds of templates, and a page shows fifty groups: adding up their templates was
-- most of what a page cost, and grew with the time that the scope has. Now a group has a row for each
-- ingestion (group_heads), one for each level and service (group_totals), and its times in three widths
-- (group_times), so that any span is told by at most 144 rows of a group. group_counts and group_stats
-- stay by template: when a template changes its group, what is here follows from them.
SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects;
DROP TABLE siftd.group_totals, siftd.group_times;

CREATE TABLE siftd.group_heads (
	project_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	group_id     bigint NOT NULL,
	count        bigint NOT NULL,
	first_us     bigint NOT NULL, -- as in group_stats
	last_us      bigint NOT NULL,
	latest_seq   bigint NOT NULL,
	latest_key   bigint NOT NULL, -- the template of that event: its row in group_stats has the raw bytes
	PRIMARY KEY (project_id, ingestion_id, group_id)
) WITH (fillfactor = 50);

CREATE TABLE siftd.group_totals (
	project_id   bigint NOT NULL,
	group_id     bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	severity     smallint NOT NULL,
	service      text COLLATE "C" NOT NULL, -- '' for none
	count        bigint NOT NULL,
	PRIMARY KEY (project_id, group_id, ingestion_id, severity, service)
) WITH (fillfactor = 50);

-- Each event stands in one row of each width, as long as they are kept: see roll_template.
CREATE TABLE siftd.group_times (
	project_id   bigint NOT NULL,
	group_id     bigint NOT NULL,
	width        smallint NOT NULL, -- 10, 60, 360
	begin        integer NOT NULL, -- both in minutes, since the epoch
	ingestion_id bigint NOT NULL,
	count        bigint NOT NULL,
	minutes      bigint NOT NULL, -- of an hour: bit n says that something came in its minute n; else 0
	PRIMARY KEY (project_id, group_id, width, begin, ingestion_id)
) WITH (fillfactor = 50);
-- what all groups did in some hours
CREATE INDEX group_times_begin ON siftd.group_times (project_id, width, begin);

-- the bit of a minute in its hour
CREATE FUNCTION siftd.minute_bit(minute integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT 1::bigint << (((minute % 60) + 60) % 60)
$$;

-- Makes the rows of groups anew from those of their templates; groups NULL: of all.
CREATE FUNCTION siftd.recount_groups(project bigint, groups bigint[]) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	DELETE FROM siftd.group_heads WHERE project_id = project AND (groups IS NULL OR group_id = ANY (groups));
	DELETE FROM siftd.group_totals WHERE project_id = project AND (groups IS NULL OR group_id = ANY (groups));
	DELETE FROM siftd.group_times WHERE project_id = project AND (groups IS NULL OR group_id = ANY (groups));
	INSERT INTO siftd.group_heads
		SELECT s.project_id, s.ingestion_id, t.group_id, sum(s.count)::bigint, min(s.first_us),
			max(s.last_us), max(s.latest_seq), (array_agg(t.key ORDER BY s.latest_seq DESC))[1]
		FROM siftd.templates AS t JOIN siftd.group_stats AS s
			ON s.project_id = t.project_id AND s.template_key = t.key
		WHERE t.project_id = project AND (groups IS NULL OR t.group_id = ANY (groups)) GROUP BY 1, 2, 3;
	WITH counts AS MATERIALIZED (
		SELECT t.group_id, siftd.begin_of(c.minute, 10) AS begin, c.ingestion_id, c.severity, c.service,
			sum(c.count)::bigint AS count, bit_or(siftd.minute_bit(c.minute)) AS minutes
		FROM siftd.templates AS t JOIN siftd.group_counts AS c
			ON c.project_id = t.project_id AND c.template_key = t.key
		WHERE t.project_id = project AND (groups IS NULL OR t.group_id = ANY (groups)) GROUP BY 1, 2, 3, 4, 5
	), totals AS (
		INSERT INTO siftd.group_totals
			SELECT project, group_id, ingestion_id, severity, service, sum(count)::bigint
			FROM counts GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
	)
	INSERT INTO siftd.group_times
		SELECT project, group_id, w.width, siftd.begin_of(begin, w.width), ingestion_id,
			sum(count)::bigint, CASE w.width WHEN 60 THEN bit_or(minutes) ELSE 0 END
		FROM counts CROSS JOIN (VALUES (10), (60), (360)) AS w (width)
		GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5;
END $$;

SELECT siftd.recount_groups(id, NULL) FROM siftd.projects;

-- Adds what is counted of a group that has no template any more to the one that took them.
CREATE FUNCTION siftd.move_group_counts(project bigint, ended bigint, kept bigint) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	WITH gone AS (
		DELETE FROM siftd.group_heads WHERE project_id = project AND group_id = ended
			AND ingestion_id = ANY (ARRAY(SELECT id FROM siftd.ingestions WHERE project_id = project))
		RETURNING *
	) INSERT INTO siftd.group_heads AS h
		SELECT project_id, ingestion_id, kept, count, first_us, last_us, latest_seq, latest_key FROM gone
		ON CONFLICT (project_id, ingestion_id, group_id) DO UPDATE SET
			count = h.count + excluded.count, first_us = least(h.first_us, excluded.first_us),
			last_us = greatest(h.last_us, excluded.last_us),
			latest_seq = greatest(h.latest_seq, excluded.latest_seq),
			latest_key = CASE WHEN excluded.latest_seq > h.latest_seq THEN excluded.latest_key
				ELSE h.latest_key END;
	WITH gone AS (
		DELETE FROM siftd.group_totals WHERE project_id = project AND group_id = ended RETURNING *
	) INSERT INTO siftd.group_totals AS t
		SELECT project_id, kept, ingestion_id, severity, service, count FROM gone
		ON CONFLICT (project_id, group_id, ingestion_id, severity, service)
			DO UPDATE SET count = t.count + excluded.count;
	WITH gone AS (
		DELETE FROM siftd.group_times WHERE project_id = project AND group_id = ended RETURNING *
	) INSERT INTO siftd.group_times AS t
		SELECT project_id, kept, width, begin, ingestion_id, count, minutes FROM gone
		ON CONFLICT (project_id, group_id, width, begin, ingestion_id)
			DO UPDATE SET count = t.count + excluded.count, minutes = t.minutes | excluded.minutes;
END $$;

-- Whoever moves templates, a learner or a person: the counts of their groups follow.
CREATE FUNCTION siftd.templates_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	m record;
BEGIN
	FOR m IN
		SELECT DISTINCT o.project_id, o.group_id AS ended, n.group_id AS kept
		FROM old_rows AS o JOIN new_rows AS n ON n.project_id = o.project_id AND n.key = o.key
		WHERE n.group_id <> o.group_id
	LOOP
		IF EXISTS (SELECT FROM siftd.templates AS t
				WHERE t.project_id = m.project_id AND t.group_id = m.ended) THEN
			PERFORM siftd.recount_groups(m.project_id, ARRAY[m.ended, m.kept]);
		ELSE
			PERFORM siftd.move_group_counts(m.project_id, m.ended, m.kept);
		END IF;
	END LOOP;
	RETURN NULL;
END $$;
CREATE TRIGGER templates_moved AFTER UPDATE ON siftd.templates
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION siftd.templates_moved();

-- A template that was refused once may have counts already.
CREATE FUNCTION siftd.template_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM siftd.group_counts AS c
			WHERE c.project_id = NEW.project_id AND c.template_key = NEW.key) THEN
		PERFORM siftd.recount_groups(NEW.project_id, ARRAY[NEW.group_id]);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER template_added AFTER INSERT ON siftd.templates
	FOR EACH ROW EXECUTE FUNCTION siftd.template_added();

-- as 0033_judge_sets.sql made it, by group
CREATE OR REPLACE FUNCTION siftd.add_counts(projects bigint[], ingestions bigint[], minutes integer[],
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
			sum(n)::bigint AS n, bit_or(siftd.minute_bit(minute)) AS minutes
		FROM sums GROUP BY 1, 2, 3, 4, 5, 6
	), of_groups AS MATERIALIZED (
		SELECT s.project, t.group_id, s.begin, s.ingestion, s.severity, s.service, s.n, s.minutes
		FROM tens AS s JOIN siftd.templates AS t ON t.project_id = s.project AND t.key = s.template
	), by_time AS MATERIALIZED (
		SELECT project, group_id, begin, ingestion, sum(n)::bigint AS n, bit_or(minutes) AS minutes
		FROM of_groups GROUP BY 1, 2, 3, 4
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
		INSERT INTO siftd.group_totals AS t (project_id, group_id, ingestion_id, severity, service,
				count)
			SELECT project, group_id, ingestion, severity, service, sum(n)::bigint
			FROM of_groups GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
			ON CONFLICT (project_id, group_id, ingestion_id, severity, service)
				DO UPDATE SET count = t.count + excluded.count
	), times AS (
		INSERT INTO siftd.group_times AS t (project_id, group_id, width, begin, ingestion_id, count,
				minutes)
			SELECT project, group_id, 10, begin, ingestion, n, 0 FROM by_time
			UNION ALL
			SELECT project, group_id, w.width, siftd.begin_of(begin, w.width), ingestion, sum(n)::bigint,
				CASE w.width WHEN 60 THEN bit_or(minutes) ELSE 0 END
			FROM by_time CROSS JOIN (VALUES (60), (360)) AS w (width) GROUP BY 1, 2, 3, 4, 5
			ORDER BY 1, 2, 3, 4, 5
			ON CONFLICT (project_id, group_id, width, begin, ingestion_id)
				DO UPDATE SET count = t.count + excluded.count, minutes = t.minutes | excluded.minutes
	)
	INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute, severity,
			service, count)
		SELECT * FROM sums ORDER BY 1, 3, 4, 2, 5, 6
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count;
END $$;

-- Totals of a batch's templates in its ingestions, each named once, and of their groups.
CREATE FUNCTION siftd.add_stats(projects bigint[], ingestions bigint[], templates bigint[],
	counts bigint[], firsts bigint[], lasts bigint[], seqs bigint[], raws bytea[])
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO siftd.group_stats AS s (project_id, ingestion_id, template_key, count, first_us,
			last_us, latest_seq, latest_raw)
		SELECT * FROM unnest(projects, ingestions, templates, counts, firsts, lasts, seqs, raws)
		ORDER BY 1, 2, 3
		ON CONFLICT (project_id, ingestion_id, template_key) DO UPDATE SET
			count = s.count + excluded.count, first_us = least(s.first_us, excluded.first_us),
			last_us = greatest(s.last_us, excluded.last_us),
			latest_seq = excluded.latest_seq, latest_raw = excluded.latest_raw;
	INSERT INTO siftd.group_heads AS h (project_id, ingestion_id, group_id, count, first_us, last_us,
			latest_seq, latest_key)
		SELECT project, ingestion, t.group_id, sum(n)::bigint, min(first), max(last), max(seq),
			(array_agg(template ORDER BY seq DESC))[1]
		FROM unnest(projects, ingestions, templates, counts, firsts, lasts, seqs)
			AS u (project, ingestion, template, n, first, last, seq)
		JOIN siftd.templates AS t ON t.project_id = project AND t.key = template
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT (project_id, ingestion_id, group_id) DO UPDATE SET
			count = h.count + excluded.count, first_us = least(h.first_us, excluded.first_us),
			last_us = greatest(h.last_us, excluded.last_us),
			latest_seq = excluded.latest_seq, latest_key = excluded.latest_key;
END $$;

-- as 0032_group_totals.sql made it, by group; `before` begins a day, so every row of group_times is before
-- it or not
CREATE OR REPLACE FUNCTION siftd.forget_counts(project bigint, wanted bigint, before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	whole bigint;
BEGIN
	SELECT t.group_id INTO whole FROM siftd.templates AS t
		WHERE t.project_id = project AND t.key = wanted;
	WITH gone AS (
		DELETE FROM siftd.group_counts AS c
		WHERE c.project_id = project AND c.template_key = wanted AND c.minute < before
		RETURNING c.ingestion_id, c.severity, c.service, c.count
	), parts AS MATERIALIZED (
		SELECT ingestion_id, severity, service, sum(count)::bigint AS count FROM gone GROUP BY 1, 2, 3
	), sums AS MATERIALIZED (
		SELECT ingestion_id, sum(count)::bigint AS count FROM parts GROUP BY 1
	), stats AS (
		UPDATE siftd.group_stats AS s SET count = s.count - sums.count,
			first_us = least(greatest(s.first_us, before * 60000000::bigint), s.last_us)
		FROM sums WHERE s.project_id = project AND s.ingestion_id = sums.ingestion_id
			AND s.template_key = wanted
	), heads AS (
		UPDATE siftd.group_heads AS h SET count = h.count - sums.count,
			first_us = least(greatest(h.first_us, before * 60000000::bigint), h.last_us)
		FROM sums WHERE h.project_id = project AND h.ingestion_id = sums.ingestion_id
			AND h.group_id = whole
	), group_totals AS (
		UPDATE siftd.group_totals AS t SET count = t.count - parts.count
		FROM parts WHERE t.project_id = project AND t.group_id = whole
			AND t.ingestion_id = parts.ingestion_id AND t.severity = parts.severity
			AND t.service = parts.service
	), totals AS (
		UPDATE siftd.ingestions AS i SET forgotten_events = i.forgotten_events + sums.count
		FROM sums WHERE i.project_id = project AND i.id = sums.ingestion_id
	) SELECT count(*) INTO n FROM gone;
	IF n > 0 THEN
		DELETE FROM siftd.group_times
			WHERE project_id = project AND group_id = whole AND begin < before;
		DELETE FROM siftd.group_totals
			WHERE project_id = project AND group_id = whole AND count <= 0;
		DELETE FROM siftd.group_heads
			WHERE project_id = project AND group_id = whole AND count <= 0
				AND ingestion_id = ANY (ARRAY(SELECT id FROM siftd.ingestions WHERE project_id = project));
		DELETE FROM siftd.group_stats
			WHERE project_id = project AND template_key = wanted AND count <= 0;
	END IF;
	RETURN n;
END $$;

-- Of a template's group, told from its own last time in each ingestion so that old logs keep theirs: ten
-- minutes go after a day, hours after two weeks; six hours become days with the counts by minute.
CREATE OR REPLACE FUNCTION siftd.roll_template(project bigint, wanted bigint, hours_before integer,
	days_before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	whole bigint;
BEGIN
	SELECT t.group_id INTO whole FROM siftd.templates AS t
		WHERE t.project_id = project AND t.key = wanted;
	DELETE FROM siftd.group_times AS t USING (
		SELECT x.ingestion_id, max(x.begin)::bigint AS begin FROM siftd.group_times AS x
		WHERE x.project_id = project AND x.group_id = whole AND x.width = 10 GROUP BY 1
	) AS latest WHERE t.project_id = project AND t.group_id = whole
		AND t.ingestion_id = latest.ingestion_id
		AND (t.width = 10 AND t.begin < latest.begin - 1440
			OR t.width = 60 AND t.begin < latest.begin - 20160);
	WITH gone AS (
		DELETE FROM siftd.group_times AS t WHERE t.project_id = project AND t.group_id = whole
			AND t.width = 360 AND t.begin < days_before AND siftd.floor_minute(t.begin, 1440) <> t.begin
		RETURNING t.*
	), sums AS (
		SELECT ingestion_id, siftd.floor_minute(gone.begin, 1440) AS begin, sum(count)::bigint AS count
		FROM gone GROUP BY 1, 2
	) INSERT INTO siftd.group_times AS t (project_id, group_id, width, begin, ingestion_id, count, minutes)
		SELECT project, whole, 360, sums.begin, ingestion_id, count, 0 FROM sums ORDER BY 4, 5
		ON CONFLICT (project_id, group_id, width, begin, ingestion_id)
			DO UPDATE SET count = t.count + excluded.count;
	RETURN siftd.roll_group_counts(project, wanted, hours_before, days_before);
END $$;

-- as 0032_group_totals.sql made it, by group
CREATE OR REPLACE FUNCTION siftd.remove_rest_of_ingestion_step(project bigint, ingestion bigint, rows_max integer,
	blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	keys bigint[];
	whole bigint[];
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
		-- all that the group has here goes with its first templates: nobody sees it any more
		SELECT array_agg(DISTINCT t.group_id) INTO whole FROM siftd.templates AS t
			WHERE t.project_id = project AND t.key = ANY (keys);
		DELETE FROM siftd.group_heads WHERE project_id = project AND ingestion_id = ingestion;
		DELETE FROM siftd.group_totals
			WHERE project_id = project AND ingestion_id = ingestion AND group_id = ANY (whole);
		DELETE FROM siftd.group_times
			WHERE project_id = project AND ingestion_id = ingestion AND group_id = ANY (whole);
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
	) SELECT count(*), array_agg(DISTINCT finding_id) INTO n, keys FROM gone;
	IF n > 0 THEN
		-- the scope of a project reads findings alone
		UPDATE siftd.findings AS f SET first_us = m.first_us, last_us = m.last_us FROM (
			SELECT finding_id, min(first_us) AS first_us, max(last_us) AS last_us
			FROM siftd.finding_templates WHERE project_id = project AND finding_id = ANY (keys)
			GROUP BY 1
		) AS m WHERE f.project_id = project AND f.id = m.finding_id;
		DELETE FROM siftd.findings WHERE project_id = project AND total <= 0;
		RETURN n;
	END IF;
	DELETE FROM siftd.insights WHERE project_id = project AND ingestion_id = ingestion;
	DELETE FROM siftd.quarantine WHERE project_id = project AND ingestion_id = ingestion;
	DELETE FROM siftd.deletions WHERE project_id = project AND ingestion_id = ingestion;
	RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION siftd.remove_project_step(project bigint, rows_max integer, blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM siftd.group_times WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.group_times
		WHERE project_id = project LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n = 0 THEN
		DELETE FROM siftd.group_totals WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.group_totals
			WHERE project_id = project LIMIT rows_max));
		GET DIAGNOSTICS n = ROW_COUNT;
	END IF;
	IF n = 0 THEN
		DELETE FROM siftd.group_heads WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.group_heads
			WHERE project_id = project LIMIT rows_max));
		GET DIAGNOSTICS n = ROW_COUNT;
	END IF;
	RETURN CASE WHEN n > 0 THEN n
		ELSE siftd.remove_scopes_of_project_step(project, rows_max, blocks_max) END;
END $$;

-- What a page says of the counts of its groups: by level, the ten services with the most events, and
-- events by so many equal parts of the time from low to high (microseconds): numbers of parts, from 0,
-- each with its count. A row's width is at most a part; spans of less than four hours are told by minutes.
DROP FUNCTION siftd.tallies_of_groups(bigint, bigint[], bigint[], bigint, bigint, integer);
CREATE FUNCTION siftd.tallies_of_groups(project bigint, scope bigint[], groups bigint[], low bigint,
	high bigint, parts integer)
RETURNS TABLE (id bigint, levels json, services json, times text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	begin_minute bigint := low / 60000000;
	minutes bigint := high / 60000000 - low / 60000000 + 1;
	widest smallint := siftd.width_of_part(low, high, parts);
BEGIN
	RETURN QUERY WITH tallies AS MATERIALIZED (
		SELECT c.group_id, c.severity, c.service, sum(c.count) AS n FROM siftd.group_totals AS c
		WHERE c.project_id = project AND c.group_id = ANY (groups) AND c.ingestion_id = ANY (scope)
		GROUP BY 1, 2, 3
	), by_level AS (
		SELECT l.group_id, json_object_agg(coalesce(level, 'none'), n ORDER BY n DESC, level) AS levels
		FROM (SELECT group_id, siftd.level_name(severity) AS level, sum(n) AS n
			FROM tallies GROUP BY 1, 2) AS l GROUP BY 1
	), by_service AS (
		SELECT s.group_id, json_agg(json_build_object('service', nullif(service, ''), 'count', n)
			ORDER BY n DESC, service) FILTER (WHERE place <= 10) AS services
		FROM (SELECT group_id, service, sum(n) AS n,
				row_number() OVER (PARTITION BY group_id ORDER BY sum(n) DESC, service) AS place
			FROM tallies GROUP BY 1, 2) AS s GROUP BY 1
	), rows AS (
		SELECT c.group_id, c.begin, c.count FROM siftd.group_times AS c
		WHERE widest > 1 AND c.project_id = project AND c.group_id = ANY (groups) AND c.width = widest
			AND c.ingestion_id = ANY (scope)
		UNION ALL
		SELECT t.group_id, c.minute, c.count FROM siftd.templates AS t
			JOIN siftd.group_counts AS c ON c.project_id = project AND c.template_key = t.key
		WHERE widest = 1 AND t.project_id = project AND t.group_id = ANY (groups)
			AND c.ingestion_id = ANY (scope)
	), by_part AS (
		SELECT group_id, least(greatest((rows.begin - begin_minute) * parts / minutes, 0), parts - 1)
			AS part, sum(count) AS n
		FROM rows GROUP BY 1, 2
	), by_time AS (
		SELECT group_id, string_agg(part || ' ' || n, ' ') AS times FROM by_part GROUP BY 1
	) SELECT g.id, coalesce(by_level.levels, '{}'), coalesce(by_service.services, '[]'),
		coalesce(by_time.times, '')
	FROM unnest(groups) AS g (id) LEFT JOIN by_level ON by_level.group_id = g.id
		LEFT JOIN by_service ON by_service.group_id = g.id LEFT JOIN by_time ON by_time.group_id = g.id;
END $$;

-- The widest rows that fit into a part of the time from low to high (microseconds); 1: minutes.
CREATE FUNCTION siftd.width_of_part(low bigint, high bigint, parts integer) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (CASE WHEN (high - low) / parts >= 360 * 60000000::bigint THEN 360
		WHEN (high - low) / parts >= 60 * 60000000::bigint THEN 60
		WHEN (high - low) / parts >= 10 * 60000000::bigint THEN 10 ELSE 1 END)::smallint
$$;

-- How much of each group came in the last part of the time from low to high.
CREATE FUNCTION siftd.recent_of_groups(project bigint, scope bigint[], low bigint, high bigint,
	parts integer)
RETURNS TABLE (id bigint, n bigint) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	widest smallint := siftd.width_of_part(low, high, parts);
	from_minute bigint := (high - (high - low) / parts) / 60000000;
BEGIN
	IF widest > 1 THEN
		RETURN QUERY SELECT c.group_id, sum(c.count)::bigint FROM siftd.group_times AS c
			WHERE c.project_id = project AND c.width = widest AND c.begin >= from_minute
				AND c.ingestion_id = ANY (scope) GROUP BY 1;
	ELSE
		RETURN QUERY SELECT t.group_id, sum(c.count)::bigint FROM siftd.templates AS t
			JOIN siftd.group_counts AS c ON c.project_id = project AND c.template_key = t.key
			WHERE t.project_id = project AND c.minute >= from_minute AND c.ingestion_id = ANY (scope)
			GROUP BY 1;
	END IF;
END $$;

-- Groups whose events fall into the same minutes as those of one group, within the two hours up to its
-- latest event. overlap: of the minutes of either, those of both (Jaccard).
CREATE OR REPLACE FUNCTION siftd.co_occurring(project bigint, ingestion bigint, wanted bigint)
RETURNS json LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	scope bigint[] := ARRAY(SELECT i.id FROM siftd.ingestions AS i
		WHERE i.project_id = project AND (ingestion = 0 OR i.id = ingestion));
	latest bigint; -- minutes
	own record;
BEGIN
	SELECT max(h.last_us) / 60000000 INTO latest FROM siftd.group_heads AS h
		WHERE h.project_id = project AND h.ingestion_id = ANY (scope) AND h.group_id = wanted;
	SELECT count(DISTINCT t.begin + i) AS n, min(t.begin + i) AS low, max(t.begin + i) AS high INTO own
		FROM siftd.group_times AS t CROSS JOIN generate_series(0, 59) AS i
		WHERE t.project_id = project AND t.group_id = wanted AND t.width = 60
			AND t.begin BETWEEN latest - 180 AND latest AND t.ingestion_id = ANY (scope)
			AND t.minutes >> i & 1 = 1 AND t.begin + i BETWEEN latest - 120 AND latest;
	RETURN (WITH hours AS MATERIALIZED (
		SELECT t.group_id, t.begin, bit_or(t.minutes) -- those from low to high
				>> greatest(own.low - t.begin, 0) << greatest(own.low - t.begin, 0)
				& (1::bigint << least(own.high - t.begin + 1, 60)) - 1 AS minutes
		FROM siftd.group_times AS t
		WHERE t.project_id = project AND t.width = 60 AND t.ingestion_id = ANY (scope)
			AND t.begin > own.low - 60 AND t.begin <= own.high
		GROUP BY t.group_id, t.begin
	), others AS (
		SELECT h.group_id, sum(bit_count(h.minutes::bit(64))) AS n,
			sum(bit_count((h.minutes & m.minutes)::bit(64))) AS shared
		FROM hours AS h LEFT JOIN hours AS m ON m.group_id = wanted AND m.begin = h.begin
		WHERE h.group_id <> wanted GROUP BY 1
	), best AS (
		SELECT o.group_id, o.shared, o.shared / (own.n + o.n - o.shared) AS overlap
		FROM others AS o WHERE o.shared > 0 ORDER BY 3 DESC, 2 DESC, 1 LIMIT 10
	)
	SELECT coalesce(json_agg(json_build_object('id', g.id, 'fingerprint',
		lpad(to_hex(g.root_key), 16, '0'), 'template', r.text, 'minutes', best.shared,
		'overlap', round(best.overlap, 4)) ORDER BY best.overlap DESC, best.shared DESC, g.id), '[]')
	FROM best JOIN siftd.groups AS g ON g.project_id = project AND g.id = best.group_id
	JOIN siftd.templates AS r ON r.project_id = project AND r.key = g.root_key);
END $$;

-- Counts of sampled messages, raised to those of all messages of the scope (ingestion 0: all), of the
-- hundred templates with the most events. group_stats is asked by ingestion: its key begins with that.
CREATE OR REPLACE FUNCTION siftd.variables_of_group(project bigint, ingestion bigint, wanted bigint)
RETURNS json LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	scope bigint[] := ARRAY(SELECT i.id FROM siftd.ingestions AS i
		WHERE i.project_id = project AND (ingestion = 0 OR i.id = ingestion));
BEGIN
	RETURN (WITH members AS MATERIALIZED (
		SELECT t.key, e.events FROM siftd.templates AS t CROSS JOIN LATERAL (
			SELECT sum(s.count)::bigint AS events FROM siftd.group_stats AS s
			WHERE s.project_id = project AND s.ingestion_id = ANY (scope) AND s.template_key = t.key
		) AS e WHERE t.project_id = project AND t.group_id = wanted AND e.events > 0
		ORDER BY 2 DESC, 1 LIMIT 100
	), v AS MATERIALIZED (
		SELECT v.template_key, v.name, v.type, v.total, m.events
		FROM members AS m JOIN siftd.group_variables AS v
			ON v.project_id = project AND v.template_key = m.key
	), names AS MATERIALIZED (
		SELECT name, min(type) AS type, sum(events)::bigint AS events FROM v
		GROUP BY name ORDER BY 3 DESC, 1 LIMIT 12
	), ranked AS (
		SELECT *, row_number() OVER (PARTITION BY name ORDER BY n DESC, value) AS place FROM (
			SELECT v.name, w.value, greatest(round(sum(w.count::double precision * v.events / v.total)),
				1)::bigint AS n
			FROM names JOIN v ON v.name = names.name
			JOIN siftd.group_variable_values AS w ON w.project_id = project
				AND w.template_key = v.template_key AND w.name = v.name
			GROUP BY 1, 2
		) AS estimates
	), best AS (
		SELECT name, json_agg(json_build_object('value', value, 'count', n) ORDER BY place) AS top,
			sum(n) AS n
		FROM ranked WHERE place <= 32 GROUP BY 1
	)
	SELECT coalesce(json_agg(json_build_object('name', names.name, 'type', names.type,
		'top', coalesce(best.top, '[]'), 'others', greatest(names.events - coalesce(best.n, 0), 0))
		ORDER BY names.events DESC, names.name), '[]')
	FROM names LEFT JOIN best ON best.name = names.name);
END $$;

-- those that why_grouped looks for by the group that they left
CREATE INDEX group_merges_left ON siftd.group_merges (project_id, merged_id)
	WHERE kind = 'split' OR undone_at IS NOT NULL;
