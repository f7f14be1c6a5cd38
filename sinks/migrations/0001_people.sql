-- 0001_people.sql - organisations, people, projects
--
-- Conventions. The project id leads every key of what belongs to a project. Times of events are
-- bigint microseconds since the epoch, UTC (as in blocks); times of people's doings are timestamptz.
-- 64-bit hashes (template keys) are stored as the signed bigint of the same bits. severity is the
-- number of a level in blocks: 0 none, 1 TRACE ... 7 CRITICAL; the severity of a finding is 0 LOW,
-- 1 MED, 2 HIGH, 3 CRIT. Text that comes from logs was made valid UTF-8 before it came here (bytes
-- that were not are written \xNN); raw bytes are bytea.
--
-- The tables that the flush writes by the thousand (event_blocks, group_counts, group_stats,
-- finding_templates, evidence, window_buckets) have no foreign keys: the flush holds row locks on
-- the project and the ingestion instead, and triggers (0006) delete what belonged
-- to a deleted row.

CREATE TABLE siftd.organisations (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       text NOT NULL CHECK (name <> ''),
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE siftd.users (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name          text NOT NULL,
	email         text NOT NULL CHECK (email <> ''),
	password_hash text NOT NULL, -- argon2id, as libsodium writes it; '' allows no login
	created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON siftd.users (lower(email));

CREATE TABLE siftd.memberships (
	organisation_id bigint NOT NULL REFERENCES siftd.organisations ON DELETE CASCADE,
	user_id         bigint NOT NULL REFERENCES siftd.users ON DELETE CASCADE,
	role            text NOT NULL CHECK (role IN ('admin', 'member')),
	created_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX memberships_user ON siftd.memberships (user_id);

CREATE TABLE siftd.sessions (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	token_hash   bytea NOT NULL UNIQUE,
	user_id      bigint NOT NULL REFERENCES siftd.users ON DELETE CASCADE,
	csrf_hash    bytea, -- of cookie sessions
	created_at   timestamptz NOT NULL DEFAULT now(),
	last_used_at timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user ON siftd.sessions (user_id);
CREATE INDEX sessions_expiry ON siftd.sessions (expires_at);

CREATE TABLE siftd.invitations (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	organisation_id bigint NOT NULL REFERENCES siftd.organisations ON DELETE CASCADE,
	email           text NOT NULL,
	role            text NOT NULL CHECK (role IN ('admin', 'member')),
	token_hash      bytea NOT NULL UNIQUE,
	invited_by      bigint REFERENCES siftd.users ON DELETE SET NULL,
	created_at      timestamptz NOT NULL DEFAULT now(),
	expires_at      timestamptz NOT NULL,
	accepted_at     timestamptz
);
CREATE INDEX invitations_organisation ON siftd.invitations (organisation_id);

CREATE TABLE siftd.audit (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	organisation_id bigint REFERENCES siftd.organisations ON DELETE CASCADE,
	actor_id        bigint REFERENCES siftd.users ON DELETE SET NULL,
	actor           text NOT NULL,
	action          text NOT NULL,
	target          text NOT NULL,
	address         text NOT NULL DEFAULT '',
	request_id      text NOT NULL DEFAULT '',
	at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_organisation ON siftd.audit (organisation_id, id DESC);

CREATE TABLE siftd.projects (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	organisation_id bigint NOT NULL REFERENCES siftd.organisations ON DELETE CASCADE,
	name            text NOT NULL CHECK (name <> ''),
	next_seq        bigint NOT NULL DEFAULT 1, -- of the next event; rises in commit order
	created_at      timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organisation_id, name)
) WITH (fillfactor = 50);

CREATE TABLE siftd.api_keys (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id   bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	name         text NOT NULL,
	public_id    text NOT NULL UNIQUE, -- the <id> of sift_<id>_<secret>
	secret_hash  bytea NOT NULL,
	permission   text NOT NULL CHECK (permission IN ('ingest', 'read')),
	created_by   bigint REFERENCES siftd.users ON DELETE SET NULL,
	created_at   timestamptz NOT NULL DEFAULT now(),
	last_used_at timestamptz,
	revoked_at   timestamptz
);
CREATE INDEX api_keys_project ON siftd.api_keys (project_id);

CREATE TABLE siftd.ingestions (
	id             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	project_id     bigint NOT NULL REFERENCES siftd.projects ON DELETE CASCADE,
	name           text NOT NULL,
	source_type    text NOT NULL
		CHECK (source_type IN ('paste', 'upload', 'push', 'file', 'syslog', 'kafka')),
	source         text, -- name of the configured source that feeds it; NULL: none does
	status         text NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'processing', 'live', 'done', 'failed')),
	finding_status text NOT NULL DEFAULT 'pending'
		CHECK (finding_status IN ('pending', 'processing', 'live', 'done', 'failed')),
	-- what was accepted (written by whoever accepts), and what is stored (written by the flush)
	bytes          bigint NOT NULL DEFAULT 0,
	lines          bigint NOT NULL DEFAULT 0,
	stored_bytes   bigint NOT NULL DEFAULT 0,
	stored_events  bigint NOT NULL DEFAULT 0,
	events_without_timestamp bigint NOT NULL DEFAULT 0,
	timestamp_min_us bigint, -- of stored events that have a timestamp
	timestamp_max_us bigint,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, id)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX ingestions_source ON siftd.ingestions (project_id, source)
	WHERE source IS NOT NULL;
