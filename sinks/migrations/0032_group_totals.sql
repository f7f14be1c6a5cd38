-- 0032_group_totals.sql - what a page of groups says of each, without adding up its minutes
--
-- A group that is seen each minute has thousands of rows in group_counts, and a page shows fifty groups.
-- So the same events are counted twice more, by level and service over all times, and by ten minutes
-- without level and service: a hundredth of the rows. Both are added to where group_counts is, and lose
-- what it forgets.
CREATE TABLE siftd.group_totals (
	project_id   bigint NOT NULL,
	template_key bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	severity     smallint NOT NULL,
	service      text COLLATE "C" NOT NULL, -- '' for none
	count        bigint NOT NULL,
	PRIMARY KEY (project_id, template_key, ingestion_id, severity, service)
) WITH (fillfactor = 50);

-- Hours and days, where group_counts has been rolled up to them.
CREATE TABLE siftd.group_times (
	project_id   bigint NOT NULL,
	template_key bigint NOT NULL,
	begin        integer NOT NULL, -- in minutes since the epoch
	ingestion_id bigint NOT NULL,
	count        bigint NOT NULL,
	PRIMARY KEY (project_id, template_key, begin, ingestion_id)
) WITH (fillfactor = 50);

SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects;
INSERT INTO siftd.group_totals (project_id, template_key, ingestion_id, severity, service, count)
	SELECT project_id, template_key, ingestion_id, severity, service, sum(count)::bigint
	FROM siftd.group_counts GROUP BY 1, 2, 3, 4, 5;
INSERT INTO siftd.group_times (project_id, template_key, begin, ingestion_id, count)
	SELECT project_id, template_key, siftd.begin_of(minute, 10), ingestion_id, sum(count)::bigint
	FROM siftd.group_counts GROUP BY 1, 2, 3, 4;

-- as 0015_fold_scopes.sql made it, with the new tables
CREATE OR REPLACE FUNCTION siftd.fold_counts(projects bigint[]) RETURNS void LANGUAGE sql AS $$
	SELECT FROM siftd.ingestions AS i
		WHERE EXISTS (SELECT FROM siftd.group_count_parts AS p
			WHERE p.project_id = ANY (projects) AND p.project_id = i.project_id
				AND p.ingestion_id = i.id)
		ORDER BY i.id FOR KEY SHARE;
	WITH parts AS (
		DELETE FROM siftd.group_count_parts AS p WHERE p.project_id = ANY (projects) RETURNING *
	), sums AS MATERIALIZED (
		SELECT p.project_id, p.ingestion_id, u.template_key, u.minute, u.severity,
			u.service COLLATE "C" AS service, sum(u.count)::bigint AS count
		FROM parts AS p CROSS JOIN LATERAL unnest(p.template_keys, p.minutes, p.severities,
			p.services, p.counts) AS u(template_key, minute, severity, service, count)
		GROUP BY 1, 2, 3, 4, 5, 6
	), minutes AS MATERIALIZED (
		SELECT project_id, ingestion_id, minute, severity, service, sum(count)::bigint AS count
		FROM sums GROUP BY 1, 2, 3, 4, 5
	), tens AS MATERIALIZED (
		SELECT project_id, ingestion_id, template_key, siftd.begin_of(minute, 10) AS begin, severity,
			service, sum(count)::bigint AS count
		FROM sums GROUP BY 1, 2, 3, 4, 5, 6
	), scopes AS (
		INSERT INTO siftd.scope_counts AS s (project_id, width, begin, ingestion_id, severity,
				service, count)
			SELECT project_id, w.width, siftd.begin_of(minute, w.width), ingestion_id, severity,
				service, sum(count)::bigint
			FROM minutes CROSS JOIN (VALUES (1), (60), (1440)) AS w (width)
			GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
			ON CONFLICT (project_id, width, begin, ingestion_id, severity, service)
				DO UPDATE SET count = s.count + excluded.count
	), totals AS (
		INSERT INTO siftd.group_totals AS t (project_id, template_key, ingestion_id, severity,
				service, count)
			SELECT project_id, template_key, ingestion_id, severity, service, sum(count)::bigint
			FROM tens GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
			ON CONFLICT (project_id, template_key, ingestion_id, severity, service)
				DO UPDATE SET count = t.count + excluded.count
	), times AS (
		INSERT INTO siftd.group_times AS t (project_id, template_key, begin, ingestion_id, count)
			SELECT project_id, template_key, begin, ingestion_id, sum(count)::bigint
			FROM tens GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
			ON CONFLICT (project_id, template_key, begin, ingestion_id)
				DO UPDATE SET count = t.count + excluded.count
	)
	INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute, severity,
			service, count)
		SELECT * FROM sums ORDER BY 1, 3, 4, 2, 5, 6
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count;
$$;

-- as 0010_upkeep.sql made it, with the new tables
CREATE OR REPLACE FUNCTION siftd.forget_counts(project bigint, wanted bigint, before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	WITH gone AS (
		DELETE FROM siftd.group_counts AS c
		WHERE c.project_id = project AND c.template_key = wanted AND c.minute < before
		RETURNING c.ingestion_id, c.severity, c.service, c.count
	), parts AS MATERIALIZED (
		SELECT ingestion_id, severity, service, sum(count)::bigint AS count FROM gone GROUP BY 1, 2, 3
	), sums AS (
		SELECT ingestion_id, sum(count)::bigint AS count FROM parts GROUP BY 1
	), stats AS (
		UPDATE siftd.group_stats AS s SET count = s.count - sums.count,
			first_us = least(greatest(s.first_us, before * 60000000::bigint), s.last_us)
		FROM sums WHERE s.project_id = project AND s.ingestion_id = sums.ingestion_id
			AND s.template_key = wanted
	), group_totals AS (
		UPDATE siftd.group_totals AS t SET count = t.count - parts.count
		FROM parts WHERE t.project_id = project AND t.template_key = wanted
			AND t.ingestion_id = parts.ingestion_id AND t.severity = parts.severity
			AND t.service = parts.service
	), totals AS (
		UPDATE siftd.ingestions AS i SET forgotten_events = i.forgotten_events + sums.count
		FROM sums WHERE i.project_id = project AND i.id = sums.ingestion_id
	) SELECT count(*) INTO n FROM gone;
	IF n > 0 THEN
		DELETE FROM siftd.group_times
			WHERE project_id = project AND template_key = wanted AND begin < before;
		DELETE FROM siftd.group_totals
			WHERE project_id = project AND template_key = wanted AND count <= 0;
		DELETE FROM siftd.group_stats
			WHERE project_id = project AND template_key = wanted AND count <= 0;
	END IF;
	RETURN n;
END $$;

ALTER FUNCTION siftd.roll_template RENAME TO roll_group_counts;
CREATE FUNCTION siftd.roll_template(project bigint, wanted bigint, hours_before integer,
	days_before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	WITH gone AS (
		DELETE FROM siftd.group_times AS t
		WHERE t.project_id = project AND t.template_key = wanted AND
			(t.begin < hours_before AND siftd.floor_minute(t.begin, 60) <> t.begin
			OR t.begin < days_before AND siftd.floor_minute(t.begin, 1440) <> t.begin)
		RETURNING t.*
	), sums AS (
		SELECT ingestion_id, siftd.floor_minute(gone.begin,
				CASE WHEN gone.begin < days_before THEN 1440 ELSE 60 END) AS begin,
			sum(count)::bigint AS count
		FROM gone GROUP BY 1, 2
	) INSERT INTO siftd.group_times AS t (project_id, template_key, begin, ingestion_id, count)
		SELECT project, wanted, sums.begin, ingestion_id, count FROM sums ORDER BY 3, 4
		ON CONFLICT (project_id, template_key, begin, ingestion_id)
			DO UPDATE SET count = t.count + excluded.count;
	RETURN siftd.roll_group_counts(project, wanted, hours_before, days_before);
END $$;

-- as 0010_upkeep.sql made it, with the new tables
CREATE OR REPLACE FUNCTION siftd.remove_rest_of_ingestion_step(project bigint, ingestion bigint, rows_max integer,
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
		DELETE FROM siftd.group_totals
			WHERE project_id = project AND ingestion_id = ingestion AND template_key = ANY (keys);
		DELETE FROM siftd.group_times
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

ALTER FUNCTION siftd.remove_project_step RENAME TO remove_scopes_of_project_step;
CREATE FUNCTION siftd.remove_project_step(project bigint, rows_max integer, blocks_max integer)
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
	RETURN CASE WHEN n > 0 THEN n
		ELSE siftd.remove_scopes_of_project_step(project, rows_max, blocks_max) END;
END $$;

-- What a page says of the counts of its groups: by level, the ten services with the most events, and
-- by so many equal parts of the time from low to high (microseconds). Spans of less than four hours are
-- told by minutes.
CREATE FUNCTION siftd.tallies_of_groups(project bigint, scope bigint[], groups bigint[], low bigint,
	high bigint, parts integer)
RETURNS TABLE (id bigint, levels json, services json, sparkline json)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	is_long boolean := high - low >= 14400000000;
	begin_minute bigint := low / 60000000;
	minutes bigint := high / 60000000 - low / 60000000 + 1;
BEGIN
	RETURN QUERY WITH members AS MATERIALIZED (
		SELECT t.group_id, t.key FROM siftd.templates AS t
		WHERE t.project_id = project AND t.group_id = ANY (groups)
	), tallies AS MATERIALIZED (
		SELECT m.group_id, c.severity, c.service, sum(c.count) AS n
		FROM members AS m JOIN siftd.group_totals AS c ON c.template_key = m.key
		WHERE c.project_id = project AND c.ingestion_id = ANY (scope) GROUP BY 1, 2, 3
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
	), times AS (
		SELECT m.group_id, c.begin, c.count
		FROM members AS m JOIN siftd.group_times AS c ON c.template_key = m.key
		WHERE is_long AND c.project_id = project AND c.ingestion_id = ANY (scope)
		UNION ALL SELECT m.group_id, c.minute, c.count
		FROM members AS m JOIN siftd.group_counts AS c ON c.template_key = m.key
		WHERE NOT is_long AND c.project_id = project AND c.ingestion_id = ANY (scope)
	), by_part AS (
		SELECT group_id, least(greatest((times.begin - begin_minute) * parts / minutes + 1, 1), parts)
			AS part, sum(count) AS n
		FROM times GROUP BY 1, 2
	), sparklines AS (
		SELECT g.id, json_agg(coalesce(b.n, 0) ORDER BY i) AS sparkline
		FROM unnest(groups) AS g (id) CROSS JOIN generate_series(1, parts) AS i
			LEFT JOIN by_part AS b ON b.group_id = g.id AND b.part = i GROUP BY 1
	) SELECT s.id, coalesce(by_level.levels, '{}'), coalesce(by_service.services, '[]'), s.sparkline
	FROM sparklines AS s LEFT JOIN by_level ON by_level.group_id = s.id
		LEFT JOIN by_service ON by_service.group_id = s.id;
END $$;
