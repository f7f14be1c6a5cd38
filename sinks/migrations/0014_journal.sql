-- 0014_journal.sql - daemons follow what others learned and what people decided
--
-- Templates by ordinal, merges and decisions by `changed`: one order for each project, since whoever
-- writes them holds the project's row. Undoing a merge moves it to the end.
ALTER TABLE siftd.group_merges ADD changed bigint;
UPDATE siftd.group_merges SET changed = ordinal;
ALTER TABLE siftd.group_merges
	ALTER changed SET DEFAULT nextval('siftd.templates_ordinal_seq'), ALTER changed SET NOT NULL;
CREATE INDEX group_merges_changed ON siftd.group_merges (project_id, changed);

CREATE FUNCTION siftd.merge_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.changed := nextval('siftd.templates_ordinal_seq');
	RETURN NEW;
END $$;
CREATE TRIGGER merge_changed BEFORE UPDATE OF undone_at ON siftd.group_merges
	FOR EACH ROW EXECUTE FUNCTION siftd.merge_changed();

CREATE FUNCTION siftd.journal_grew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY siftd_journal;
	RETURN NULL;
END $$;
CREATE TRIGGER journal_grew AFTER INSERT ON siftd.templates
	FOR EACH STATEMENT EXECUTE FUNCTION siftd.journal_grew();
CREATE TRIGGER journal_grew AFTER INSERT OR UPDATE OF undone_at ON siftd.group_merges
	FOR EACH STATEMENT EXECUTE FUNCTION siftd.journal_grew();

-- What the projects' journals have behind these heads, some of each. kind: 0 a template, 1 a merge of
-- the group of `root` into that of `key`, 2 a person decided.
CREATE FUNCTION siftd.read_journal(projects bigint[], heads bigint[], rows_max integer,
	OUT project_id bigint, OUT at bigint, OUT kind integer, OUT key bigint, OUT root bigint,
	OUT generalised boolean, OUT held boolean, OUT tokens text)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
	SELECT u.project, j.* FROM unnest(projects, heads) AS u(project, head) CROSS JOIN LATERAL (
		(SELECT t.ordinal AS at, 0, t.key, g.root_key, t.generalised, t.pinned,
			encode(t.tokens, 'hex')
		FROM siftd.templates AS t
		JOIN siftd.groups AS g ON g.project_id = t.project_id AND g.id = t.group_id
		WHERE t.project_id = u.project AND t.ordinal > u.head
		ORDER BY t.ordinal LIMIT rows_max)
		UNION ALL
		(SELECT m.changed, CASE WHEN m.user_id IS NOT NULL OR m.kind = 'split'
				OR m.undone_at IS NOT NULL OR m.reason = 'merged by hand' THEN 2 ELSE 1 END,
			k.root_key, e.root_key, false, false, ''
		FROM siftd.group_merges AS m
		JOIN siftd.groups AS k ON k.project_id = m.project_id AND k.id = m.group_id
		JOIN siftd.groups AS e ON e.project_id = m.project_id AND e.id = m.merged_id
		WHERE m.project_id = u.project AND m.changed > u.head
		ORDER BY m.changed LIMIT rows_max)
		ORDER BY 1 LIMIT rows_max
	) AS j ORDER BY u.project, j.at
$$;
