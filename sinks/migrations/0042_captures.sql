-- 0042_captures.sql - evidence holds what the named groups of its rule took out of the event
ALTER TABLE siftd.evidence ADD captures text; -- a JSON object of texts; NULL: none

-- as in 0033_judge_sets.sql, with captures
DROP FUNCTION siftd.keep_evidence(bigint[], text[], text[], bigint[], bigint[], bigint[], bigint[], bytea[], integer);
CREATE FUNCTION siftd.keep_evidence(projects bigint[], rules text[], keys text[], ingestions bigint[],
	templates bigint[], seqs bigint[], times bigint[], raws bytea[], captured text[],
	most integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WITH fresh AS MATERIALIZED (
		SELECT u.project, f.id AS finding, u.ingestion, u.template, NULL::smallint AS edge, u.seq, u.ts,
			u.raw, nullif(u.captures, '') AS captures
		FROM unnest(projects, rules, keys, ingestions, templates, seqs, times, raws, captured)
			AS u (project, rule, key, ingestion, template, seq, ts, raw, captures)
		JOIN siftd.findings AS f
			ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
	), every AS (
		SELECT * FROM fresh
		UNION ALL
		SELECT e.project_id, e.finding_id, e.ingestion_id, e.template_key, e.edge, e.seq, e.ts, e.raw,
			e.captures
		FROM (SELECT DISTINCT project, finding, ingestion, template FROM fresh) AS t
		JOIN siftd.evidence AS e ON e.project_id = t.project AND e.finding_id = t.finding
			AND e.ingestion_id = t.ingestion AND e.template_key = t.template
	), places AS (
		SELECT *, row_number() OVER (PARTITION BY finding, ingestion, template ORDER BY ts, raw, seq)
				AS place,
			count(*) OVER (PARTITION BY finding, ingestion, template) AS n
		FROM every
	), wanted AS MATERIALIZED (
		SELECT *, CASE WHEN place <= most THEN 0 WHEN place > n - most THEN 1 END AS wanted FROM places
	), gone AS (
		DELETE FROM siftd.evidence AS e USING wanted AS w WHERE w.edge IS NOT NULL AND w.wanted IS NULL
			AND e.project_id = w.project AND e.finding_id = w.finding AND e.ingestion_id = w.ingestion
			AND e.template_key = w.template AND e.edge = w.edge AND e.seq = w.seq
	), moved AS (
		UPDATE siftd.evidence AS e SET edge = w.wanted FROM wanted AS w WHERE w.edge <> w.wanted
			AND e.project_id = w.project AND e.finding_id = w.finding AND e.ingestion_id = w.ingestion
			AND e.template_key = w.template AND e.edge = w.edge AND e.seq = w.seq
	)
	INSERT INTO siftd.evidence (project_id, finding_id, ingestion_id, template_key, edge, seq, ts, raw,
			captures)
		SELECT project, finding, ingestion, template, wanted, seq, ts, raw, captures FROM wanted
		WHERE edge IS NULL AND wanted IS NOT NULL
		ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT DO NOTHING;
END $$;
