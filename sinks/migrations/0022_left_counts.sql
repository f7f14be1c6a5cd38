-- 0022_left_counts.sql - parts of counts that nobody comes back for
--
-- A flush adds its project's parts up when its backlog is gone. A process that was killed before left
-- them, and they waited for the next event of their project.
ALTER TABLE siftd.group_count_parts ADD created_at timestamptz NOT NULL DEFAULT now();

-- Adds up the parts of one project that has some older than so many seconds; how many they were.
CREATE FUNCTION siftd.fold_left_counts(seconds integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	project bigint;
	n bigint;
BEGIN
	SELECT project_id INTO project FROM siftd.group_count_parts
		WHERE created_at < now() - make_interval(secs => seconds) ORDER BY project_id, id LIMIT 1;
	IF project IS NULL THEN
		RETURN 0;
	END IF;
	-- as a flush does first, so that the two never wait for each other
	PERFORM FROM siftd.projects WHERE id = project FOR NO KEY UPDATE;
	SELECT count(*) INTO n FROM siftd.group_count_parts WHERE project_id = project;
	PERFORM siftd.fold_counts(ARRAY[project]);
	RETURN greatest(n, 1);
END $$;
