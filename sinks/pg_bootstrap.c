/* pg_bootstrap.c - projects, ingestions, positions and templates at start-up */
#include "sinks/pg_bootstrap.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

/* of a number as a parameter in text form */
#define NUMBER_TEXT_MAX 24

static int one_id(struct pg_sync *sync, const char *sql, const char *const *params,
		  int64_t *id, struct error *error)
{
	const struct pg_rows *rows = NULL;

	if (pg_sync_query(sync, sql, params, &rows, error) < 0)
		return -1;
	if (pg_rows_count(rows) == 0)
		return error_set(error, "a row that was just made is not there");
	*id = pg_rows_int(rows, 0, 0);
	return 0;
}

static int run(struct pg_sync *sync, const char *sql, const char *const *params,
	       struct error *error)
{
	const struct pg_rows *rows = NULL;

	return pg_sync_query(sync, sql, params, &rows, error);
}

/* organisations need not have unique names, so that two daemons could both make one:
 * the lock keeps them apart */
static int ensure_project(struct pg_sync *sync, const char *name, int64_t *id,
			  struct error *error)
{
	static const char make_organisation[] =
		"INSERT INTO siftd.organisations (name) SELECT 'default' WHERE NOT EXISTS"
		" (SELECT FROM siftd.organisations WHERE name = 'default')";
	static const char make_project[] =
		"INSERT INTO siftd.projects (organisation_id, name)"
		" SELECT min(id), $1 FROM siftd.organisations WHERE name = 'default'"
		" ON CONFLICT (organisation_id, name) DO NOTHING";
	static const char find_project[] =
		"SELECT p.id FROM siftd.projects AS p WHERE p.name = $1"
		" AND p.organisation_id = (SELECT min(id) FROM siftd.organisations"
		" WHERE name = 'default')";
	const char *const params[] = { name };

	if (run(sync, make_organisation, NULL, error) < 0 ||
	    run(sync, make_project, params, error) < 0)
		return -1;
	return one_id(sync, find_project, params, id, error);
}

/* the first error is the one to report: always -1 */
static int roll_back(struct pg_sync *sync)
{
	const struct pg_rows *rows = NULL;
	struct error error = { 0 };

	if (pg_sync_exec(sync, "ROLLBACK", &rows, &error) < 0)
		log_debug("postgresql", "rollback: %s", error.text);
	return -1;
}

int pg_bootstrap_project(struct pg_sync *sync, const char *name, int64_t *id,
			 struct error *error)
{
	const struct pg_rows *rows = NULL;
	int status = pg_sync_exec(sync,
				  "BEGIN; SELECT pg_advisory_xact_lock("
				  "hashtext('siftd.organisations'), 0)",
				  &rows, error);

	if (status == 0)
		status = ensure_project(sync, name, id, error);
	if (status == 0)
		status = pg_sync_exec(sync, "COMMIT", &rows, error);
	else
		status = roll_back(sync);
	return status < 0 ? error_prefix(error, "project %s", name) : 0;
}

int pg_bootstrap_ingestion(struct pg_sync *sync,
			   const struct pg_bootstrap_source *source, int64_t *id,
			   struct error *error)
{
	char project[NUMBER_TEXT_MAX];
	const char *const params[] = { project, source->name, source->type };

	(void)snprintf(project, sizeof(project), "%" PRId64,
		       source->project_id); /* fits */
	if (run(sync,
		"INSERT INTO siftd.ingestions (project_id, name, source, source_type, status,"
		" finding_status) VALUES ($1, $2, $2, $3, 'live', 'live')"
		" ON CONFLICT (project_id, source) WHERE source IS NOT NULL DO NOTHING",
		params, error) < 0)
		return error_prefix(error, "ingestion %s", source->name);
	return one_id(sync,
		      "SELECT id FROM siftd.ingestions WHERE project_id = $1"
		      " AND source = $2",
		      params, id, error);
}

int pg_bootstrap_positions(struct pg_sync *sync, const char *host_id,
			   const char *source, struct stored_positions *out,
			   struct error *error)
{
	const char *const params[] = { host_id, source };
	const struct pg_rows *rows = NULL;

	*out = (struct stored_positions){ 0 };
	if (pg_sync_query(
		    sync,
		    "SELECT stream, detail, position_offset, position_inner"
		    " FROM siftd.source_positions WHERE host_id = $1 AND source = $2",
		    params, &rows, error) < 0)
		return error_prefix(error, "positions of %s", source);
	pg_bootstrap_read_positions(rows, out);
	return 0;
}

void pg_bootstrap_read_positions(const struct pg_rows *rows,
				 struct stored_positions *out)
{
	out->count = pg_rows_count(rows);
	out->items = mem_calloc(out->count, sizeof(*out->items));
	for (size_t i = 0; i < out->count; i++) {
		out->items[i] = (struct stored_position){
			.stream = mem_slice_dup(pg_rows_slice(rows, i, 0)),
			.detail = mem_slice_dup(pg_rows_slice(rows, i, 1)),
			.position = { .offset = pg_rows_int(rows, i, 2),
				      .inner = pg_rows_int(rows, i, 3) },
		};
	}
}

static unsigned hex_value(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

/* as encode(..., 'hex') writes it */
static void append_hex(struct buf *out, struct slice hex)
{
	for (size_t i = 0; i + 1 < hex.len; i += 2)
		buf_append_char(out, (char)(hex_value(hex.ptr[i]) * 16 +
					    hex_value(hex.ptr[i + 1])));
}

int pg_bootstrap_templates(struct pg_sync *sync, pg_template_fn *restore, void *context,
			   struct error *error)
{
	const struct pg_rows *rows = NULL;
	struct buf tokens = { 0 };
	int status =
		pg_sync_query(sync,
			      "SELECT t.project_id, t.key, g.root_key, t.generalised,"
			      " encode(t.tokens, 'hex'), t.text, t.pinned, t.ordinal"
			      " FROM siftd.templates AS t JOIN siftd.groups AS g"
			      " ON g.project_id = t.project_id AND g.id = t.group_id"
			      " ORDER BY t.project_id, t.ordinal",
			      NULL, &rows, error);

	for (size_t i = 0; status == 0 && i < pg_rows_count(rows); i++) {
		struct learner_event event = {
			.type = LEARNER_TEMPLATE,
			.key = (uint64_t)pg_rows_int(rows, i, 1),
			.root = (uint64_t)pg_rows_int(rows, i, 2),
			.generalised = pg_rows_bool(rows, i, 3),
			.held = pg_rows_bool(rows, i, 6),
			.number = (uint64_t)pg_rows_int(rows, i, 7),
			.text = pg_rows_slice(rows, i, 5),
		};

		buf_clear(&tokens);
		append_hex(&tokens, pg_rows_slice(rows, i, 4));
		event.tokens = buf_slice(&tokens);
		status = restore(context, pg_rows_int(rows, i, 0), &event, error);
	}
	/* a person may have put a template into a group whose root is younger */
	for (size_t i = 0; status == 0 && i < pg_rows_count(rows); i++) {
		const struct learner_event event = {
			.type = LEARNER_MERGE,
			.key = (uint64_t)pg_rows_int(rows, i, 2),
			.root = (uint64_t)pg_rows_int(rows, i, 1),
		};

		if (event.key != event.root && pg_rows_bool(rows, i, 6))
			status = restore(context, pg_rows_int(rows, i, 0), &event,
					 error);
	}
	buf_deinit(&tokens);
	return status;
}
