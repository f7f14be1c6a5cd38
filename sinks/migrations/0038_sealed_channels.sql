-- 0038_sealed_channels.sql - URLs and secrets of channels lie sealed in the database
--
-- What is here is sealed by siftd (sinks/channel_seal.h) when it starts: the database never has the key, so
-- neither a dump of it nor who may read its tables can post in a channel's name. So siftd itself puts the secret of
-- PagerDuty into the body, and the path of Alertmanager behind the URL.
ALTER TABLE siftd.channels
	ADD key_id text NOT NULL DEFAULT '', -- of the key it is sealed under; '': it lies as it is
	ADD server text NOT NULL DEFAULT ''; -- where it leads, of which no secret is a part
UPDATE siftd.channels SET server = CASE kind WHEN 'kafka' THEN url ELSE
	coalesce(substring(url from '^https?://(?:[^/?#@]*@)?([^/?#]*)'), '') END;

-- As 0036_kafka_channels.sql made it, but for what it says of the channel.
DROP FUNCTION siftd.claim_words(integer, integer, text);
CREATE FUNCTION siftd.claim_words(lease integer, words_max integer, base text, OUT channel bigint,
	OUT project bigint, OUT kind text, OUT key_id text, OUT url text, OUT secret text, OUT ids text, OUT body text,
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
	project := c.project_id;
	kind := c.kind;
	key_id := c.key_id;
	url := c.url;
	secret := c.secret;
	SELECT '{' || string_agg(w.id::text, ',') || '}', min(w.dedup_key || '/' || w.kind)
		INTO ids, delivery FROM unnest(words) AS w;
	-- PagerDuty's lacks its routing key
	body := CASE c.kind WHEN 'webhook' THEN siftd.render_webhook(words, base)
		WHEN 'slack' THEN siftd.render_slack(words, base)
		WHEN 'alertmanager' THEN siftd.render_alertmanager(words, base)
		WHEN 'kafka' THEN siftd.render_kafka(words, base)
		ELSE siftd.render_pagerduty(words, base, NULL) END;
END $$;
