-- 0002_events.sql - stored events
-- A run of events in docs/block-format.md; event i of it has seq first_seq + i.
CREATE TABLE siftd.event_blocks (
	project_id     bigint NOT NULL,
	ingestion_id   bigint NOT NULL,
	first_seq      bigint NOT NULL,
	event_count    integer NOT NULL CHECK (event_count > 0),
	received_day   date NOT NULL,
	ts_min         bigint, -- NULL: no event has a timestamp
	ts_max         bigint,
	without_ts     integer NOT NULL, -- events that have none
	raw_bytes      bigint NOT NULL,
	severities     integer[] NOT NULL, -- events of each severity number, [1] is number 0
	template_keys  bigint[] NOT NULL, -- distinct, ascending as unsigned
	meta           bytea NOT NULL,
	body           bytea NOT NULL,
	words          bytea NOT NULL,
	PRIMARY KEY (project_id, first_seq, received_day)
) PARTITION BY RANGE (received_day);
-- compressed already; EXTERNAL lets a reader take a part of a body by substr
ALTER TABLE siftd.event_blocks
	ALTER meta SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL,
	ALTER words SET STORAGE EXTERNAL;
CREATE INDEX event_blocks_ingestion ON siftd.event_blocks (project_id, ingestion_id, first_seq);
CREATE INDEX event_blocks_template_keys ON siftd.event_blocks USING gin (template_keys)
	WITH (fastupdate = off);
-- the net under days whose partition could not be made in time
CREATE TABLE siftd.event_blocks_default PARTITION OF siftd.event_blocks DEFAULT;

-- Makes the partition of a day; false when it cannot be made now (rows of the day are in the
-- default partition already, or the lock is not to be had): then the default takes the day's blocks.
CREATE FUNCTION siftd.make_day_partition(day date) RETURNS boolean
LANGUAGE plpgsql SET client_min_messages = warning SET lock_timeout = '2s' AS $$
DECLARE
	name text := 'event_blocks_' || to_char(day, 'YYYYMMDD');
BEGIN
	IF to_regclass('siftd.' || name) IS NOT NULL THEN
		RETURN true;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('siftd.event_blocks'), 0);
	EXECUTE format('CREATE TABLE IF NOT EXISTS siftd.%I PARTITION OF siftd.event_blocks'
		' FOR VALUES FROM (%L) TO (%L)', name, day, day + 1);
	RETURN true;
EXCEPTION
	WHEN check_violation OR lock_not_available THEN
		RETURN false;
END $$;
