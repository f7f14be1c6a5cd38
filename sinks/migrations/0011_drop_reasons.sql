-- 0011_drop_reasons.sql - the ledger's sums by any reason a source may have

-- two sums by reason, added
CREATE FUNCTION siftd.add_reasons(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN b = '{}' THEN a ELSE (
		SELECT jsonb_object_agg(key, total) FROM (
			SELECT key, sum(value::bigint)::bigint AS total
			FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS both_sums
			GROUP BY key) AS totals) END
$$;

DROP FUNCTION siftd.add_reason(jsonb, text, bigint);
