-- 0025_gone_files.sql - streams of files that are no longer there
--
-- A position is needed as long as its file is there, or a copy of it may come. Of one that is gone for
-- good the row goes, and what its ledger says is added to the row of its source's stream '', by ingestion. So the
-- ledger's sums stay what they are, and the tables follow the files that are there.
CREATE FUNCTION siftd.forget_stream(host text, wanted text, gone text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	-- not when a flush has moved it since
	DELETE FROM siftd.source_positions
		WHERE host_id = host AND source = wanted AND stream = gone AND updated_at = at;
	IF gone = '' OR NOT FOUND THEN
		RETURN false;
	END IF;
	WITH old AS (
		DELETE FROM siftd.ledger WHERE host_id = host AND source = wanted AND stream = gone
		RETURNING *
	)
	INSERT INTO siftd.ledger AS l (host_id, source, stream, ingestion_id, received_bytes, stored_bytes,
			stored_records, deduplicated_bytes, deduplicated_records, quarantined_bytes,
			quarantined_records, dropped_bytes, dropped_records, updated_at)
		SELECT host_id, source, '', ingestion_id, received_bytes, stored_bytes, stored_records,
			deduplicated_bytes, deduplicated_records, quarantined_bytes, quarantined_records,
			dropped_bytes, dropped_records, updated_at FROM old
		ON CONFLICT (host_id, source, stream, ingestion_id) DO UPDATE SET
			received_bytes = l.received_bytes + excluded.received_bytes,
			stored_bytes = l.stored_bytes + excluded.stored_bytes,
			stored_records = l.stored_records + excluded.stored_records,
			deduplicated_bytes = l.deduplicated_bytes + excluded.deduplicated_bytes,
			deduplicated_records = l.deduplicated_records + excluded.deduplicated_records,
			quarantined_bytes = l.quarantined_bytes + excluded.quarantined_bytes,
			quarantined_records = l.quarantined_records + excluded.quarantined_records,
			dropped_bytes = siftd.add_reasons(l.dropped_bytes, excluded.dropped_bytes),
			dropped_records = siftd.add_reasons(l.dropped_records, excluded.dropped_records),
			updated_at = greatest(l.updated_at, excluded.updated_at);
	RETURN true;
END $$;
