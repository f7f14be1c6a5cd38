-- 0034_mixed_blocks.sql - blocks of several ingestions
--
-- Sources that are slow and many leave a small block each in every flush, and their events alternate in
-- seq. The compactor merges such neighbours as well: ingestion_id is then 0, and the events of the block
-- belong, in their order, to run_ingestions[i] for run_counts[i] events each. What belongs to the
-- ingestion 0 was cleared, as its ingestion was deleted. Nothing is rewritten here: of the blocks only
-- the rows are read, for the index.
ALTER TABLE siftd.event_blocks
	ADD run_ingestions bigint[],
	ADD run_counts integer[];

DROP INDEX siftd.event_blocks_small;
CREATE INDEX event_blocks_small ON siftd.event_blocks (project_id, first_seq) WHERE event_count < 4096;

-- Puts one block in the place of neighbours, which must be there as they were read; the events of the
-- ingestions `cleared` have been emptied in it. A block of nothing else is not stored.
DROP FUNCTION siftd.replace_blocks;
CREATE FUNCTION siftd.replace_blocks(project bigint, day date, seqs bigint[], counts integer[],
	raw bigint, sums integer[], keys bigint[], new_meta bytea, new_body bytea, new_words bytea,
	new_rare bytea, new_hosts bytea[], new_host_counts integer[], cleared bigint[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	old record;
BEGIN
	SELECT count(*) INTO n FROM (
		SELECT FROM siftd.event_blocks AS b
		JOIN unnest(seqs, counts) AS u(seq, count) ON b.first_seq = u.seq AND b.event_count = u.count
		WHERE b.project_id = project AND b.received_day = day
		ORDER BY b.first_seq FOR UPDATE OF b
	) AS locked;
	IF n <> cardinality(seqs) THEN
		RETURN false;
	END IF;
	WITH gone AS (
		DELETE FROM siftd.event_blocks WHERE project_id = project AND received_day = day
			AND first_seq = ANY (seqs)
		RETURNING ingestion_id, first_seq, event_count, ts_min, ts_max, without_ts,
			coalesce(run_ingestions, ARRAY[ingestion_id]) AS ingestions,
			coalesce(run_counts, ARRAY[event_count]) AS run_counts
	), runs AS (
		SELECT CASE WHEN r.id = ANY (cleared) THEN 0 ELSE r.id END AS id, r.n AS events,
			row_number() OVER (ORDER BY first_seq, r.at) AS place
		FROM gone CROSS JOIN LATERAL unnest(ingestions, gone.run_counts) WITH ORDINALITY AS r (id, n, at)
	), islands AS (
		SELECT id, runs.events, place, place - row_number() OVER (PARTITION BY id ORDER BY place) AS island
		FROM runs
	), united AS (
		SELECT id, sum(i.events)::integer AS events, min(place) AS place FROM islands AS i GROUP BY id, island
	) SELECT min(first_seq) AS seq, sum(event_count)::integer AS events, min(ts_min) AS low,
			max(ts_max) AS high, sum(without_ts)::integer AS without,
			(SELECT array_agg(u.id ORDER BY u.place) FROM united AS u) AS ingestions,
			(SELECT array_agg(u.events ORDER BY u.place) FROM united AS u) AS runs
		INTO old FROM gone;
	IF old.ingestions = '{0}' THEN
		RETURN true;
	END IF;
	INSERT INTO siftd.event_blocks (project_id, ingestion_id, first_seq, event_count, received_day,
			ts_min, ts_max, without_ts, raw_bytes, severities, template_keys, meta, body, words,
			rare, hosts, host_counts, run_ingestions, run_counts)
		SELECT project, CASE WHEN is_mixed THEN 0 ELSE old.ingestions[1] END, old.seq, old.events, day,
			old.low, old.high, old.without, raw, sums, keys, new_meta, new_body, new_words,
			nullif(new_rare, ''), new_hosts, new_host_counts,
			CASE WHEN is_mixed THEN old.ingestions END, CASE WHEN is_mixed THEN old.runs END
		FROM (SELECT cardinality(old.ingestions) > 1) AS m (is_mixed);
	RETURN true;
END $$;

-- A mixed block from which a deleted ingestion is to be cleared, with its runs; no row: there is none.
CREATE FUNCTION siftd.block_to_clear(OUT project bigint, OUT day integer, OUT seq bigint, OUT events integer,
	OUT runs text, OUT cleared text)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT b.project_id, b.received_day - date '1970-01-01', b.first_seq, b.event_count,
		(SELECT string_agg(CASE WHEN r.id = d.ingestion_id THEN '0' ELSE '1' END || ':' || r.n, ' '
			ORDER BY r.at) FROM unnest(b.run_ingestions, b.run_counts) WITH ORDINALITY AS r (id, n, at)),
		'{' || d.ingestion_id || '}'
	FROM siftd.deletions AS d JOIN siftd.event_blocks AS b
		ON b.project_id = d.project_id AND b.ingestion_id = 0 AND b.run_ingestions @> ARRAY[d.ingestion_id]
	ORDER BY d.marked_at LIMIT 1
$$;

-- An ingestion's deletion ends when the compactor has cleared the blocks that it shares.
ALTER FUNCTION siftd.remove_ingestion_step RENAME TO remove_unshared_of_ingestion_step;
CREATE FUNCTION siftd.remove_ingestion_step(project bigint, ingestion bigint, rows_max integer,
	blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := siftd.remove_blocks(project, ingestion, 'infinity', blocks_max);
BEGIN
	IF n > 0 THEN
		RETURN n;
	END IF;
	IF EXISTS (SELECT FROM siftd.event_blocks AS b WHERE b.project_id = project AND b.ingestion_id = 0
			AND b.run_ingestions @> ARRAY[ingestion]) THEN
		RETURN 0;
	END IF;
	RETURN siftd.remove_unshared_of_ingestion_step(project, ingestion, rows_max, blocks_max);
END $$;
