-- 0016_views.sql - what people with SQL may rely on, and which groups come together

-- Groups whose events fall into the same minutes as those of one group, within the two hours up to its
-- latest event. overlap: of the minutes of either, those of both (Jaccard).
CREATE FUNCTION siftd.co_occurring(project bigint, ingestion bigint, wanted bigint) RETURNS json
LANGUAGE sql STABLE AS $$
	WITH scope AS MATERIALIZED (
		SELECT id FROM siftd.ingestions WHERE project_id = project AND (ingestion = 0 OR id = ingestion)
	), keys AS MATERIALIZED (
		SELECT key FROM siftd.templates WHERE project_id = project AND group_id = wanted
	), latest AS MATERIALIZED (
		SELECT (max(last_us) / 60000000)::integer AS minute FROM siftd.group_stats
		WHERE project_id = project AND ingestion_id = ANY (ARRAY(SELECT id FROM scope))
			AND template_key = ANY (ARRAY(SELECT key FROM keys))
	), mine AS MATERIALIZED (
		SELECT DISTINCT c.minute FROM siftd.group_counts AS c
		WHERE c.project_id = project AND c.ingestion_id = ANY (ARRAY(SELECT id FROM scope))
			AND c.template_key = ANY (ARRAY(SELECT key FROM keys))
			AND c.minute BETWEEN (SELECT minute - 120 FROM latest) AND (SELECT minute FROM latest)
	), own AS (
		SELECT count(*) AS n, min(minute) AS low, max(minute) AS high FROM mine
	), others AS (
		SELECT t.group_id, count(DISTINCT c.minute) AS n,
			count(DISTINCT c.minute) FILTER (WHERE c.minute IN (SELECT minute FROM mine)) AS shared
		FROM siftd.group_counts AS c JOIN siftd.templates AS t
			ON t.project_id = project AND t.key = c.template_key AND t.group_id <> wanted
		WHERE c.project_id = project AND c.ingestion_id = ANY (ARRAY(SELECT id FROM scope))
			AND c.minute BETWEEN (SELECT low FROM own) AND (SELECT high FROM own)
		GROUP BY 1
	), best AS (
		SELECT o.group_id, o.shared, o.shared::numeric / (own.n + o.n - o.shared) AS overlap
		FROM others AS o CROSS JOIN own WHERE o.shared > 0
		ORDER BY 3 DESC, 2 DESC, 1 LIMIT 10
	)
	SELECT coalesce(json_agg(json_build_object('id', g.id, 'fingerprint',
		lpad(to_hex(g.root_key), 16, '0'), 'template', r.text, 'minutes', best.shared,
		'overlap', round(best.overlap, 4)) ORDER BY best.overlap DESC, best.shared DESC, g.id), '[]')
	FROM best JOIN siftd.groups AS g ON g.project_id = project AND g.id = best.group_id
	JOIN siftd.templates AS r ON r.project_id = project AND r.key = g.root_key
$$;

-- it may be there, empty: DROP SCHEMA siftd CASCADE leaves it
CREATE SCHEMA IF NOT EXISTS siftd_views;
COMMENT ON SCHEMA siftd_views IS 'stable views for dashboards; columns are added, never changed: docs/sql.md';

CREATE FUNCTION siftd.level_name(severity integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (ARRAY['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'ERROR', 'CRITICAL'])[severity]
$$;

CREATE VIEW siftd_views.projects AS
	SELECT p.id AS project_id, p.name AS project, o.name AS organisation, p.created_at
	FROM siftd.projects AS p JOIN siftd.organisations AS o ON o.id = p.organisation_id;

CREATE VIEW siftd_views.ingestions AS
	SELECT i.project_id, i.id AS ingestion_id, i.name, i.source_type, i.source, i.stored_events AS events,
		i.stored_bytes AS bytes, to_timestamp(i.timestamp_min_us / 1000000.0) AS first_event,
		to_timestamp(i.timestamp_max_us / 1000000.0) AS last_event, i.created_at, i.updated_at
	FROM siftd.ingestions AS i;

CREATE VIEW siftd_views.event_counts_by_minute AS
	SELECT c.project_id, c.ingestion_id, to_timestamp(c.begin * 60.0) AS time,
		siftd.level_name(c.severity) AS level, nullif(c.service, '') AS service, c.count
	FROM siftd.scope_counts AS c JOIN siftd.ingestions AS i
		ON i.project_id = c.project_id AND i.id = c.ingestion_id
	WHERE c.width = 1;

CREATE VIEW siftd_views.event_counts_by_hour AS
	SELECT c.project_id, c.ingestion_id, to_timestamp(c.begin * 60.0) AS time,
		siftd.level_name(c.severity) AS level, nullif(c.service, '') AS service, c.count
	FROM siftd.scope_counts AS c JOIN siftd.ingestions AS i
		ON i.project_id = c.project_id AND i.id = c.ingestion_id
	WHERE c.width = 60;

CREATE VIEW siftd_views.event_counts_by_day AS
	SELECT c.project_id, c.ingestion_id, to_timestamp(c.begin * 60.0) AS time,
		siftd.level_name(c.severity) AS level, nullif(c.service, '') AS service, c.count
	FROM siftd.scope_counts AS c JOIN siftd.ingestions AS i
		ON i.project_id = c.project_id AND i.id = c.ingestion_id
	WHERE c.width = 1440;

CREATE VIEW siftd_views.group_counts AS
	SELECT c.project_id, c.ingestion_id, t.group_id, lpad(to_hex(c.template_key), 16, '0') AS fingerprint,
		to_timestamp(c.minute * 60.0) AS time, siftd.level_name(c.severity) AS level,
		nullif(c.service, '') AS service, c.count
	FROM siftd.group_counts AS c
	JOIN siftd.ingestions AS i ON i.project_id = c.project_id AND i.id = c.ingestion_id
	LEFT JOIN siftd.templates AS t ON t.project_id = c.project_id AND t.key = c.template_key;

CREATE VIEW siftd_views.groups AS
	SELECT g.project_id, g.id AS group_id, lpad(to_hex(g.root_key), 16, '0') AS fingerprint,
		r.text AS template, g.status, s.events, s.first_seen, s.last_seen, g.created_at, g.updated_at
	FROM siftd.groups AS g
	JOIN siftd.templates AS r ON r.project_id = g.project_id AND r.key = g.root_key
	JOIN (
		SELECT t.project_id, t.group_id, sum(c.count)::bigint AS events,
			to_timestamp(min(c.first_us) / 1000000.0) AS first_seen,
			to_timestamp(max(c.last_us) / 1000000.0) AS last_seen
		FROM siftd.group_stats AS c
		JOIN siftd.ingestions AS i ON i.project_id = c.project_id AND i.id = c.ingestion_id
		JOIN siftd.templates AS t ON t.project_id = c.project_id AND t.key = c.template_key
		GROUP BY 1, 2
	) AS s ON s.project_id = g.project_id AND s.group_id = g.id
	WHERE g.merged_into IS NULL;

CREATE VIEW siftd_views.findings AS
	SELECT f.project_id, f.id AS finding_id, f.rule_id AS rule, nullif(f.key, '') AS key, f.title,
		(ARRAY['LOW', 'MED', 'HIGH', 'CRIT'])[f.severity + 1] AS severity,
		f.confidence / 100.0 AS confidence, f.status, f.total AS occurrences,
		to_timestamp(f.first_us / 1000000.0) AS first_seen,
		to_timestamp(f.last_us / 1000000.0) AS last_seen
	FROM siftd.findings AS f WHERE f.status <> 'provisional';

CREATE VIEW siftd_views.sources AS
	SELECT l.host_id, l.source, l.stream, l.received_bytes, l.stored_bytes, l.stored_records,
		l.quarantined_bytes, l.quarantined_records, l.dropped_bytes, l.dropped_records, l.updated_at,
		p.position_offset AS position
	FROM siftd.ledger AS l LEFT JOIN siftd.source_positions AS p
		ON p.host_id = l.host_id AND p.source = l.source AND p.stream = l.stream;
