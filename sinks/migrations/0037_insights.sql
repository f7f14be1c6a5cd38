-- 0037_insights.sql - explanations: one at a time of the same evidence, and so many a day

-- What was asked for, kept a week. Bounds are an organisation's: the sum over its projects.
CREATE TABLE siftd.insight_days (
	project_id bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	day        date NOT NULL, -- UTC
	asked      integer NOT NULL,
	PRIMARY KEY (project_id, day)
);

-- state: 'begun', then the caller makes it; 'done' and 'pending', then there is one; 'spent', without a row: what
-- the day has is used up. One that is pending for longer than `seconds` was lost with its daemon.
-- Runs as the owner, since a tenant sees its own project only. It takes no project but the transaction's.
CREATE FUNCTION siftd.begin_insight(project bigint, ingestion bigint, kind text, scope bigint, cache bytea,
	model_name text, shown jsonb, again boolean, daily integer, seconds integer)
RETURNS TABLE (state text, insight bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	organisation bigint;
	today date := (now() AT TIME ZONE 'UTC')::date;
	found_id bigint;
	found_status text;
	fresh boolean;
BEGIN
	SELECT p.organisation_id INTO organisation FROM siftd.projects AS p
	WHERE p.id = project AND p.id = siftd.tenant_project();
	IF NOT FOUND THEN
		RAISE insufficient_privilege USING MESSAGE = 'not the transaction''s project';
	END IF;
	-- one decides at a time
	PERFORM pg_advisory_xact_lock(hashtextextended('siftd.insights', organisation));
	SELECT i.id, i.status, i.created_at > clock_timestamp() - make_interval(secs => seconds)
	INTO found_id, found_status, fresh
	FROM siftd.insights AS i WHERE i.project_id = project AND i.cache_key = cache;
	IF found_status = 'done' AND NOT again OR found_status = 'pending' AND fresh THEN
		RETURN QUERY SELECT found_status, found_id;
		RETURN;
	END IF;
	IF daily <= (SELECT coalesce(sum(d.asked), 0) FROM siftd.insight_days AS d
			JOIN siftd.projects AS p ON p.id = d.project_id
			WHERE p.organisation_id = organisation AND d.day = today) THEN
		RETURN QUERY SELECT 'spent'::text, NULL::bigint;
		RETURN;
	END IF;
	INSERT INTO siftd.insight_days AS d (project_id, day, asked) VALUES (project, today, 1)
	ON CONFLICT (project_id, day) DO UPDATE SET asked = d.asked + 1;
	DELETE FROM siftd.insight_days AS d WHERE d.project_id = project AND d.day < today - 7;
	INSERT INTO siftd.insights AS i (project_id, ingestion_id, scope_type, scope_id, cache_key, status, model, evidence)
	VALUES (project, nullif(ingestion, 0), kind, scope, cache, 'pending', model_name, shown)
	ON CONFLICT (project_id, cache_key) DO UPDATE SET status = 'pending', content = NULL, verified_share = NULL,
		error = '', created_at = clock_timestamp()
	RETURNING i.id INTO found_id;
	RETURN QUERY SELECT 'begun'::text, found_id;
END $$;
