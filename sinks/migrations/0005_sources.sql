-- 0005_sources.sql - how far sources are stored, and that nothing was lost
-- Where each stream of each source has been stored up to; moves in the same transaction as the data.
CREATE TABLE siftd.source_positions (
	host_id         text NOT NULL, -- '' for sources that no host owns
	source          text NOT NULL,
	stream          text NOT NULL,
	position_offset bigint NOT NULL,
	position_inner  bigint NOT NULL,
	detail          jsonb NOT NULL DEFAULT '{}',
	updated_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (host_id, source, stream)
) WITH (fillfactor = 50);

-- received = stored + deduplicated + quarantined + dropped, in bytes of the source.
CREATE TABLE siftd.ledger (
	host_id              text NOT NULL,
	source               text NOT NULL,
	stream               text NOT NULL,
	received_bytes       bigint NOT NULL DEFAULT 0,
	stored_bytes         bigint NOT NULL DEFAULT 0,
	stored_records       bigint NOT NULL DEFAULT 0,
	deduplicated_bytes   bigint NOT NULL DEFAULT 0,
	deduplicated_records bigint NOT NULL DEFAULT 0,
	quarantined_bytes    bigint NOT NULL DEFAULT 0,
	quarantined_records  bigint NOT NULL DEFAULT 0,
	dropped_bytes        jsonb NOT NULL DEFAULT '{}', -- by reason
	dropped_records      jsonb NOT NULL DEFAULT '{}',
	updated_at           timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (host_id, source, stream)
) WITH (fillfactor = 50);

-- What the database refused for its data: kept, bounded, so that it never blocks the rest.
CREATE TABLE siftd.quarantine (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id   bigint,
	ingestion_id bigint,
	what         text NOT NULL, -- block, template, count, ...
	sqlstate     text NOT NULL,
	reason       text NOT NULL,
	events       bigint NOT NULL,
	bytes        bigint NOT NULL,
	meta         bytea,
	body         bytea,
	created_at   timestamptz NOT NULL DEFAULT now()
);
