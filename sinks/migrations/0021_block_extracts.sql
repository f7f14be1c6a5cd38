-- 0021_block_extracts.sql - what a block tells without being opened
--
-- rare: the events of templates that are rare in the block once more (docs/block-format.md), so that
-- a page of a rare group need not open as many blocks as it shows events. hosts: how many events name
-- which host; NULL when they are too many. Both are NULL for blocks stored before this.
ALTER TABLE siftd.event_blocks
	ADD rare bytea,
	ADD hosts bytea[],
	ADD host_counts integer[];
-- compressed already; on the partitions that are there, too
ALTER TABLE siftd.event_blocks ALTER rare SET STORAGE EXTERNAL;

-- as 0010_upkeep.sql made it, with the new columns
DROP FUNCTION siftd.replace_blocks;
CREATE FUNCTION siftd.replace_blocks(project bigint, day date, seqs bigint[], counts integer[],
	raw bigint, sums integer[], keys bigint[], new_meta bytea, new_body bytea, new_words bytea,
	new_rare bytea, new_hosts bytea[], new_host_counts integer[])
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
		RETURNING ingestion_id, first_seq, event_count, ts_min, ts_max, without_ts
	) SELECT min(ingestion_id) AS ingestion, max(ingestion_id) AS same, min(first_seq) AS seq,
			sum(event_count)::integer AS events, min(ts_min) AS low, max(ts_max) AS high,
			sum(without_ts)::integer AS without
		INTO old FROM gone;
	IF old.ingestion <> old.same THEN
		RAISE EXCEPTION 'blocks of two ingestions are not merged';
	END IF;
	INSERT INTO siftd.event_blocks (project_id, ingestion_id, first_seq, event_count, received_day,
			ts_min, ts_max, without_ts, raw_bytes, severities, template_keys, meta, body, words,
			rare, hosts, host_counts)
		VALUES (project, old.ingestion, old.seq, old.events, day, old.low, old.high, old.without,
			raw, sums, keys, new_meta, new_body, new_words, nullif(new_rare, ''), new_hosts,
			new_host_counts);
	RETURN true;
END $$;
