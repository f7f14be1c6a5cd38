-- 0031_quiet_windows.sql - findings whose windows are far from firing cost a flush little
--
-- Most rules with a threshold see now and then an event and never fire. To judge them one by one cost a flush
-- more than all else that it does for findings. Of those that have no episode, and none of whose windows
-- fires, judging changes the peak alone: that is done for all of them in one statement.
CREATE OR REPLACE FUNCTION siftd.judge_windows(projects bigint[], rules text[], keys text[],
	buckets bigint[], widths bigint[], kept integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
	one siftd.findings;
BEGIN
	FOR r IN
		WITH touched AS MATERIALIZED (
			SELECT f.project_id, f.id, f.rule_id, f.key, f.window_type, f.window_us, f.window_count,
				u.low, u.high, u.width
			FROM (
				SELECT project, rule, key, min(bucket) AS low, max(bucket) AS high, max(width) AS width
				FROM unnest(projects, rules, keys, buckets, widths) AS b (project, rule, key, bucket, width)
				GROUP BY 1, 2, 3
			) AS u JOIN siftd.findings AS f
				ON f.project_id = u.project AND f.rule_id = u.rule AND f.key = u.key
		), quiet AS MATERIALIZED (
			SELECT t.project_id, t.id, p.peak, p.end_us
			FROM (SELECT * FROM touched AS x WHERE x.window_type = 'threshold'
				AND NOT EXISTS (SELECT FROM siftd.episodes AS e
					WHERE e.project_id = x.project_id AND e.finding_id = x.id) OFFSET 0) AS t
			CROSS JOIN LATERAL siftd.window_peak(t.project_id, t.rule_id, t.key, t.low, t.high,
				t.window_us, t.width) AS p
			WHERE p.peak < t.window_count
		), noted AS (
			UPDATE siftd.findings AS f SET window_peak = q.peak, window_end_us = q.end_us,
				updated_at = now()
			FROM quiet AS q
			WHERE f.project_id = q.project_id AND f.id = q.id AND q.peak > f.window_peak
		)
		SELECT * FROM touched AS t WHERE NOT EXISTS (SELECT FROM quiet AS q
			WHERE q.project_id = t.project_id AND q.id = t.id)
		ORDER BY t.project_id, t.rule_id, t.key
	LOOP
		SELECT * INTO one FROM siftd.findings WHERE project_id = r.project_id AND id = r.id;
		PERFORM siftd.judge_finding(one, r.low, r.high, r.width, kept);
	END LOOP;
END $$;
