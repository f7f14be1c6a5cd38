-- 0018_keys.sql - API keys end by themselves, and their logs find an ingestion
ALTER TABLE siftd.api_keys RENAME COLUMN permission TO role;
ALTER TABLE siftd.api_keys ADD COLUMN expires_at timestamptz; -- NULL: never

CREATE INDEX ingestions_push ON siftd.ingestions (project_id, name) WHERE source_type = 'push';

-- The ingestion of type push of that name, made when it is absent; NULL when the project has
-- `most` of them already.
CREATE FUNCTION siftd.push_ingestion(project bigint, wanted text, most bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	found_id bigint;
BEGIN
	SELECT min(id) INTO found_id FROM siftd.ingestions
		WHERE project_id = project AND source_type = 'push' AND name = wanted;
	IF found_id IS NOT NULL THEN
		RETURN found_id;
	END IF;
	-- two first pushes at once make one ingestion
	PERFORM pg_advisory_xact_lock(hashtext('siftd.push_ingestion'), (project % 2147483647)::integer);
	SELECT min(id) INTO found_id FROM siftd.ingestions
		WHERE project_id = project AND source_type = 'push' AND name = wanted;
	IF found_id IS NULL AND (SELECT count(*) < most FROM siftd.ingestions
			WHERE project_id = project AND source_type = 'push') THEN
		INSERT INTO siftd.ingestions (project_id, name, source_type)
			VALUES (project, wanted, 'push') RETURNING id INTO found_id;
	END IF;
	RETURN found_id;
END $$;
