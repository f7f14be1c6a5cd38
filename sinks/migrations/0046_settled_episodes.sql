-- 0046_settled_episodes.sql - an episode of any window that compares costs a flush what is new
--
-- Since 0043 the episodes of a threshold are lengthened, as they can only grow. What a spike, a rate, a number
-- of values or a sequence says of a moment may change while events come, so their episodes were still made again
-- from all their buckets, by each flush. But a window looks back only: those that end before the first bucket
-- that changed say what they said. So an episode keeps what its windows up to `settled_us` say together, taken
-- as one window, and only those behind are judged anew. Events before that moment have the episode made again
-- as a whole, and it settles later from then on: by `settled_lag_us` behind its end.
--
-- Windows that end later do not begin earlier. So those up to a moment hang together without the later ones, and
-- are one run whatever becomes of these.
ALTER TABLE siftd.episodes
	ADD settled_us bigint, -- NULL: nothing is settled
	ADD settled_last_us bigint, -- as last_us, of windows whose last bucket is not after settled_us
	ADD settled_total bigint,
	ADD settled_peak bigint,
	ADD settled_lag_us bigint,
	ADD settled_meant bigint; -- hash of the rule's window: another one is judged anew

-- Judges findings, each named once, whose buckets from `lows` to `highs` changed: their episodes become
-- what the stored buckets say. `added` was counted into the buckets `added_at` of the findings `added_of`.
-- Where windows can stop to have fired (their episodes do not only grow), episodes are made again behind
-- what is settled of them, and ones that the buckets no longer bear out go.
CREATE OR REPLACE FUNCTION siftd.judge_findings(projects bigint[], findings bigint[], lows bigint[],
	highs bigint[], widths bigint[], kept integer, words_max integer,
	added_of bigint[] DEFAULT '{}', added_at bigint[] DEFAULT '{}', added bigint[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	judged record; -- arrays: for each finding what follows for its row
	ended siftd.episodes;
	subject siftd.findings;
BEGIN
	WITH touched AS MATERIALIZED (
		SELECT f AS finding, f.project_id, f.id, f.rule_id, f.key, f.window_type, f.window_us, f.window_count,
			f.window_factor, f.quiet_us, f.total, u.low, u.high, u.width,
			CASE WHEN f.window_type IN ('threshold', 'rate_ratio', 'cardinality')
				THEN u.high + f.window_us - u.width
				ELSE siftd.window_reach(f, u.low, u.high, u.width) END AS reach_us,
			f.window_type = 'threshold' AS grows,
			f.window_type IN ('rate_ratio', 'spike', 'cardinality', 'sequence') AS settles,
			hash_record_extended(ROW(f.window_type, f.window_us, f.window_count, f.window_factor,
				f.window_baseline_us, f.quiet_us), 0) AS meant
		FROM unnest(projects, findings, lows, highs, widths) AS u (project, finding, low, high, width)
		JOIN siftd.findings AS f ON f.project_id = u.project AND f.id = u.finding
	), spans AS MATERIALIZED (
		SELECT t.*, CASE WHEN t.grows THEN t.low ELSE least(t.low, n.low) END AS from_us,
			CASE WHEN t.grows THEN t.reach_us ELSE greatest(t.reach_us, n.high) END AS to_us, n.ids AS before,
			n.kept, greatest(2 * t.window_us, n.lag) AS lag_us,
			greatest(greatest(t.high, n.high) - greatest(2 * t.window_us, n.lag), n.settled_us) AS settled_us
		FROM touched AS t CROSS JOIN LATERAL (
			SELECT min(CASE WHEN k.is THEN p.settled_us + 1 ELSE p.first_us END) AS low,
				max(p.last_us) AS high, array_agg(p.id) AS ids, array_agg(p.id) FILTER (WHERE k.is) AS kept,
				max(p.settled_us) FILTER (WHERE k.is) AS settled_us,
				max(CASE WHEN p.settled_us >= t.low
						THEN greatest(p.settled_lag_us, p.last_us - t.low + 2 * t.window_us)
					ELSE p.settled_lag_us - p.settled_lag_us / 256 END) AS lag
			FROM siftd.episodes AS p
			CROSS JOIN LATERAL (SELECT coalesce(t.settles AND p.settled_us < t.low
				AND p.settled_meant = t.meant, false) AS is) AS k
			WHERE p.project_id = t.project_id AND p.finding_id = t.id
				AND (t.window_type = 'new_group' OR p.last_us >= t.low - t.window_us - t.quiet_us
					AND p.first_us <= t.reach_us + t.width + t.quiet_us)) AS n
	), sums AS MATERIALIZED (
		SELECT s.id, w.* FROM spans AS s CROSS JOIN LATERAL (
			SELECT b.bucket_us, (sum(b.count) OVER reach)::bigint AS total,
				(sum(b.others) OVER reach)::bigint AS others,
				first_value(b.bucket_us) OVER reach AS begin_us
			FROM siftd.window_buckets AS b
			WHERE b.project_id = s.project_id AND b.rule_id = s.rule_id AND b.key = s.key
				AND b.bucket_us BETWEEN s.from_us - s.window_us + s.width AND s.to_us
			WINDOW reach AS (ORDER BY b.bucket_us
				RANGE BETWEEN greatest(s.window_us - s.width, 0) PRECEDING AND CURRENT ROW)) AS w
		WHERE s.window_type IN ('threshold', 'rate_ratio')
	), windows AS (
		SELECT s.id, w.begin_us AS first_us, w.bucket_us + s.width AS last_us,
			CASE s.window_type WHEN 'threshold' THEN w.total
				ELSE w.total * 1000000 / greatest(w.others, 1) END AS value,
			NULL::bigint AS counted
		FROM spans AS s JOIN sums AS w ON w.id = s.id
		WHERE w.bucket_us >= s.from_us AND w.total >= s.window_count AND (s.window_type = 'threshold'
			OR w.total::numeric * 1000000 >= w.others::numeric * s.window_factor)
		UNION ALL
		SELECT s.id, w.first_us, w.last_us, w.value, NULL FROM spans AS s
		CROSS JOIN LATERAL siftd.fired_windows(s.finding, s.from_us, s.to_us, s.width) AS w
		WHERE s.window_type NOT IN ('threshold', 'rate_ratio')
		UNION ALL
		SELECT s.id, p.first_us, p.last_us, p.peak, p.total FROM spans AS s
		JOIN siftd.episodes AS p ON p.project_id = s.project_id AND p.id = ANY (s.before)
		WHERE s.grows
		UNION ALL
		SELECT s.id, p.first_us, p.settled_last_us, p.settled_peak, p.settled_total FROM spans AS s
		JOIN siftd.episodes AS p ON p.project_id = s.project_id AND p.id = ANY (s.kept)
	), edges AS (
		SELECT w.*, s.project_id, s.quiet_us, s.width, s.low, s.reach_us, s.window_type,
			s.settles AND w.last_us - s.width <= s.settled_us AS settled,
			w.first_us > s.quiet_us + max(w.last_us) OVER (PARTITION BY w.id
				ORDER BY w.first_us, w.last_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins
		FROM windows AS w JOIN spans AS s ON s.id = w.id
	), islands AS MATERIALIZED (
		SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY id ORDER BY first_us, last_us
			ROWS UNBOUNDED PRECEDING) AS island
		FROM edges
	), runs AS MATERIALIZED (
		SELECT project_id, id, island, quiet_us, min(first_us) AS first_us, max(last_us) AS last_us,
			max(value) AS value, sum(counted) AS counted, max(last_us) FILTER (WHERE settled) AS settled_last_us,
			max(value) FILTER (WHERE settled) AS settled_peak,
			min(first_us) FILTER (WHERE counted IS NOT NULL) AS counted_from,
			-- a silence ends where a bucket begins, all else where one ends
			bool_or(last_us - CASE window_type WHEN 'flatline' THEN 0 ELSE width END
				BETWEEN low AND reach_us) OR window_type = 'new_group' AS fired
		FROM islands GROUP BY project_id, id, island, quiet_us, window_type
	), holes AS (
		-- of a run, what no episode had yet: before the first of them, and behind each; all, when there is none
		SELECT id, island, first_us AS from_us, coalesce(counted_from, last_us) AS to_us FROM runs
		UNION ALL
		SELECT i.id, i.island, i.last_us, lead(i.first_us, 1, r.last_us)
			OVER (PARTITION BY i.id, i.island ORDER BY i.first_us)
		FROM islands AS i JOIN runs AS r ON r.id = i.id AND r.island = i.island
		WHERE i.counted IS NOT NULL
	), filled AS MATERIALIZED (
		SELECT h.id, h.island, sum(b.count) AS count,
			sum(b.count) FILTER (WHERE b.bucket_us < r.settled_last_us) AS settled
		FROM holes AS h JOIN spans AS s ON s.id = h.id
		JOIN runs AS r ON r.id = h.id AND r.island = h.island
		JOIN siftd.window_buckets AS b ON b.project_id = s.project_id AND b.rule_id = s.rule_id
			AND b.key = s.key AND b.bucket_us >= h.from_us AND b.bucket_us < h.to_us
		GROUP BY 1, 2
	), grown AS MATERIALIZED (
		SELECT i.id, i.island, sum(u.count) AS count
		FROM unnest(added_of, added_at, added) AS u (finding, bucket, count)
		JOIN islands AS i ON i.id = u.finding AND u.bucket >= i.first_us AND u.bucket < i.last_us
		WHERE i.counted IS NOT NULL GROUP BY 1, 2
	), totals AS MATERIALIZED (
		SELECT r.*, (CASE s.window_type WHEN 'new_group' THEN s.total
				ELSE coalesce(r.counted, 0) + coalesce(g.count, 0) + coalesce(l.count, 0) END)::bigint AS events,
			CASE WHEN r.settled_last_us IS NOT NULL THEN s.settled_us END AS settled_us, s.lag_us, s.meant,
			CASE WHEN r.settled_last_us IS NOT NULL
				THEN (coalesce(r.counted, 0) + coalesce(l.settled, 0))::bigint END AS settled_total
		FROM runs AS r JOIN spans AS s ON s.id = r.id
		LEFT JOIN filled AS l ON l.id = r.id AND l.island = r.island
		LEFT JOIN grown AS g ON g.id = r.id AND g.island = r.island
	), claimed AS MATERIALIZED (
		-- a run takes the episodes near it that no earlier one took, and goes on as one of them
		SELECT c.*, row_number() OVER (PARTITION BY c.finding, c.island
			ORDER BY c.told_open DESC, c.episode) AS place
		FROM (SELECT DISTINCT ON (p.finding_id, p.id) p.project_id AS project, p.finding_id AS finding,
				p.id AS episode, p.told_open, r.island
			FROM runs AS r JOIN siftd.episodes AS p
				ON p.project_id = r.project_id AND p.finding_id = r.id
					AND p.last_us >= r.first_us - r.quiet_us AND p.first_us <= r.last_us + r.quiet_us
			ORDER BY p.finding_id, p.id, r.first_us) AS c
	), changed AS (
		UPDATE siftd.episodes AS p SET first_us = t.first_us, last_us = t.last_us, total = t.events,
			peak = t.value, settled_us = t.settled_us, settled_last_us = t.settled_last_us,
			settled_total = t.settled_total, settled_peak = t.settled_peak, settled_lag_us = t.lag_us,
			settled_meant = t.meant
		FROM claimed AS c JOIN totals AS t ON t.id = c.finding AND t.island = c.island
		WHERE c.place = 1 AND p.project_id = c.project AND p.id = c.episode
			AND (p.first_us, p.last_us, p.total, p.peak, p.settled_us, p.settled_last_us, p.settled_total,
					p.settled_peak, p.settled_lag_us, p.settled_meant)
				IS DISTINCT FROM (t.first_us, t.last_us, t.events, t.value, t.settled_us, t.settled_last_us,
					t.settled_total, t.settled_peak, t.lag_us, t.meant)
	), made AS (
		INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total, peak, settled_us,
				settled_last_us, settled_total, settled_peak, settled_lag_us, settled_meant)
			SELECT t.project_id, t.id, t.first_us, t.last_us, t.events, t.value, t.settled_us,
				t.settled_last_us, t.settled_total, t.settled_peak, t.lag_us, t.meant FROM totals AS t
			WHERE NOT EXISTS (SELECT FROM claimed AS c WHERE c.finding = t.id AND c.island = t.island)
			ORDER BY t.project_id, t.id, t.first_us
	), gone AS (
		DELETE FROM siftd.episodes AS p USING (
			SELECT project, episode, false AS is_over FROM claimed WHERE place > 1
			UNION ALL
			SELECT s.project_id, x.episode, true FROM spans AS s
			CROSS JOIN LATERAL unnest(s.before) AS x (episode)
			WHERE NOT EXISTS (SELECT FROM claimed AS c WHERE c.finding = s.id AND c.episode = x.episode)
		) AS o WHERE p.project_id = o.project AND p.id = o.episode
		RETURNING p AS episode, o.is_over
	)
	SELECT array_agg(s.project_id) AS projects, array_agg(s.id) AS ids,
		array_agg(EXISTS (SELECT FROM runs AS r WHERE r.id = s.id AND r.fired)) AS fired,
		array_agg(s.before IS NOT NULL) AS had, array_agg(p.total) AS peaks,
		array_agg(p.bucket_us + s.width) AS peak_ends,
		(SELECT array_agg(g.episode ORDER BY (g.episode).finding_id, (g.episode).id) FROM gone AS g
			WHERE g.is_over AND (g.episode).told_open) AS ended
		INTO judged
		FROM spans AS s LEFT JOIN LATERAL (
			SELECT w.total, w.bucket_us FROM sums AS w WHERE w.id = s.id AND s.window_type = 'threshold'
				AND w.bucket_us BETWEEN s.low AND s.reach_us
			ORDER BY w.total DESC, w.bucket_us LIMIT 1) AS p ON true;
	FOREACH ended IN ARRAY coalesce(judged.ended, '{}') LOOP
		SELECT * INTO subject FROM siftd.findings
			WHERE project_id = ended.project_id AND id = ended.finding_id;
		PERFORM siftd.enqueue(subject, ended, 'closed', words_max);
	END LOOP;
	PERFORM siftd.trim_episodes(u.project, u.id, kept)
		FROM unnest(judged.projects, judged.ids, judged.fired) AS u (project, id, fired)
		WHERE u.fired AND EXISTS (SELECT FROM siftd.episodes AS p
			WHERE p.project_id = u.project AND p.finding_id = u.id OFFSET kept);
	UPDATE siftd.findings AS t SET status = q.status, window_peak = q.peak, window_end_us = q.peak_end,
		updated_at = now()
		FROM (
			SELECT u.project, u.id, CASE WHEN u.fired AND t.status = 'provisional' THEN 'open'
					WHEN u.fired AND t.status = 'resolved' THEN 'regressed'
					WHEN NOT u.fired AND t.status IN ('open', 'regressed') AND u.had
						AND NOT EXISTS (SELECT FROM siftd.episodes AS p
							WHERE p.project_id = t.project_id AND p.finding_id = t.id) THEN 'provisional'
					ELSE t.status END AS status,
				CASE WHEN t.window_type <> 'threshold' THEN coalesce(best.peak, 0)
					ELSE greatest(u.peak, t.window_peak) END AS peak,
				CASE WHEN t.window_type <> 'threshold' THEN best.last_us
					WHEN u.peak > t.window_peak THEN u.peak_end ELSE t.window_end_us END AS peak_end
			FROM unnest(judged.projects, judged.ids, judged.fired, judged.had, judged.peaks,
				judged.peak_ends) AS u (project, id, fired, had, peak, peak_end)
			JOIN siftd.findings AS t ON t.project_id = u.project AND t.id = u.id
			LEFT JOIN LATERAL (SELECT p.peak, p.last_us FROM siftd.episodes AS p
				WHERE p.project_id = t.project_id AND p.finding_id = t.id AND t.window_type <> 'threshold'
				ORDER BY p.peak DESC, p.first_us LIMIT 1) AS best ON true
			WHERE u.fired OR u.had OR coalesce(u.peak, best.peak) > t.window_peak
		) AS q
		WHERE t.project_id = q.project AND t.id = q.id
			AND (t.status, t.window_peak, t.window_end_us) IS DISTINCT FROM (q.status, q.peak, q.peak_end);
END $$;
