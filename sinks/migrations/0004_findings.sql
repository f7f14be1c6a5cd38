-- 0004_findings.sql - what rules found, and why
CREATE TABLE siftd.findings (
	id          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	project_id  bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	rule_id     text NOT NULL,
	key         text NOT NULL, -- of the rule's group_by; '' when it has none
	title       text NOT NULL,
	severity    smallint NOT NULL,
	confidence  smallint NOT NULL, -- percent
	-- provisional: its window has not reached the rule's count
	status      text NOT NULL
		CHECK (status IN ('provisional', 'open', 'acknowledged', 'resolved', 'muted')),
	first_us    bigint NOT NULL,
	last_us     bigint NOT NULL,
	total       bigint NOT NULL, -- occurrences
	window_us    bigint NOT NULL DEFAULT 0, -- span of the rule's window; 0: it has none
	window_count bigint NOT NULL DEFAULT 0, -- what the rule asks for within the span
	window_peak  bigint NOT NULL DEFAULT 0, -- highest sum of a window so far
	window_end_us bigint, -- end of the earliest window that had it
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, id),
	UNIQUE (project_id, rule_id, key)
) WITH (fillfactor = 50);

CREATE TABLE siftd.finding_templates (
	project_id   bigint NOT NULL,
	finding_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	template_key bigint NOT NULL,
	count        bigint NOT NULL,
	first_us     bigint NOT NULL,
	last_us      bigint NOT NULL,
	PRIMARY KEY (project_id, finding_id, ingestion_id, template_key)
) WITH (fillfactor = 50);
CREATE INDEX finding_templates_template
	ON siftd.finding_templates (project_id, template_key, finding_id);

-- The first and the last events of each template of a finding in an ingestion; a copy of the raw
-- bytes, so that retention never breaks a citation. An event may stand at both edges.
CREATE TABLE siftd.evidence (
	project_id   bigint NOT NULL,
	finding_id   bigint NOT NULL,
	ingestion_id bigint NOT NULL,
	template_key bigint NOT NULL,
	edge         smallint NOT NULL, -- 0 head, 1 tail
	seq          bigint NOT NULL,
	ts           bigint NOT NULL, -- timestamp, else observed
	raw          bytea NOT NULL, -- at most 16 KiB
	PRIMARY KEY (project_id, finding_id, ingestion_id, template_key, edge, seq)
);

-- Event-time buckets of rules with a window: whoever writes adds, so that all daemons share one
-- window and a restart forgets nothing.
CREATE TABLE siftd.window_buckets (
	project_id bigint NOT NULL,
	rule_id    text NOT NULL,
	key        text NOT NULL,
	bucket_us  bigint NOT NULL, -- its begin, a multiple of the width
	width_us   bigint NOT NULL,
	count      bigint NOT NULL,
	PRIMARY KEY (project_id, rule_id, key, bucket_us)
) WITH (fillfactor = 50);

-- The highest sum of any window of `span` that holds one of the buckets from `low` to `high`, and
-- the end of the earliest window that has it.
CREATE FUNCTION siftd.window_peak(project bigint, rule text, window_key text, low bigint, high bigint,
	span bigint, width bigint, OUT peak bigint, OUT end_us bigint)
LANGUAGE sql STABLE AS $$
	SELECT sums.total::bigint, sums.bucket_us + width FROM (
		SELECT bucket_us, sum(count) OVER (ORDER BY bucket_us
			RANGE BETWEEN greatest(span - width, 0) PRECEDING AND CURRENT ROW) AS total
		FROM siftd.window_buckets
		WHERE project_id = project AND rule_id = rule AND key = window_key
			AND bucket_us BETWEEN low - span + width AND high + span - width
	) AS sums WHERE sums.bucket_us >= low ORDER BY sums.total DESC, sums.bucket_us LIMIT 1
$$;

-- Explanations by a language model, cached by what they were made from.
CREATE TABLE siftd.insights (
	id          bigint GENERATED ALWAYS AS IDENTITY,
	project_id  bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	ingestion_id bigint, -- the scope it was asked in; NULL: the project
	scope_type  text NOT NULL CHECK (scope_type IN ('group', 'finding')),
	scope_id    bigint NOT NULL,
	cache_key   bytea NOT NULL,
	status      text NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
	model       text NOT NULL DEFAULT '',
	content     jsonb,
	evidence    jsonb, -- the events that were sent, by seq, as they were sent
	verified_share double precision,
	error       text NOT NULL DEFAULT '',
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, id)
);
CREATE INDEX insights_scope ON siftd.insights (project_id, scope_type, scope_id, id DESC);
CREATE UNIQUE INDEX insights_cache ON siftd.insights (project_id, cache_key);
