-- 0027_push_once.sql - pushes that were answered, so that a client may ask again
CREATE TABLE siftd.push_replies (
	project_id bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	key_hash   bytea NOT NULL, -- of the ingestion's name and the Idempotency-Key
	records    bigint NOT NULL,
	bytes      bigint NOT NULL,
	rejected   bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, key_hash)
);
CREATE INDEX push_replies_age ON siftd.push_replies (created_at);

-- Counts what was accepted, and keeps the answer; of those older than a day, some go on the way.
CREATE FUNCTION siftd.push_keep_reply(project bigint, ingestion bigint, push_bytes bigint,
	push_records bigint, push_rejected bigint, push_hash bytea) RETURNS void LANGUAGE sql AS $$
	UPDATE siftd.ingestions SET bytes = bytes + push_bytes, lines = lines + push_records,
		updated_at = now() WHERE project_id = project AND id = ingestion;
	DELETE FROM siftd.push_replies WHERE (project_id, key_hash) IN (
		SELECT project_id, key_hash FROM siftd.push_replies
		WHERE created_at < now() - interval '1 day' ORDER BY created_at LIMIT 10
		FOR UPDATE SKIP LOCKED);
	INSERT INTO siftd.push_replies (project_id, key_hash, records, bytes, rejected)
		VALUES (project, push_hash, push_records, push_bytes, push_rejected)
		ON CONFLICT (project_id, key_hash) DO UPDATE SET records = EXCLUDED.records,
			bytes = EXCLUDED.bytes, rejected = EXCLUDED.rejected, created_at = now();
$$;
