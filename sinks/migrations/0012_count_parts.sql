-- 0012_count_parts.sql - counts by minute on their way into group_counts
--
-- Adding a count to its row costs far more than the event it counts. While batches wait for the
-- database, a flush leaves its counts here, a row for each of its ingestions, and a later flush adds
-- all of them up at once; see docs/flush.md. Empty while the flush keeps up.
CREATE TABLE siftd.group_count_parts (
	project_id    bigint NOT NULL,
	id            bigint GENERATED ALWAYS AS IDENTITY,
	ingestion_id  bigint NOT NULL,
	template_keys bigint[] NOT NULL, -- of each count, as are the others
	minutes       integer[] NOT NULL,
	severities    smallint[] NOT NULL,
	services      text[] NOT NULL,
	counts        integer[] NOT NULL,
	PRIMARY KEY (project_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 64);

-- Adds the parts of these projects, whose rows the caller has locked. An ingestion is kept from being
-- deleted meanwhile, so that no count is left behind.
CREATE FUNCTION siftd.fold_counts(projects bigint[]) RETURNS void LANGUAGE sql AS $$
	SELECT FROM siftd.ingestions AS i
		WHERE EXISTS (SELECT FROM siftd.group_count_parts AS p
			WHERE p.project_id = ANY (projects) AND p.project_id = i.project_id
				AND p.ingestion_id = i.id)
		ORDER BY i.id FOR KEY SHARE;
	WITH parts AS (
		DELETE FROM siftd.group_count_parts AS p WHERE p.project_id = ANY (projects) RETURNING *
	)
	INSERT INTO siftd.group_counts AS c (project_id, ingestion_id, template_key, minute, severity,
			service, count)
		SELECT p.project_id, p.ingestion_id, u.template_key, u.minute, u.severity, u.service,
			sum(u.count)
		FROM parts AS p CROSS JOIN LATERAL unnest(p.template_keys, p.minutes, p.severities,
			p.services, p.counts) AS u(template_key, minute, severity, service, count)
		GROUP BY 1, 2, 3, 4, 5, 6
		ORDER BY 1, 3, 4, 2, 5, u.service COLLATE "C"
		ON CONFLICT (project_id, template_key, minute, ingestion_id, severity, service)
			DO UPDATE SET count = c.count + excluded.count;
$$;

CREATE FUNCTION siftd.count_parts_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.group_count_parts
		WHERE project_id = OLD.project_id AND ingestion_id = OLD.id;
	RETURN NULL;
END $$;
CREATE TRIGGER count_parts_deleted AFTER DELETE ON siftd.ingestions
	FOR EACH ROW EXECUTE FUNCTION siftd.count_parts_deleted();
