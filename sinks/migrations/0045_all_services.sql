-- 0045_all_services.sql - events by time and level are counted without their services too
--
-- A histogram of a whole scope added up the rows of all services: 138 an hour where 38 services write.
-- The widths -1, -60 and -1440 are minutes, hours and days of all services together, their service is ''.
SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects;
INSERT INTO siftd.scope_counts (project_id, width, begin, ingestion_id, severity, service, count)
	SELECT project_id, -width, begin, ingestion_id, severity, '', sum(count)::bigint
	FROM siftd.scope_counts WHERE width > 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

-- as 0044_whole_groups.sql made it, with all services together
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
			UNION ALL
			SELECT project, -w.width, siftd.begin_of(begin, w.width), ingestion, severity, '',
				sum(n)::bigint
			FROM by_minute CROSS JOIN (VALUES (1), (60), (1440)) AS w (width) GROUP BY 1, 2, 3, 4, 5
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

-- as 0013_scope_counts.sql made it
CREATE OR REPLACE FUNCTION siftd.sweep_scope_counts(project bigint, hours_before integer, forget_before integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.scope_counts
		WHERE project_id = project AND width IN (1, -1) AND begin < hours_before;
	IF forget_before IS NULL THEN
		RETURN;
	END IF;
	WITH gone AS (
		DELETE FROM siftd.scope_counts
		WHERE project_id = project AND width <> 0
			AND begin < siftd.begin_of(forget_before, 1440)
		RETURNING width, ingestion_id, severity, service, count
	), sums AS (
		SELECT ingestion_id, severity, service, sum(count)::bigint AS count
		FROM gone WHERE width = 1440 GROUP BY 1, 2, 3
	) UPDATE siftd.scope_counts AS t SET count = t.count - sums.count FROM sums
		WHERE t.project_id = project AND t.width = 0 AND t.begin = 0
			AND t.ingestion_id = sums.ingestion_id AND t.severity = sums.severity
			AND t.service = sums.service;
END $$;
