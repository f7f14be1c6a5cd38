-- 0015_fold_scopes.sql - counts of scopes by time wait with those of their templates
--
-- Of a scope only the totals of all times (width 0) are counted at once: logs of many minutes have as
-- many counts by minute, hour and day as by template.

-- what waits was counted in scope_counts already
SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects;

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
	), scopes AS (
		INSERT INTO siftd.scope_counts AS s (project_id, width, begin, ingestion_id, severity,
				service, count)
			SELECT project_id, w.width, siftd.begin_of(minute, w.width), ingestion_id, severity,
				service, sum(count)::bigint
			FROM minutes CROSS JOIN (VALUES (1), (60), (1440)) AS w (width)
			GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
			ON CONFLICT (project_id, width, begin, ingestion_id, severity, service)
				DO UPDATE SET count = s.count + excluded.count
	)
	INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute, severity,
			service, count)
		SELECT * FROM sums ORDER BY 1, 3, 4, 2, 5, 6
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count;
$$;
