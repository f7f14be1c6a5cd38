-- 0013_scope_counts.sql - events of a whole scope by time, level and service
--
-- What group_counts says without the templates: some hundred times fewer rows. Each event is counted
-- once for each width: 1 (minutes), 60 (hours), 1440 (days) and 0 (all times, begin 0), so that a long
-- range reads as few rows as a short one. An hour's count is right whatever became of its minutes: a
-- reader who wants minutes puts what the minutes of an hour lack at its begin.
CREATE TABLE siftd.scope_counts (
	project_id   bigint NOT NULL,
	width        smallint NOT NULL,
	begin        integer NOT NULL, -- in minutes since the epoch
	ingestion_id bigint NOT NULL,
	severity     smallint NOT NULL,
	service      text COLLATE "C" NOT NULL, -- '' for none
	count        bigint NOT NULL,
	PRIMARY KEY (project_id, width, begin, ingestion_id, severity, service)
) WITH (fillfactor = 70);

-- The begin of the span of that width which holds the minute. Minutes whose span begins before all
-- that the type holds are clamped ones, and their own begin.
CREATE FUNCTION siftd.begin_of(minute integer, width integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN width = 0 THEN 0 WHEN minute < -2147482000 THEN minute
		ELSE minute - ((minute % width) + width) % width END
$$;

SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects;
INSERT INTO siftd.scope_counts (project_id, width, begin, ingestion_id, severity, service, count)
	SELECT c.project_id, w.width, siftd.begin_of(c.minute, w.width), c.ingestion_id, c.severity,
		c.service, sum(c.count)::bigint
	FROM siftd.group_counts AS c CROSS JOIN (VALUES (1), (60), (1440), (0)) AS w (width)
	GROUP BY 1, 2, 3, 4, 5, 6;

-- What 0010_upkeep.sql does with group_counts, for these as well.
ALTER FUNCTION siftd.remove_ingestion_step RENAME TO remove_rest_of_ingestion_step;
CREATE FUNCTION siftd.remove_ingestion_step(project bigint, ingestion bigint, rows_max integer,
	blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM siftd.scope_counts WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.scope_counts
		WHERE project_id = project AND ingestion_id = ingestion LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN CASE WHEN n > 0 THEN n ELSE siftd.remove_rest_of_ingestion_step(project, ingestion,
		rows_max, blocks_max) END;
END $$;

ALTER FUNCTION siftd.remove_project_step RENAME TO remove_rest_of_project_step;
CREATE FUNCTION siftd.remove_project_step(project bigint, rows_max integer, blocks_max integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM siftd.scope_counts WHERE ctid = ANY (ARRAY(SELECT ctid FROM siftd.scope_counts
		WHERE project_id = project LIMIT rows_max));
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN CASE WHEN n > 0 THEN n
		ELSE siftd.remove_rest_of_project_step(project, rows_max, blocks_max) END;
END $$;

-- Minutes that have become hours in group_counts are needed no more, as their hours are here. What is
-- forgotten, whole days, is taken from the totals.
CREATE FUNCTION siftd.sweep_scope_counts(project bigint, hours_before integer, forget_before integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.scope_counts
		WHERE project_id = project AND width = 1 AND begin < hours_before;
	IF forget_before IS NULL THEN
		RETURN;
	END IF;
	WITH gone AS (
		DELETE FROM siftd.scope_counts
		WHERE project_id = project AND width <> 0
			AND begin < siftd.begin_of(forget_before, 1440)
		RETURNING width, ingestion_id, severity, service, count
	), sums AS (
		SELECT ingestion_id, severity, service, sum(count)::bigint AS count
		FROM gone WHERE width = 1440 GROUP BY 1, 2, 3
	) UPDATE siftd.scope_counts AS t SET count = t.count - sums.count FROM sums
		WHERE t.project_id = project AND t.width = 0 AND t.begin = 0
			AND t.ingestion_id = sums.ingestion_id AND t.severity = sums.severity
			AND t.service = sums.service;
END $$;

ALTER FUNCTION siftd.sweep_counts RENAME TO sweep_group_counts;
CREATE FUNCTION siftd.sweep_counts(INOUT project bigint, INOUT template bigint, templates_max integer,
	hours_before integer, days_before integer, forget_before integer,
	OUT rolled bigint, OUT forgotten bigint, OUT done boolean)
LANGUAGE plpgsql AS $$
DECLARE
	swept bigint := project;
BEGIN
	SELECT s.project, s.template, s.rolled, s.forgotten, s.done
		INTO project, template, rolled, forgotten, done
		FROM siftd.sweep_group_counts(project, template, templates_max, hours_before, days_before,
			forget_before) AS s;
	-- it has left this project, whose row it has locked
	IF swept IS DISTINCT FROM project THEN
		PERFORM siftd.sweep_scope_counts(swept, hours_before, forget_before);
	END IF;
END $$;

-- minutes, for those who ask for the counts of templates by time
CREATE INDEX group_counts_minute ON siftd.group_counts USING brin (minute) WITH (pages_per_range = 32);
