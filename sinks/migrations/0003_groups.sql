-- 0003_groups.sql - templates, the groups they form, and what is counted of them
CREATE TABLE siftd.groups (
	id          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	project_id  bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	root_key    bigint NOT NULL, -- its oldest template
	status      text NOT NULL DEFAULT 'open'
		CHECK (status IN ('open', 'resolved', 'muted', 'regressed')),
	merged_into bigint, -- id of the group that took its templates; such a group is not listed
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, id),
	UNIQUE (project_id, root_key)
);
CREATE INDEX groups_merged ON siftd.groups (project_id, merged_into)
	WHERE merged_into IS NOT NULL;
CREATE INDEX groups_resolved ON siftd.groups (project_id, id) WHERE status = 'resolved';

-- The journal of the learners: loaded in ordinal order at start.
CREATE TABLE siftd.templates (
	project_id  bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	key         bigint NOT NULL,
	group_id    bigint NOT NULL,
	root_key    bigint NOT NULL, -- as the learner said when it made the template
	generalised boolean NOT NULL,
	pinned      boolean NOT NULL DEFAULT false, -- a person put it where it is: no merge moves it
	tokens      bytea NOT NULL,
	text        text NOT NULL,
	sample      bytea NOT NULL,
	reason      text NOT NULL,
	ordinal     bigint GENERATED ALWAYS AS IDENTITY,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, key),
	FOREIGN KEY (project_id, group_id) REFERENCES siftd.groups ON DELETE CASCADE
);
CREATE INDEX templates_group ON siftd.templates (project_id, group_id);
CREATE UNIQUE INDEX templates_ordinal ON siftd.templates (project_id, ordinal);

-- Every merge, so that it can be undone: the templates that moved, and by whom.
CREATE TABLE siftd.group_merges (
	id            bigint GENERATED ALWAYS AS IDENTITY,
	project_id    bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	group_id      bigint NOT NULL, -- that goes on
	merged_id     bigint NOT NULL, -- that ended
	template_keys bigint[] NOT NULL,
	user_id       bigint REFERENCES siftd.users ON DELETE SET NULL, -- NULL: the learner
	reason        text NOT NULL DEFAULT '',
	-- its place among the templates, since the learners' journal is both
	ordinal       bigint NOT NULL
		DEFAULT nextval(pg_get_serial_sequence('siftd.templates', 'ordinal')),
	created_at    timestamptz NOT NULL DEFAULT now(),
	undone_at     timestamptz,
	PRIMARY KEY (project_id, id)
);

-- Events by minute: totals, breakdowns, sparklines and histograms without touching blocks.
CREATE TABLE siftd.group_counts (
	project_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	template_key bigint NOT NULL,
	minute       integer NOT NULL, -- since the epoch; of the timestamp, else of the observed one
	severity     smallint NOT NULL,
	service      text COLLATE "C" NOT NULL, -- '' for none
	count        bigint NOT NULL,
	PRIMARY KEY (project_id, template_key, minute, ingestion_id, severity, service)
) WITH (fillfactor = 70);

-- Totals of a template in an ingestion. No column but the key is indexed, and half of each page is
-- free: updates stay heap-only.
CREATE TABLE siftd.group_stats (
	project_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	template_key bigint NOT NULL,
	count        bigint NOT NULL,
	first_us     bigint NOT NULL, -- by timestamp, else the observed one
	last_us      bigint NOT NULL,
	latest_seq   bigint NOT NULL,
	latest_raw   bytea NOT NULL, -- at most 4 KiB of it
	PRIMARY KEY (project_id, ingestion_id, template_key)
) WITH (fillfactor = 50);

-- The group of a template key, made when it is not there.
CREATE FUNCTION siftd.group_of_root(project bigint, root bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	found_id bigint;
BEGIN
	SELECT group_id INTO found_id FROM siftd.templates WHERE project_id = project AND key = root;
	IF found_id IS NOT NULL THEN
		RETURN found_id;
	END IF;
	INSERT INTO siftd.groups (project_id, root_key) VALUES (project, root)
		ON CONFLICT (project_id, root_key) DO NOTHING RETURNING id INTO found_id;
	IF found_id IS NULL THEN
		SELECT coalesce(merged_into, id) INTO found_id FROM siftd.groups
			WHERE project_id = project AND root_key = root;
	END IF;
	RETURN found_id;
END $$;

-- Makes one group of two: the older id goes on. NULL when there is nothing to do.
CREATE FUNCTION siftd.merge_groups(project bigint, a bigint, b bigint, actor bigint, why text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	kept bigint := least(a, b);
	ended bigint := greatest(a, b);
	moved bigint[];
BEGIN
	IF a IS NULL OR b IS NULL OR a = b THEN
		RETURN NULL;
	END IF;
	WITH rows AS (
		UPDATE siftd.templates SET group_id = kept
		WHERE project_id = project AND group_id = ended AND (NOT pinned OR actor IS NOT NULL)
		RETURNING key
	) SELECT array_agg(key) INTO moved FROM rows;
	IF moved IS NULL THEN
		RETURN NULL;
	END IF;
	IF NOT EXISTS (SELECT FROM siftd.templates WHERE project_id = project AND group_id = ended) THEN
		UPDATE siftd.groups SET merged_into = kept, updated_at = now()
			WHERE project_id = project AND id = ended;
		UPDATE siftd.groups SET merged_into = kept, updated_at = now()
			WHERE project_id = project AND merged_into = ended;
	END IF;
	INSERT INTO siftd.group_merges (project_id, group_id, merged_id, template_keys, user_id, reason)
		VALUES (project, kept, ended, moved, actor, why);
	RETURN kept;
END $$;

-- For people with SQL, and for Grafana.
CREATE VIEW siftd.event_counts AS
	SELECT c.project_id, c.ingestion_id, t.group_id, c.template_key, t.text AS template,
		to_timestamp(c.minute * 60.0) AS minute, c.severity,
		(ARRAY['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'ERROR', 'CRITICAL'])[c.severity] AS level,
		nullif(c.service, '') AS service, c.count
	FROM siftd.group_counts AS c
	LEFT JOIN siftd.templates AS t ON t.project_id = c.project_id AND t.key = c.template_key;
