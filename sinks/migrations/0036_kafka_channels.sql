-- 0036_kafka_channels.sql - channels that are topics of Kafka
--
-- Such a channel's url is kafka:TOPIC; brokers and secrets are in the configuration of siftd.
ALTER TABLE siftd.channels DROP CONSTRAINT channels_kind_check;
ALTER TABLE siftd.channels ADD CONSTRAINT channels_kind_check
	CHECK (kind IN ('webhook', 'slack', 'alertmanager', 'pagerduty', 'kafka'));

-- A message a word and line: its key, a tab, its value. The key is the finding, so that all word of it
-- is in one partition, in order, and a compacted topic keeps the last; JSON's text holds neither tab nor line feed.
CREATE FUNCTION siftd.render_kafka(words siftd.outbox[], base text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg(coalesce(w.payload ->> 'finding', 'test') || E'\t' || (jsonb_build_object('version', 1,
		'id', w.dedup_key || '/' || w.kind, 'kind', w.kind, 'created_at', w.created_at,
		'summary', siftd.word_summary(w.kind, w.payload),
		'link', siftd.word_link(w.payload, base)) || w.payload)::text, E'\n' ORDER BY w.id)
	FROM unnest(words) AS w
$$;

-- As 0030_claim_words.sql made it, but for the kind.
CREATE OR REPLACE FUNCTION siftd.claim_words(lease integer, words_max integer, base text,
	OUT channel bigint, OUT kind text, OUT url text, OUT secret text, OUT ids text, OUT body text,
	OUT delivery text)
LANGUAGE plpgsql AS $$
DECLARE
	c siftd.channels;
	words siftd.outbox[];
BEGIN
	WHILE words IS NULL LOOP
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
		-- the channel is locked, and this statement sees all that was committed before: when a word is
		-- still another daemon's, the channel is
		WITH due AS (
			SELECT o.id FROM siftd.outbox AS o WHERE o.channel_id = c.id AND o.state = 'waiting'
				AND NOT EXISTS (SELECT FROM siftd.outbox AS t WHERE t.channel_id = c.id
					AND t.state = 'waiting' AND t.claimed_until >= now())
			ORDER BY o.id LIMIT CASE c.kind WHEN 'pagerduty' THEN 1 ELSE words_max END
		), taken AS (
			UPDATE siftd.outbox AS o SET attempts = o.attempts + 1,
				claimed_until = now() + make_interval(secs => lease)
			FROM due WHERE o.id = due.id RETURNING o
		) SELECT array_agg(o ORDER BY (o).id) INTO words FROM taken;
	END LOOP;
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
		WHEN 'kafka' THEN siftd.render_kafka(words, base)
		ELSE siftd.render_pagerduty(words, base, c.secret) END;
END $$;
