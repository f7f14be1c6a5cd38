-- 0019_audit.sql - who did what, written by triggers
--
-- The HTTP interface sets siftd.actor and its like for the transaction of each request, so what a trigger
-- writes is committed with the action or not at all, and no handler can forget it. Without siftd.actor a
-- change was made by the daemon itself, or by somebody with SQL: of people, projects and keys it is
-- recorded all the same, under the name of the database's user.

-- the record outlives the organisation
ALTER TABLE siftd.audit DROP CONSTRAINT audit_organisation_id_fkey;

-- a cookie's CSRF token is derived from its session's token
ALTER TABLE siftd.sessions DROP COLUMN csrf_hash,
	ADD address text NOT NULL DEFAULT '', ADD user_agent text NOT NULL DEFAULT '';

-- at most one invitation of an address to an organisation is open
CREATE UNIQUE INDEX invitations_open ON siftd.invitations (organisation_id, lower(email)) WHERE accepted_at IS NULL;

CREATE FUNCTION siftd.audit_setting(name text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(current_setting('siftd.' || name, true), '')
$$;

CREATE FUNCTION siftd.audit_write(organisation bigint, action text, target text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO siftd.audit (organisation_id, actor_id, actor, action, target, address, request_id)
	VALUES (organisation,
		(SELECT id FROM siftd.users WHERE id = nullif(siftd.audit_setting('user'), '')::bigint),
		coalesce(nullif(siftd.audit_setting('actor'), ''), session_user), action, target,
		siftd.audit_setting('address'), siftd.audit_setting('request'))
$$;

-- Argument: the action, "KIND.VERB".
CREATE FUNCTION siftd.audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = siftd, pg_temp AS $$
DECLARE
	was jsonb := to_jsonb(OLD);
	now_is jsonb := coalesce(to_jsonb(NEW), was);
	kind text := split_part(TG_ARGV[0], '.', 1);
	organisation bigint := coalesce(now_is->>'organisation_id', was->>'organisation_id');
	target text := concat_ws(' ', kind, now_is->>'id', now_is->>'name', now_is->>'email', now_is->>'role',
		now_is->>'title', now_is->>'status');
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

-- What concerns an account is told to all its organisations. Argument: the action.
CREATE FUNCTION siftd.audited_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = siftd, pg_temp AS $$
DECLARE
	now_is jsonb := coalesce(to_jsonb(NEW), to_jsonb(OLD));
	account bigint := coalesce(now_is->>'user_id', now_is->>'id');
BEGIN
	PERFORM siftd.audit_write(m.organisation_id, TG_ARGV[0], concat_ws(' ', 'user', u.id, u.email))
		FROM siftd.memberships AS m JOIN siftd.users AS u ON u.id = m.user_id WHERE m.user_id = account;
	RETURN NULL;
END $$;

CREATE TRIGGER audit_create AFTER INSERT ON siftd.organisations
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('organisation.create');
CREATE TRIGGER audit_change AFTER UPDATE OF name ON siftd.organisations
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('organisation.change');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.organisations
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('organisation.delete');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.memberships
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('member.add');
CREATE TRIGGER audit_change AFTER UPDATE OF role ON siftd.memberships
	FOR EACH ROW WHEN (OLD.role <> NEW.role) EXECUTE FUNCTION siftd.audited('member.role');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.memberships
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('member.remove');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.invitations
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('invitation.create');
CREATE TRIGGER audit_change AFTER UPDATE OF accepted_at ON siftd.invitations
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('invitation.accept');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.invitations
	FOR EACH ROW WHEN (OLD.accepted_at IS NULL) EXECUTE FUNCTION siftd.audited('invitation.revoke');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.projects
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('project.create');
CREATE TRIGGER audit_change AFTER UPDATE OF name ON siftd.projects
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('project.change');
-- a project without organisation is one that upkeep removes
CREATE TRIGGER audit_delete AFTER UPDATE OF organisation_id ON siftd.projects
	FOR EACH ROW WHEN (NEW.organisation_id IS NULL) EXECUTE FUNCTION siftd.audited('project.delete');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.api_keys
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('key.create');
CREATE TRIGGER audit_change AFTER UPDATE OF revoked_at ON siftd.api_keys
	FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION siftd.audited('key.revoke');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.api_keys
	FOR EACH ROW EXECUTE FUNCTION siftd.audited('key.delete');

-- sources make ingestions, and the flush opens findings and groups again: those are not people's doings
CREATE TRIGGER audit_create AFTER INSERT ON siftd.ingestions
	FOR EACH ROW WHEN (siftd.audit_setting('actor') <> '') EXECUTE FUNCTION siftd.audited('ingestion.create');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.ingestions
	FOR EACH ROW WHEN (siftd.audit_setting('actor') <> '') EXECUTE FUNCTION siftd.audited('ingestion.delete');
CREATE TRIGGER audit_change AFTER UPDATE OF status ON siftd.findings
	FOR EACH ROW WHEN (OLD.status <> NEW.status AND siftd.audit_setting('actor') <> '')
	EXECUTE FUNCTION siftd.audited('finding.status');
CREATE TRIGGER audit_change AFTER UPDATE OF status ON siftd.groups
	FOR EACH ROW WHEN (OLD.status <> NEW.status AND siftd.audit_setting('actor') <> '')
	EXECUTE FUNCTION siftd.audited('group.status');
CREATE TRIGGER audit_merge AFTER INSERT ON siftd.group_merges
	FOR EACH ROW WHEN (NEW.user_id IS NOT NULL AND NEW.kind = 'merge') EXECUTE FUNCTION siftd.audited('group.merge');
CREATE TRIGGER audit_split AFTER INSERT ON siftd.group_merges
	FOR EACH ROW WHEN (NEW.user_id IS NOT NULL AND NEW.kind = 'split') EXECUTE FUNCTION siftd.audited('group.split');

CREATE TRIGGER audit_create AFTER INSERT ON siftd.sessions
	FOR EACH ROW EXECUTE FUNCTION siftd.audited_account('session.create');
CREATE TRIGGER audit_delete AFTER DELETE ON siftd.sessions
	FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION siftd.audited_account('session.end');
CREATE TRIGGER audit_change AFTER UPDATE OF password_hash ON siftd.users
	FOR EACH ROW EXECUTE FUNCTION siftd.audited_account('password.change');
