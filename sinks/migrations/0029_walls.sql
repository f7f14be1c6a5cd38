-- 0029_walls.sql - row level security: a second wall between projects, behind the statements' own conditions
--
-- Each statement of a request to a project runs as the role siftd_tenant, for its transaction only, with
-- siftd.project set. That role sees and changes the rows of this project alone, reads nobody's password and
-- no session. The daemon's own user is the owner, to whom policies do not apply: the flush and upkeep cost
-- what they did. Where that user may not create roles, an operator does what raise_walls says, and until
-- then there is the first wall only.

CREATE FUNCTION siftd.tenant_project() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT nullif(current_setting('siftd.project', true), '')::bigint
$$;

CREATE FUNCTION siftd.tenant_organisation() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT nullif(current_setting('siftd.organisation', true), '')::bigint
$$;

CREATE FUNCTION siftd.has_walls() RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT to_regrole('siftd_tenant') IS NOT NULL AND pg_has_role(to_regrole('siftd_tenant'), 'MEMBER')
$$;

-- Rights and policies of all tables that have none yet; run behind each change of the schema, so that no new
-- table is forgotten. A table with a project_id belongs to that project.
CREATE FUNCTION siftd.raise_walls() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
	own text;
BEGIN
	BEGIN
		IF to_regrole('siftd_tenant') IS NULL THEN
			CREATE ROLE siftd_tenant NOLOGIN;
		END IF;
		IF NOT pg_has_role('siftd_tenant', 'MEMBER') THEN
			EXECUTE format('GRANT siftd_tenant TO %I', current_user);
		END IF;
	EXCEPTION
		WHEN insufficient_privilege THEN
			RETURN;
		WHEN duplicate_object OR unique_violation THEN
			NULL; -- another database of the cluster was first
	END;
	IF NOT siftd.has_walls() THEN
		RETURN;
	END IF;
	GRANT USAGE ON SCHEMA siftd TO siftd_tenant;
	GRANT USAGE ON ALL SEQUENCES IN SCHEMA siftd TO siftd_tenant;
	-- whoever acts is known by name; nothing of a project's needs more of people
	GRANT SELECT (id, name, email) ON siftd.users TO siftd_tenant;
	GRANT SELECT ON siftd.memberships TO siftd_tenant;
	FOR t IN
		SELECT c.oid::regclass AS name, c.relname, c.relrowsecurity, EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = c.oid AND a.attname = 'project_id' AND NOT a.attisdropped) AS of_project
		FROM pg_class AS c WHERE c.relnamespace = 'siftd'::regnamespace AND c.relkind IN ('r', 'p')
			AND NOT c.relispartition AND c.relname NOT IN
				('users', 'sessions', 'invitations', 'audit', 'schema_versions')
	LOOP
		own := CASE
			WHEN t.relname = 'projects' THEN 'id = (SELECT siftd.tenant_project())'
			WHEN t.relname = 'organisations' THEN 'id = (SELECT siftd.tenant_organisation())'
			WHEN t.relname = 'memberships' THEN 'organisation_id = (SELECT siftd.tenant_organisation())'
			WHEN t.of_project THEN 'project_id = (SELECT siftd.tenant_project())'
		END;
		IF t.relname NOT IN ('organisations', 'memberships') THEN
			EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO siftd_tenant', t.name);
		ELSE
			EXECUTE format('GRANT SELECT ON %s TO siftd_tenant', t.name);
		END IF;
		IF own IS NOT NULL AND NOT t.relrowsecurity THEN
			EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
			EXECUTE format('CREATE POLICY tenant ON %s TO siftd_tenant USING (%s)', t.name, own);
		END IF;
	END LOOP;
END $$;
