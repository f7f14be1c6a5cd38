-- 0039_audit_findings.sql - who made and took away channels, rules and mutes
--
-- They decide what people hear of, so they belong to the record of 0019_audit.sql. As it was there, but that
-- a target is named by its rule too.
CREATE OR REPLACE FUNCTION siftd.audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = siftd, pg_temp AS $$
DECLARE
	was jsonb := to_jsonb(OLD);
	now_is jsonb := coalesce(to_jsonb(NEW), was);
	kind text := split_part(TG_ARGV[0], '.', 1);
	organisation bigint := coalesce(now_is->>'organisation_id', was->>'organisation_id');
	target text := concat_ws(' ', kind, now_is->>'id', now_is->>'rule_id', now_is->>'name', now_is->>'email',
		now_is->>'role', now_is->>'title', now_is->>'status');
BEGIN
	IF kind = 'organisation' THEN
		organisation := now_is->>'id';
	ELSIF kind = 'member' THEN
		SELECT concat_ws(' ', 'user', u.id, u.email, now_is->>'role') INTO target
			FROM siftd.users AS u WHERE u.id = (now_is->>'user_id')::bigint;
	ELSIF organisation IS NULL AND now_is ? 'project_id' THEN
		SELECT organisation_id INTO organisation FROM siftd.projects WHERE id = (now_is->>'project_id')::bigint;
		target := concat_ws(' ', target, 'of project', now_is->>'project_id');
	END IF;
	-- what goes with a deleted organisation or project needs no record of its own
	IF kind = 'organisation' OR EXISTS (SELECT FROM siftd.organisations WHERE id = organisation) THEN
		PERFORM siftd.audit_write(organisation, TG_ARGV[0], coalesce(target, kind));
	END IF;
	RETURN NULL;
END $$;

CREATE TRIGGER audit_create AFTER INSERT ON siftd.channels
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('channel.create');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.channels
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('channel.delete');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.rules
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('rule.create');
CREATE TRIGGER audit_change AFTER UPDATE OF source ON siftd.rules
	FOR EACH ROW WHEN (OLD.source <> NEW.source) EXECUTE FUNCTION siftd.audited('rule.change');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.rules
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('rule.delete');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.mutes
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('mute.create');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.mutes
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('mute.delete');
