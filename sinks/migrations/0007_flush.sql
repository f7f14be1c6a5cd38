-- 0007_flush.sql - what the flush transaction calls; see docs/flush.md

-- The guard: moves each stream from where the batch began to where it ends. Whoever finds a stream
-- elsewhere raises SF001, which undoes everything. Streams come sorted by their key: all flushes lock
-- in one order. A new stream may have no row yet.
CREATE FUNCTION siftd.move_positions(hosts text[], sources text[], streams text[], is_new boolean[],
	from_offsets bigint[], from_inners bigint[], to_offsets bigint[], to_inners bigint[],
	details text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s record;
BEGIN
	FOR s IN
		SELECT * FROM unnest(hosts, sources, streams, is_new, from_offsets, from_inners,
			to_offsets, to_inners, details) WITH ORDINALITY
			AS u(host, source, stream, fresh, from_offset, from_inner, to_offset, to_inner,
				detail, n)
		ORDER BY n
	LOOP
		IF s.fresh THEN
			INSERT INTO siftd.source_positions AS p
				VALUES (s.host, s.source, s.stream, s.to_offset, s.to_inner, s.detail::jsonb)
			ON CONFLICT (host_id, source, stream) DO UPDATE
				SET position_offset = s.to_offset, position_inner = s.to_inner,
					detail = s.detail::jsonb, updated_at = now()
				WHERE p.position_offset = s.from_offset AND p.position_inner = s.from_inner;
		ELSE
			UPDATE siftd.source_positions AS p
				SET position_offset = s.to_offset, position_inner = s.to_inner,
					detail = s.detail::jsonb, updated_at = now()
				WHERE p.host_id = s.host AND p.source = s.source AND p.stream = s.stream
					AND p.position_offset = s.from_offset
					AND p.position_inner = s.from_inner;
		END IF;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'stream % of source % is not where the batch began',
				s.stream, s.source USING ERRCODE = 'SF001';
		END IF;
	END LOOP;
END $$;

-- Stores the events of one project's learner, in their order. What is there already stays: several
-- lanes and daemons tell the same. types: 0 a template, 1 a merge of `root` into `key`.
CREATE FUNCTION siftd.learn(project bigint, types smallint[], keys bigint[], roots bigint[],
	generals boolean[], token_runs bytea[], texts text[], samples bytea[], reasons text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e record;
	a bigint;
	b bigint;
BEGIN
	FOR e IN
		SELECT * FROM unnest(types, keys, roots, generals, token_runs, texts, samples, reasons)
			WITH ORDINALITY
			AS u(type, key, root, generalised, tokens, text, sample, reason, n)
		ORDER BY n
	LOOP
		IF e.type = 0 THEN
			CONTINUE WHEN EXISTS (SELECT FROM siftd.templates AS t
				WHERE t.project_id = project AND t.key = e.key);
			INSERT INTO siftd.templates (project_id, key, group_id, root_key, generalised,
				tokens, text, sample, reason)
			VALUES (project, e.key, siftd.group_of_root(project, e.root), e.root,
				e.generalised, e.tokens, e.text, e.sample, e.reason);
		ELSE
			SELECT group_id INTO a FROM siftd.templates AS t
				WHERE t.project_id = project AND t.key = e.key;
			SELECT group_id INTO b FROM siftd.templates AS t
				WHERE t.project_id = project AND t.key = e.root;
			PERFORM siftd.merge_groups(project, a, b, NULL, e.reason);
		END IF;
	END LOOP;
END $$;

-- a ledger's sums by reason, with more of one
CREATE FUNCTION siftd.add_reason(sums jsonb, reason text, more bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN more = 0 THEN sums ELSE
		sums || jsonb_build_object(reason, coalesce((sums ->> reason)::bigint, 0) + more) END
$$;
