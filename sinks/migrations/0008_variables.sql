-- 0008_variables.sql - the commonest values of each variable of a template
--
-- Estimates from some of the messages: shares are what counts say. No foreign keys, as in 0001.
CREATE TABLE siftd.group_variables (
	project_id   bigint NOT NULL,
	template_key bigint NOT NULL,
	name         text NOT NULL,
	type         text NOT NULL,
	total        bigint NOT NULL, -- of all values, those that are not kept included
	PRIMARY KEY (project_id, template_key, name)
) WITH (fillfactor = 50);

CREATE TABLE siftd.group_variable_values (
	project_id   bigint NOT NULL,
	template_key bigint NOT NULL,
	name         text NOT NULL,
	value        text NOT NULL,
	count        bigint NOT NULL,
	error        bigint NOT NULL, -- the count may be too high by so much
	PRIMARY KEY (project_id, template_key, name, value)
) WITH (fillfactor = 50);

-- One row for each value; the first `kept` of a variable stay.
CREATE FUNCTION siftd.add_variables(projects bigint[], templates bigint[], names text[], types text[],
	totals bigint[], vals text[], counts bigint[], errors bigint[], kept integer)
RETURNS void LANGUAGE sql AS $$
	INSERT INTO siftd.group_variables AS v (project_id, template_key, name, type, total)
		SELECT project, template, name, max(type), max(total)
		FROM unnest(projects, templates, names, types, totals)
			AS u(project, template, name, type, total)
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT (project_id, template_key, name) DO UPDATE SET
			type = excluded.type, total = v.total + excluded.total;
	INSERT INTO siftd.group_variable_values AS v
			(project_id, template_key, name, value, count, error)
		SELECT project, template, name, value, sum(count)::bigint, sum(error)::bigint
		FROM unnest(projects, templates, names, vals, counts, errors)
			AS u(project, template, name, value, count, error)
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
		ON CONFLICT (project_id, template_key, name, value) DO UPDATE SET
			count = v.count + excluded.count, error = v.error + excluded.error;
	DELETE FROM siftd.group_variable_values AS v USING (
		SELECT w.project_id, w.template_key, w.name, w.value, row_number() OVER (
			PARTITION BY w.project_id, w.template_key, w.name
			ORDER BY w.count DESC, w.value) AS place
		FROM (SELECT DISTINCT * FROM unnest(projects, templates, names)
			AS u(project, template, name)) AS touched
		JOIN siftd.group_variable_values AS w ON w.project_id = touched.project
			AND w.template_key = touched.template AND w.name = touched.name
	) AS ranked
	WHERE ranked.place > kept AND v.project_id = ranked.project_id
		AND v.template_key = ranked.template_key AND v.name = ranked.name
		AND v.value = ranked.value;
$$;

CREATE FUNCTION siftd.variables_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM siftd.group_variables WHERE project_id = OLD.id;
	DELETE FROM siftd.group_variable_values WHERE project_id = OLD.id;
	RETURN NULL;
END $$;
CREATE TRIGGER variables_deleted AFTER DELETE ON siftd.projects
	FOR EACH ROW EXECUTE FUNCTION siftd.variables_deleted();

-- Counts of sampled messages, raised to those of all messages of the scope (ingestion 0: all).
CREATE FUNCTION siftd.variables_of_group(project bigint, ingestion bigint, wanted bigint)
RETURNS json LANGUAGE sql STABLE AS $$
	WITH v AS (
		SELECT v.template_key, v.name, v.type, v.total, e.events
		FROM siftd.templates AS t
		JOIN siftd.group_variables AS v
			ON v.project_id = t.project_id AND v.template_key = t.key
		JOIN LATERAL (
			SELECT sum(s.count) AS events FROM siftd.group_stats AS s
			WHERE s.project_id = project AND s.template_key = t.key
				AND (ingestion = 0 OR s.ingestion_id = ingestion)
		) AS e ON e.events > 0
		WHERE t.project_id = project AND t.group_id = wanted
	), names AS (
		SELECT name, min(type) AS type, sum(events) AS events FROM v
		GROUP BY name ORDER BY 3 DESC, 1 LIMIT 12
	), estimates AS (
		SELECT v.name, w.value, greatest(round(sum(w.count * v.events / v.total)), 1)::bigint AS n
		FROM v JOIN siftd.group_variable_values AS w ON w.project_id = project
			AND w.template_key = v.template_key AND w.name = v.name
		GROUP BY 1, 2
	), ranked AS (
		SELECT *, row_number() OVER (PARTITION BY name ORDER BY n DESC, value) AS place
		FROM estimates
	)
	SELECT coalesce(json_agg(json_build_object('name', names.name, 'type', names.type,
		'top', coalesce(best.top, '[]'), 'others', greatest(names.events - coalesce(best.n, 0), 0))
		ORDER BY names.events DESC, names.name), '[]')
	FROM names CROSS JOIN LATERAL (
		SELECT json_agg(json_build_object('value', value, 'count', n) ORDER BY place) AS top,
			sum(n) AS n
		FROM ranked WHERE ranked.name = names.name AND place <= 32
	) AS best
$$;
