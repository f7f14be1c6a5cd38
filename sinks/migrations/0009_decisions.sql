-- 0009_decisions.sql - people merge and split groups, and their decisions hold
--
-- A group that a person made or parted is held: all its templates are pinned. The learner puts new
-- templates into it, and merges into it groups that are not held, but never ends it.
ALTER TABLE siftd.group_merges ADD kind text NOT NULL DEFAULT 'merge'
	CHECK (kind IN ('merge', 'split')); -- split: template_keys left merged_id for group_id
CREATE INDEX group_merges_group ON siftd.group_merges (project_id, group_id);
CREATE INDEX templates_pinned ON siftd.templates (project_id, group_id) WHERE pinned;

CREATE FUNCTION siftd.is_held(project bigint, wanted bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM siftd.templates
		WHERE project_id = project AND group_id = wanted AND pinned)
$$;

-- Makes one group of two: the older id goes on, or the one that is held. NULL: nothing was done.
CREATE OR REPLACE FUNCTION siftd.merge_groups(project bigint, a bigint, b bigint, actor bigint, why text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	kept bigint := least(a, b);
	ended bigint := greatest(a, b);
	held boolean := siftd.is_held(project, kept);
	moved bigint[];
BEGIN
	IF a IS NULL OR b IS NULL OR a = b THEN
		RETURN NULL;
	END IF;
	IF actor IS NULL AND siftd.is_held(project, ended) THEN
		IF held THEN
			RETURN NULL;
		END IF;
		SELECT ended, kept, true INTO kept, ended, held;
	END IF;
	WITH rows AS (
		UPDATE siftd.templates SET group_id = kept, pinned = held OR actor IS NOT NULL
		WHERE project_id = project AND group_id = ended RETURNING key
	) SELECT array_agg(key) INTO moved FROM rows;
	IF moved IS NULL THEN
		RETURN NULL;
	END IF;
	UPDATE siftd.groups SET merged_into = kept, updated_at = now()
		WHERE project_id = project AND (id = ended OR merged_into = ended);
	INSERT INTO siftd.group_merges (project_id, group_id, merged_id, template_keys, user_id, reason)
		VALUES (project, kept, ended, moved, actor, why);
	RETURN kept;
END $$;

-- The group of an id, which may have been merged, or of a template key.
CREATE FUNCTION siftd.find_group(project bigint, wanted_id bigint, wanted_key bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT coalesce(
		(SELECT coalesce(merged_into, id) FROM siftd.groups WHERE project_id = project AND id = wanted_id),
		(SELECT group_id FROM siftd.templates WHERE project_id = project AND key = wanted_key))
$$;

-- What all decisions answer: a problem, or the decision and the groups of the templates it concerns.
CREATE TYPE siftd.decision AS (
	problem text, id bigint, kind text, group_id bigint, other_id bigint, mapping text
);

CREATE FUNCTION siftd.hold(project bigint, wanted bigint[]) RETURNS text LANGUAGE sql AS $$
	UPDATE siftd.templates SET pinned = true
		WHERE project_id = project AND group_id = ANY (wanted) AND NOT pinned;
	SELECT string_agg(key || ' ' || group_id, ' ' ORDER BY ordinal) FROM siftd.templates
		WHERE project_id = project AND group_id = ANY (wanted);
$$;

CREATE FUNCTION siftd.person_merges(project bigint, a bigint, b bigint, actor bigint)
RETURNS SETOF siftd.decision LANGUAGE plpgsql AS $$
DECLARE
	d siftd.decision;
BEGIN
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	IF a IS NULL OR b IS NULL OR a = b THEN
		d.problem := CASE WHEN a IS NULL THEN 'absent' WHEN b IS NULL THEN 'with' ELSE 'same' END;
		RETURN NEXT d;
		RETURN;
	END IF;
	d.kind := 'merge';
	d.group_id := siftd.merge_groups(project, a, b, actor, 'merged by hand');
	d.other_id := greatest(a, b);
	SELECT max(id) INTO d.id FROM siftd.group_merges WHERE project_id = project;
	d.mapping := siftd.hold(project, ARRAY[d.group_id]);
	RETURN NEXT d;
END $$;

-- The part that holds the group's oldest template keeps its id.
CREATE FUNCTION siftd.person_splits(project bigint, whole bigint, wanted bigint[], actor bigint)
RETURNS SETOF siftd.decision LANGUAGE plpgsql AS $$
DECLARE
	d siftd.decision;
	leaving bigint[];
	members bigint;
BEGIN
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	SELECT count(*), array_agg(key ORDER BY ordinal) FILTER (WHERE key = ANY (wanted))
		INTO members, leaving
		FROM siftd.templates WHERE project_id = project AND group_id = whole;
	IF whole IS NULL OR leaving IS NULL OR cardinality(leaving) = members
			OR NOT wanted <@ leaving THEN
		d.problem := CASE WHEN whole IS NULL THEN 'absent'
			WHEN NOT wanted <@ coalesce(leaving, '{}') THEN 'fingerprints' ELSE 'all' END;
		RETURN NEXT d;
		RETURN;
	END IF;
	IF EXISTS (SELECT FROM siftd.groups
			WHERE project_id = project AND id = whole AND root_key = ANY (leaving)) THEN
		SELECT array_agg(key ORDER BY ordinal) INTO leaving FROM siftd.templates
			WHERE project_id = project AND group_id = whole AND key <> ALL (wanted);
	END IF;
	-- a group that was merged once comes back under its id
	INSERT INTO siftd.groups AS g (project_id, root_key) VALUES (project, leaving[1])
		ON CONFLICT (project_id, root_key) DO UPDATE SET merged_into = NULL, updated_at = now()
		RETURNING g.id INTO d.group_id;
	UPDATE siftd.templates SET group_id = d.group_id
		WHERE project_id = project AND group_id = whole AND key = ANY (leaving);
	INSERT INTO siftd.group_merges AS m (project_id, group_id, merged_id, template_keys, user_id, reason, kind)
		VALUES (project, d.group_id, whole, leaving, actor, 'split by hand', 'split')
		RETURNING m.id INTO d.id;
	d.kind := 'split';
	d.other_id := whole;
	d.mapping := siftd.hold(project, ARRAY[d.group_id, whole]);
	IF NOT (leaving && wanted) THEN
		SELECT d.other_id, d.group_id INTO d.group_id, d.other_id;
	END IF;
	RETURN NEXT d;
END $$;

-- Templates that are still where the decision put them go back; that holds as well.
CREATE FUNCTION siftd.person_undoes(project bigint, wanted bigint)
RETURNS SETOF siftd.decision LANGUAGE plpgsql AS $$
DECLARE
	d siftd.decision;
	m siftd.group_merges;
	source bigint;
	target bigint;
BEGIN
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	SELECT * INTO m FROM siftd.group_merges WHERE project_id = project AND id = wanted;
	IF m.id IS NULL OR m.undone_at IS NOT NULL THEN
		d.problem := CASE WHEN m.id IS NULL THEN 'absent' ELSE 'undone' END;
		RETURN NEXT d;
		RETURN;
	END IF;
	source := siftd.find_group(project, m.group_id, NULL);
	IF m.kind = 'merge' THEN
		UPDATE siftd.groups SET merged_into = NULL, updated_at = now()
			WHERE project_id = project AND id = m.merged_id;
	END IF;
	target := siftd.find_group(project, m.merged_id, NULL);
	UPDATE siftd.templates SET group_id = target
		WHERE project_id = project AND group_id = source AND key = ANY (m.template_keys);
	-- whichever side has nothing left ends
	UPDATE siftd.groups AS g SET merged_into = CASE g.id WHEN source THEN target ELSE source END,
			updated_at = now()
		WHERE g.project_id = project AND g.id IN (source, target) AND source <> target
			AND NOT EXISTS (SELECT FROM siftd.templates AS t
				WHERE t.project_id = project AND t.group_id = g.id);
	UPDATE siftd.group_merges SET undone_at = now() WHERE project_id = project AND id = wanted;
	d := ROW(NULL, m.id, m.kind, target, source, siftd.hold(project, ARRAY[source, target]));
	RETURN NEXT d;
END $$;

-- Why the templates of a group are in it, newest first.
CREATE FUNCTION siftd.why_grouped(project bigint, wanted bigint) RETURNS json LANGUAGE sql STABLE AS $$
	SELECT coalesce(json_agg(json_build_object('what', what, 'id', id, 'fingerprint', fingerprint,
		'reason', reason, 'by', by, 'at', at, 'undone', undone) ORDER BY ordinal DESC), '[]')
	FROM (
		SELECT * FROM (
			(SELECT 'template' AS what, NULL::bigint AS id, lpad(to_hex(key), 16, '0') AS fingerprint,
				reason, 'learner' AS by, created_at AS at, false AS undone, ordinal
			FROM siftd.templates WHERE project_id = project AND group_id = wanted
			ORDER BY ordinal DESC LIMIT 100)
			UNION ALL
			(SELECT m.kind, m.id, NULL, m.reason,
				CASE WHEN m.reason LIKE '% by hand' THEN coalesce(u.name, 'a person') ELSE 'learner' END,
				m.created_at, m.undone_at IS NOT NULL, m.ordinal
			FROM siftd.group_merges AS m LEFT JOIN siftd.users AS u ON u.id = m.user_id
			WHERE m.project_id = project AND (m.group_id = wanted
				OR m.merged_id = wanted AND (m.kind = 'split' OR m.undone_at IS NOT NULL))
			ORDER BY m.ordinal DESC LIMIT 100)
		) AS both_kinds ORDER BY ordinal DESC LIMIT 100
	) AS newest
$$;
