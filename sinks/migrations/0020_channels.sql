-- 0020_channels.sql - whom to tell of findings, and what is still to be told
--
-- Word of an episode is put into the outbox by the transaction that stores its events. Daemons take
-- it from there; it may go out twice (a daemon that dies between sending and saying so), always under the
-- same key, by which receivers tell that it is the same.
CREATE TABLE siftd.channels (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id   bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	name         text NOT NULL,
	kind         text NOT NULL CHECK (kind IN ('webhook', 'slack', 'alertmanager', 'pagerduty')),
	url          text NOT NULL,
	-- webhook: the key that signs; alertmanager: a bearer token; pagerduty: the routing key
	secret       text NOT NULL DEFAULT '',
	severity_min smallint NOT NULL DEFAULT 0,
	rate_max     integer NOT NULL DEFAULT 20, -- messages a minute
	digest_s     integer NOT NULL DEFAULT 0, -- what comes up within is told in one message
	user_id      bigint,
	created_at   timestamptz NOT NULL DEFAULT now(),
	-- how it goes
	paused_until timestamptz, -- it failed, and is tried again then
	rate_begin   timestamptz NOT NULL DEFAULT now(),
	rate_sent    integer NOT NULL DEFAULT 0,
	sent         bigint NOT NULL DEFAULT 0, -- messages
	failed       bigint NOT NULL DEFAULT 0, -- words that were given up
	dropped      bigint NOT NULL DEFAULT 0, -- words for which the outbox had no room
	last_status  integer,
	last_error   text NOT NULL DEFAULT '',
	last_sent_at timestamptz,
	UNIQUE (project_id, name)
);

CREATE TABLE siftd.outbox (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id    bigint NOT NULL,
	channel_id    bigint NOT NULL REFERENCES siftd.channels ON DELETE CASCADE,
	dedup_key     text NOT NULL,
	kind          text NOT NULL CHECK (kind IN ('opened', 'closed', 'test')),
	payload       jsonb NOT NULL,
	attempts      integer NOT NULL DEFAULT 0,
	state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
	error         text NOT NULL DEFAULT '',
	created_at    timestamptz NOT NULL DEFAULT now(),
	claimed_until timestamptz,
	done_at       timestamptz,
	UNIQUE (channel_id, dedup_key, kind)
);
CREATE INDEX outbox_waiting ON siftd.outbox (channel_id, id) WHERE state = 'waiting';
CREATE INDEX outbox_done ON siftd.outbox (done_at) WHERE state <> 'waiting';

ALTER TABLE siftd.episodes
	ADD told integer NOT NULL DEFAULT 0, -- how often it was told that it opened
	ADD told_open boolean NOT NULL DEFAULT false; -- and not yet that it closed
CREATE INDEX episodes_told ON siftd.episodes (last_us) WHERE told_open;

CREATE OR REPLACE FUNCTION siftd.put_episode(project bigint, finding bigint, quiet bigint, low bigint,
	high bigint, count bigint, adds boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known record;
BEGIN
	SELECT array_agg(id ORDER BY told_open DESC, id) AS ids, min(first_us) AS low,
			max(last_us) AS high, sum(total)::bigint AS total
		INTO known FROM siftd.episodes
		WHERE project_id = project AND finding_id = finding
			AND last_us >= low - quiet AND first_us <= high + quiet;
	IF known.ids IS NULL THEN
		INSERT INTO siftd.episodes (project_id, finding_id, first_us, last_us, total)
			VALUES (project, finding, low, high, count);
		RETURN;
	END IF;
	IF cardinality(known.ids) > 1 THEN
		DELETE FROM siftd.episodes WHERE project_id = project AND finding_id = finding
			AND id = ANY (known.ids[2:]);
	END IF;
	UPDATE siftd.episodes SET
		first_us = CASE WHEN adds THEN least(known.low, low) ELSE low END,
		last_us = CASE WHEN adds THEN greatest(known.high, high) ELSE high END,
		total = count + CASE WHEN adds THEN known.total ELSE 0 END
		WHERE project_id = project AND finding_id = finding AND id = known.ids[1];
END $$;

CREATE FUNCTION siftd.time_text(us bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT to_char(to_timestamp(us / 1000000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- What is told of an episode: what siftd counted, and the masked text of its commonest template;
-- no raw line, which might hold a secret.
CREATE FUNCTION siftd.tell_payload(f siftd.findings, e siftd.episodes) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('finding', f.id, 'episode', e.id, 'project_id', f.project_id,
		'project', (SELECT p.name FROM siftd.projects AS p WHERE p.id = f.project_id),
		'organisation_id', (SELECT p.organisation_id FROM siftd.projects AS p WHERE p.id = f.project_id),
		'rule', f.rule_id, 'key', f.key, 'title', f.title,
		'severity', (ARRAY['LOW', 'MED', 'HIGH', 'CRIT'])[f.severity + 1],
		'regressed', f.status = 'regressed',
		'first_seen', siftd.time_text(e.first_us), 'last_seen', siftd.time_text(e.last_us),
		'quiet_until', siftd.time_text(e.last_us + f.quiet_us),
		'occurrences', e.total, 'services', to_jsonb(f.services), 'hosts', to_jsonb(f.hosts),
		'template', (SELECT left(t.text, 500) FROM siftd.finding_templates AS m
			JOIN siftd.templates AS t ON t.project_id = m.project_id AND t.key = m.template_key
			WHERE m.project_id = f.project_id AND m.finding_id = f.id
			GROUP BY t.key, t.text ORDER BY sum(m.count) DESC, t.key LIMIT 1))
$$;

-- Puts word of an episode into the outbox of each channel that wants it.
CREATE FUNCTION siftd.enqueue(f siftd.findings, e siftd.episodes, what text, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c record;
	payload jsonb := siftd.tell_payload(f, e);
BEGIN
	FOR c IN
		SELECT id, (SELECT count(*) FROM siftd.outbox AS o
			WHERE o.channel_id = k.id AND o.state = 'waiting') >= words_max AS is_full
		FROM siftd.channels AS k
		WHERE k.project_id = f.project_id AND k.severity_min <= f.severity ORDER BY id
	LOOP
		IF c.is_full THEN
			UPDATE siftd.channels SET dropped = dropped + 1 WHERE id = c.id;
		ELSE
			INSERT INTO siftd.outbox (project_id, channel_id, dedup_key, kind, payload)
				VALUES (f.project_id, c.id, 'siftd/' || f.project_id || '/' || f.id || '/' || e.id
					|| '/' || e.told, what, payload)
				ON CONFLICT DO NOTHING;
		END IF;
	END LOOP;
END $$;

-- Tells of the findings that a batch touched: the newest episode, once, unless a person or a mute
-- says no. A row is a finding's part in one template; services and hosts are those of the batch.
CREATE FUNCTION siftd.tell(projects bigint[], rules text[], keys text[], templates bigint[],
	services text[], hosts text[], age_us bigint, words_max integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
	f siftd.findings;
	e siftd.episodes;
BEGIN
	IF NOT EXISTS (SELECT FROM siftd.channels WHERE project_id = ANY (projects)) THEN
		RETURN;
	END IF;
	FOR r IN
		SELECT DISTINCT u.project, u.rule, u.key
		FROM unnest(projects, rules, keys, templates, services, hosts)
			AS u (project, rule, key, template, service, host)
		WHERE NOT EXISTS (SELECT FROM siftd.mutes AS m WHERE m.project_id = u.project
				AND m.starts_at <= now() AND coalesce(m.ends_at > now(), true)
				AND coalesce(m.rule_id = u.rule, true)
				AND (m.service IS NULL OR siftd.split_names(u.service) = ARRAY[m.service])
				AND (m.host IS NULL OR siftd.split_names(u.host) = ARRAY[m.host])
				AND (m.group_id IS NULL OR EXISTS (SELECT FROM siftd.templates AS t
					WHERE t.project_id = u.project AND t.key = u.template
						AND t.group_id = siftd.find_group(u.project, m.group_id, NULL))))
			AND NOT EXISTS (SELECT FROM siftd.templates AS t JOIN siftd.groups AS g
				ON g.project_id = t.project_id AND g.id = t.group_id
				WHERE t.project_id = u.project AND t.key = u.template AND g.status = 'muted')
		ORDER BY 1, 2, 3
	LOOP
		SELECT * INTO f FROM siftd.findings
			WHERE project_id = r.project AND rule_id = r.rule AND key = r.key
				AND status IN ('open', 'regressed');
		CONTINUE WHEN NOT FOUND;
		UPDATE siftd.episodes SET told = told + 1, told_open = true
			WHERE project_id = f.project_id AND finding_id = f.id AND NOT told_open
				AND id = (SELECT id FROM siftd.episodes
					WHERE project_id = f.project_id AND finding_id = f.id
					ORDER BY last_us DESC, id LIMIT 1)
				AND last_us >= (extract(epoch FROM now()) * 1000000)::bigint - age_us
			RETURNING * INTO e;
		IF FOUND THEN
			PERFORM siftd.enqueue(f, e, 'opened', words_max);
		END IF;
	END LOOP;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
	-- events go before word of them
	RAISE WARNING 'siftd.tell: %', SQLERRM;
END $$;

-- What time alone brings: mutes that end, episodes that were quiet long enough or that a person
-- resolved, words that were sent long ago. How many episodes were closed.
CREATE FUNCTION siftd.notify_tick(words_max integer, kept_days integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint := 0;
	e siftd.episodes;
	f siftd.findings;
BEGIN
	UPDATE siftd.findings SET status = 'open', muted_until = NULL, updated_at = now()
		WHERE status = 'muted' AND muted_until <= now();
	UPDATE siftd.groups SET status = 'open', muted_until = NULL, updated_at = now()
		WHERE status = 'muted' AND muted_until <= now();
	FOR e IN
		SELECT p.* FROM siftd.episodes AS p JOIN siftd.findings AS t
			ON t.project_id = p.project_id AND t.id = p.finding_id
		WHERE p.told_open AND (t.status = 'resolved'
			OR p.last_us + t.quiet_us < (extract(epoch FROM now()) * 1000000)::bigint)
		ORDER BY p.project_id, p.id LIMIT 100 FOR UPDATE OF p SKIP LOCKED
	LOOP
		SELECT * INTO f FROM siftd.findings WHERE project_id = e.project_id AND id = e.finding_id;
		PERFORM siftd.enqueue(f, e, 'closed', words_max);
		UPDATE siftd.episodes SET told_open = false
			WHERE project_id = e.project_id AND finding_id = e.finding_id AND id = e.id;
		n := n + 1;
	END LOOP;
	DELETE FROM siftd.outbox WHERE id = ANY (ARRAY(SELECT id FROM siftd.outbox
		WHERE state <> 'waiting' AND done_at < now() - make_interval(days => kept_days) LIMIT 1000));
	RETURN n;
END $$;

-- The bodies that receivers expect, of some words; $2 is where a finding can be looked at.
CREATE FUNCTION siftd.word_link(p jsonb, base text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN base = '' OR p ->> 'finding' IS NULL THEN NULL
		ELSE rtrim(base, '/') || '/orgs/' || (p ->> 'organisation_id') || '/projects/'
			|| (p ->> 'project_id') || '/findings/' || (p ->> 'finding') END
$$;

CREATE FUNCTION siftd.word_summary(kind text, p jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE kind WHEN 'closed' THEN 'Over: ' WHEN 'test' THEN 'Test: '
			ELSE CASE WHEN (p ->> 'regressed')::boolean THEN 'Again: ' ELSE '' END END
		|| coalesce('[' || (p ->> 'severity') || '] ', '') || (p ->> 'title')
		|| coalesce(' (' || nullif(p ->> 'key', '') || ')', '')
		|| coalesce(', ' || (p ->> 'occurrences') || ' times since ' || (p ->> 'first_seen'), '')
$$;

CREATE FUNCTION siftd.render_webhook(words siftd.outbox[], base text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('version', 1, 'notifications', json_agg(jsonb_build_object(
		'id', w.dedup_key || '/' || w.kind, 'kind', w.kind, 'created_at', w.created_at,
		'summary', siftd.word_summary(w.kind, w.payload),
		'link', siftd.word_link(w.payload, base)) || w.payload ORDER BY w.id))::text
	FROM unnest(words) AS w
$$;

CREATE FUNCTION siftd.slack_text(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
$$;

CREATE FUNCTION siftd.render_slack(words siftd.outbox[], base text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('text', left(string_agg(
		'*' || siftd.slack_text(siftd.word_summary(w.kind, w.payload)) || '*'
		|| coalesce(E'\n`' || replace(siftd.slack_text(w.payload ->> 'template'), '`', '''') || '`', '')
		|| coalesce(E'\n<' || siftd.word_link(w.payload, base) || '|Look at it>', ''),
		E'\n' ORDER BY w.id), 30000))::text
	FROM unnest(words) AS w
$$;

-- Alerts that are not told to be over end by themselves after a week.
CREATE FUNCTION siftd.render_alertmanager(words siftd.outbox[], base text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT json_agg(json_build_object(
		'labels', jsonb_strip_nulls(jsonb_build_object('alertname', coalesce(w.payload ->> 'rule', 'siftd_test'),
			'severity', lower(w.payload ->> 'severity'), 'project', w.payload ->> 'project',
			'key', nullif(w.payload ->> 'key', ''), 'episode', w.payload ->> 'episode')),
		'annotations', jsonb_strip_nulls(jsonb_build_object(
			'summary', siftd.word_summary(w.kind, w.payload), 'description', w.payload ->> 'template')),
		'startsAt', coalesce(w.payload ->> 'first_seen', to_json(w.created_at) #>> '{}'),
		'endsAt', CASE WHEN w.kind = 'closed' THEN to_json(w.created_at)
			ELSE to_json(w.created_at + CASE w.kind WHEN 'test' THEN interval '1 minute'
				ELSE interval '7 days' END) END,
		'generatorURL', coalesce(siftd.word_link(w.payload, base), '')) ORDER BY w.id)::text
	FROM unnest(words) AS w
$$;

-- one word only: PagerDuty takes no more in a request
CREATE FUNCTION siftd.render_pagerduty(words siftd.outbox[], base text, routing_key text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT json_strip_nulls(json_build_object('routing_key', routing_key,
		'event_action', CASE w.kind WHEN 'closed' THEN 'resolve' ELSE 'trigger' END,
		'dedup_key', w.dedup_key, 'client', 'siftd',
		'client_url', siftd.word_link(w.payload, base),
		'payload', json_build_object(
			'summary', left(siftd.word_summary(w.kind, w.payload), 1024),
			'source', coalesce(w.payload #>> '{hosts,0}', w.payload ->> 'project', 'siftd'),
			'severity', CASE w.payload ->> 'severity' WHEN 'CRIT' THEN 'critical' WHEN 'HIGH' THEN 'error'
				WHEN 'MED' THEN 'warning' ELSE 'info' END,
			'timestamp', coalesce(w.payload ->> 'first_seen', to_json(w.created_at) #>> '{}'),
			'component', w.payload #>> '{services,0}', 'group', w.payload ->> 'project',
			'class', w.payload ->> 'rule', 'custom_details', w.payload)))::text
	FROM unnest(words) AS w
$$;

-- Takes the words of one channel that are due, for `lease` seconds; NULL: nothing is due.
CREATE FUNCTION siftd.claim_words(lease integer, words_max integer, base text, OUT channel bigint,
	OUT kind text, OUT url text, OUT secret text, OUT ids text, OUT body text, OUT delivery text)
LANGUAGE plpgsql AS $$
DECLARE
	c siftd.channels;
	words siftd.outbox[];
BEGIN
	SELECT k.* INTO c FROM siftd.channels AS k
		WHERE coalesce(k.paused_until <= now(), true)
			AND (k.rate_sent < k.rate_max OR k.rate_begin < now() - interval '1 minute')
			AND EXISTS (SELECT FROM siftd.outbox AS o WHERE o.channel_id = k.id
				AND o.state = 'waiting' AND coalesce(o.claimed_until < now(), true)
				AND (o.kind = 'test' OR o.created_at <= now() - make_interval(secs => k.digest_s)))
			AND NOT EXISTS (SELECT FROM siftd.outbox AS o WHERE o.channel_id = k.id
				AND o.state = 'waiting' AND o.claimed_until >= now())
		ORDER BY k.last_sent_at NULLS FIRST, k.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	WITH due AS (
		SELECT o.id FROM siftd.outbox AS o WHERE o.channel_id = c.id AND o.state = 'waiting'
		ORDER BY o.id LIMIT CASE c.kind WHEN 'pagerduty' THEN 1 ELSE words_max END
	), taken AS (
		UPDATE siftd.outbox AS o SET attempts = o.attempts + 1,
			claimed_until = now() + make_interval(secs => lease)
		FROM due WHERE o.id = due.id RETURNING o
	) SELECT array_agg(o ORDER BY (o).id) INTO words FROM taken;
	UPDATE siftd.channels AS k SET
		rate_sent = CASE WHEN k.rate_begin < now() - interval '1 minute' THEN 1 ELSE k.rate_sent + 1 END,
		rate_begin = CASE WHEN k.rate_begin < now() - interval '1 minute' THEN now() ELSE k.rate_begin END
		WHERE k.id = c.id;
	channel := c.id;
	kind := c.kind;
	url := CASE WHEN c.kind = 'alertmanager' AND c.url NOT LIKE '%/api/v2/alerts'
		THEN rtrim(c.url, '/') || '/api/v2/alerts' ELSE c.url END;
	secret := CASE WHEN c.kind = 'pagerduty' THEN '' ELSE c.secret END;
	SELECT '{' || string_agg(w.id::text, ',') || '}', min(w.dedup_key || '/' || w.kind)
		INTO ids, delivery FROM unnest(words) AS w;
	body := CASE c.kind WHEN 'webhook' THEN siftd.render_webhook(words, base)
		WHEN 'slack' THEN siftd.render_slack(words, base)
		WHEN 'alertmanager' THEN siftd.render_alertmanager(words, base)
		ELSE siftd.render_pagerduty(words, base, c.secret) END;
END $$;

-- How it went. What may go better later is tried again: after 5 s, then twice as long each time, up to
-- 15 minutes, or as the receiver said; after `attempts_max` it is given up. Says 'sent', 'again' or 'failed'.
CREATE FUNCTION siftd.finish_words(channel bigint, words bigint[], went_well boolean, again boolean,
	http_status integer, why text, retry_after integer, attempts_max integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tried integer;
	given_up bigint := 0;
BEGIN
	SELECT max(attempts) INTO tried FROM siftd.outbox WHERE id = ANY (words);
	UPDATE siftd.outbox SET claimed_until = NULL, error = why,
		state = CASE WHEN went_well THEN 'sent' WHEN again AND attempts < attempts_max THEN 'waiting'
			ELSE 'failed' END,
		done_at = CASE WHEN went_well OR NOT again OR attempts >= attempts_max THEN now() END
		WHERE id = ANY (words) AND state = 'waiting';
	IF NOT went_well THEN
		SELECT count(*) INTO given_up FROM siftd.outbox WHERE id = ANY (words) AND state = 'failed';
	END IF;
	UPDATE siftd.channels SET sent = sent + went_well::integer, failed = failed + given_up,
		last_status = http_status, last_error = why,
		last_sent_at = CASE WHEN went_well THEN now() ELSE last_sent_at END,
		paused_until = CASE WHEN NOT went_well AND again THEN now() + make_interval(secs =>
			greatest(least(5 * 2 ^ least(tried - 1, 8), 900), retry_after)) END
		WHERE id = channel;
	RETURN CASE WHEN went_well THEN 'sent' WHEN given_up > 0 THEN 'failed' ELSE 'again' END;
END $$;
