-- 0028_evidence.sql - evidence is the first and the last events by their time
--
-- By seq it depended on the order in which daemons stored: by time, then raw bytes, the same log gives the
-- same evidence. An event stands at one edge.
DELETE FROM siftd.evidence AS e WHERE e.edge = 1 AND EXISTS (SELECT FROM siftd.evidence AS h
	WHERE h.project_id = e.project_id AND h.finding_id = e.finding_id
		AND h.ingestion_id = e.ingestion_id AND h.template_key = e.template_key
		AND h.edge = 0 AND h.seq = e.seq);

-- Of what is there of these templates of findings: the first `most` are the head, the last `most` of the
-- rest the tail, all others go.
CREATE FUNCTION siftd.settle_evidence(projects bigint[], rules text[], keys text[],
	ingestions bigint[], templates bigint[], most integer)
RETURNS void LANGUAGE sql AS $$
	WITH touched AS (
		SELECT DISTINCT u.project, f.id AS finding, u.ingestion, u.template
		FROM unnest(projects, rules, keys, ingestions, templates)
			AS u (project, rule, key, ingestion, template)
		JOIN siftd.findings AS f
			ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
	), places AS (
		SELECT e.project_id, e.finding_id, e.ingestion_id, e.template_key, e.edge, e.seq,
			row_number() OVER (PARTITION BY e.finding_id, e.ingestion_id, e.template_key
				ORDER BY e.ts, e.raw, e.seq) AS place,
			count(*) OVER (PARTITION BY e.finding_id, e.ingestion_id, e.template_key) AS n
		FROM touched AS t JOIN siftd.evidence AS e ON e.project_id = t.project
			AND e.finding_id = t.finding AND e.ingestion_id = t.ingestion
			AND e.template_key = t.template
	), wrong AS (
		SELECT *, CASE WHEN place <= most THEN 0 WHEN place > n - most THEN 1 END AS wanted
		FROM places
		WHERE edge IS DISTINCT FROM CASE WHEN place <= most THEN 0 WHEN place > n - most THEN 1 END
	), gone AS (
		DELETE FROM siftd.evidence AS e USING wrong AS w WHERE w.wanted IS NULL
			AND e.project_id = w.project_id AND e.finding_id = w.finding_id
			AND e.ingestion_id = w.ingestion_id AND e.template_key = w.template_key
			AND e.edge = w.edge AND e.seq = w.seq
	)
	UPDATE siftd.evidence AS e SET edge = w.wanted FROM wrong AS w WHERE w.wanted IS NOT NULL
		AND e.project_id = w.project_id AND e.finding_id = w.finding_id
		AND e.ingestion_id = w.ingestion_id AND e.template_key = w.template_key
		AND e.edge = w.edge AND e.seq = w.seq
$$;
