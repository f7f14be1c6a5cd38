-- 0006_deletion.sql - what goes when an ingestion or a project is deleted
CREATE FUNCTION siftd.ingestion_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.event_blocks WHERE project_id = OLD.project_id AND ingestion_id = OLD.id;
	DELETE FROM siftd.group_counts WHERE project_id = OLD.project_id AND ingestion_id = OLD.id;
	DELETE FROM siftd.group_stats WHERE project_id = OLD.project_id AND ingestion_id = OLD.id;
	DELETE FROM siftd.evidence WHERE project_id = OLD.project_id AND ingestion_id = OLD.id;
	WITH gone AS (
		DELETE FROM siftd.finding_templates
		WHERE project_id = OLD.project_id AND ingestion_id = OLD.id RETURNING finding_id, count
	), sums AS (
		SELECT finding_id, sum(count) AS count FROM gone GROUP BY finding_id
	) UPDATE siftd.findings SET total = total - sums.count FROM sums
		WHERE findings.project_id = OLD.project_id AND findings.id = sums.finding_id;
	DELETE FROM siftd.findings WHERE project_id = OLD.project_id AND total <= 0;
	RETURN NULL;
END $$;
CREATE TRIGGER ingestion_deleted AFTER DELETE ON siftd.ingestions
	FOR EACH ROW EXECUTE FUNCTION siftd.ingestion_deleted();

CREATE FUNCTION siftd.project_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.event_blocks WHERE project_id = OLD.id;
	DELETE FROM siftd.group_counts WHERE project_id = OLD.id;
	DELETE FROM siftd.group_stats WHERE project_id = OLD.id;
	DELETE FROM siftd.evidence WHERE project_id = OLD.id;
	DELETE FROM siftd.finding_templates WHERE project_id = OLD.id;
	DELETE FROM siftd.window_buckets WHERE project_id = OLD.id;
	DELETE FROM siftd.quarantine WHERE project_id = OLD.id;
	RETURN NULL;
END $$;
CREATE TRIGGER project_deleted AFTER DELETE ON siftd.projects
	FOR EACH ROW EXECUTE FUNCTION siftd.project_deleted();
