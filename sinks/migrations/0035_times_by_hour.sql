-- 0035_times_by_hour.sql - ten minutes in group_times become hours a day before the last of their template
--
-- A page of groups over more than a day shows parts of an hour and more; over days, ten minutes of fifty
-- groups are a hundred thousand rows all over the table. What is kept is told from the template's own
-- times, so that old logs of a few hours keep theirs.
CREATE OR REPLACE FUNCTION siftd.roll_template(project bigint, wanted bigint, hours_before integer,
	days_before integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	last_begin integer;
	hours integer;
BEGIN
	SELECT max(t.begin) INTO last_begin FROM siftd.group_times AS t
		WHERE t.project_id = project AND t.template_key = wanted;
	hours := greatest(hours_before, siftd.floor_minute(greatest(last_begin, -2147480000) - 1440, 60));
	WITH gone AS (
		DELETE FROM siftd.group_times AS t
		WHERE t.project_id = project AND t.template_key = wanted AND
			(t.begin < hours AND siftd.floor_minute(t.begin, 60) <> t.begin
			OR t.begin < days_before AND siftd.floor_minute(t.begin, 1440) <> t.begin)
		RETURNING t.*
	), sums AS (
		SELECT ingestion_id, siftd.floor_minute(gone.begin,
				CASE WHEN gone.begin < days_before THEN 1440 ELSE 60 END) AS begin,
			sum(count)::bigint AS count
		FROM gone GROUP BY 1, 2
	) INSERT INTO siftd.group_times AS t (project_id, template_key, begin, ingestion_id, count)
		SELECT project, wanted, sums.begin, ingestion_id, count FROM sums ORDER BY 3, 4
		ON CONFLICT (project_id, template_key, begin, ingestion_id)
			DO UPDATE SET count = t.count + excluded.count;
	RETURN siftd.roll_group_counts(project, wanted, hours_before, days_before);
END $$;
