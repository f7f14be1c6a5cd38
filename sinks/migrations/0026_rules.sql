-- 0026_rules.sql - rules that a project has besides the shipped ones
CREATE TABLE siftd.rules (
	project_id bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	rule_id    text NOT NULL,
	source     text NOT NULL, -- its YAML document, and what it says
	title      text NOT NULL,
	severity   smallint NOT NULL,
	confidence smallint NOT NULL,
	window_type text NOT NULL,
	user_id    bigint,
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, rule_id)
);

-- what daemons compare with the set that they judge by
CREATE TABLE siftd.rule_versions (
	project_id bigint PRIMARY KEY REFERENCES siftd.projects ON DELETE CASCADE,
	version    bigint NOT NULL
);

CREATE FUNCTION siftd.rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO siftd.rule_versions AS v
		SELECT p.id, 1 FROM siftd.projects AS p WHERE p.id = coalesce(NEW.project_id, OLD.project_id)
		ON CONFLICT (project_id) DO UPDATE SET version = v.version + 1;
	RETURN NULL;
END $$;
CREATE TRIGGER rules_changed AFTER INSERT OR UPDATE OR DELETE ON siftd.rules
	FOR EACH ROW EXECUTE FUNCTION siftd.rules_changed();

-- A project whose rules are not those of the version that the caller knows, with all of them.
CREATE FUNCTION siftd.next_rules(projects bigint[], versions bigint[], OUT project bigint,
	OUT version bigint, OUT sources text)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT v.project_id, v.version, coalesce((SELECT string_agg(r.source, E'\n---\n' ORDER BY r.rule_id)
			FROM siftd.rules AS r WHERE r.project_id = v.project_id), '')
	FROM siftd.rule_versions AS v
	WHERE NOT EXISTS (SELECT FROM unnest(projects, versions) AS k (project, version)
		WHERE k.project = v.project_id AND k.version = v.version)
	ORDER BY v.project_id LIMIT 1
$$;
