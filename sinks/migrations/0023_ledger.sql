-- 0023_ledger.sql - the ledger by ingestion, and so by source for what comes through the spool

-- A partition of the spool holds what several sources sent, each into an ingestion of its own.
ALTER TABLE siftd.ledger ADD COLUMN ingestion_id bigint NOT NULL DEFAULT 0; -- 0: from before it was told
ALTER TABLE siftd.ledger DROP CONSTRAINT ledger_pkey;
ALTER TABLE siftd.ledger ADD PRIMARY KEY (host_id, source, stream, ingestion_id);
CREATE INDEX ledger_ingestion ON siftd.ledger (ingestion_id);

CREATE FUNCTION siftd.sum_of(reasons jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(sum(value::bigint), 0)::bigint FROM jsonb_each_text(reasons)
$$;
CREATE AGGREGATE siftd.sum_reasons(jsonb) (SFUNC = siftd.add_reasons, STYPE = jsonb, INITCOND = '{}');

CREATE OR REPLACE VIEW siftd_views.sources AS
	SELECT l.host_id, l.source, l.stream, l.received_bytes, l.stored_bytes, l.stored_records,
		l.quarantined_bytes, l.quarantined_records, l.dropped_bytes, l.dropped_records, l.updated_at,
		p.position_offset AS position, l.ingestion_id, l.deduplicated_bytes, l.deduplicated_records
	FROM siftd.ledger AS l LEFT JOIN siftd.source_positions AS p
		ON p.host_id = l.host_id AND p.source = l.source AND p.stream = l.stream;
