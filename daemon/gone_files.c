/* gone_files.c - list, look (worker), forget
 *
 *	SLEEPING -> LIST -> look (worker) -> forget ... forget -> LIST -> ... ->
 *SLEEPING
 */
#include "daemon/gone_files.h"

#include <event2/event.h>
#include <inttypes.h>
#include <string.h>

#include "api/query_workers.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/config.h"
#include "daemon/file_gone.h"
#include "sinks/pg_pool.h"

/* behind the last one looked at, so that those whose files are there hold nobody up */
static const char list_sql[] =
	"SELECT source, stream, detail ->> 'path', detail ->> 'target', updated_at::text"
	" FROM siftd.source_positions WHERE host_id = $1"
	" AND updated_at < now() - $2::bigint * interval '1 microsecond'"
	" AND source = ANY ($3::text[]) AND detail ->> 'path' IS NOT NULL"
	" AND (source, stream) > ($4, $5) ORDER BY source, stream LIMIT $6::integer";
static const char forget_sql[] =
	"SELECT siftd.forget_stream($1, $2, $3, $4::timestamptz)";

struct old_position {
	const char *source;
	const char *stream;
	const char *path;
	const char *target; /* or NULL */
	const char *updated;
	bool is_gone;
};

struct gone_files {
	struct gone_files_deps deps;
	struct event *timer;
	struct pg_query *query;
	struct buf sources; /* names, as a text array of SQL */
	/* the step */
	struct arena arena;
	struct old_position *positions;
	size_t count;
	size_t next;
	char *source; /* where the next list begins behind */
	char *stream;
	uint64_t forgotten;
};

static void list(struct gone_files *gone);
static void forget(struct gone_files *gone);

static void set_cursor(struct gone_files *gone, const char *source, const char *stream)
{
	mem_free(gone->source);
	mem_free(gone->stream);
	gone->source = mem_strdup(source);
	gone->stream = mem_strdup(stream);
}

static void sleep_on(struct gone_files *gone)
{
	int64_t us = gone->deps.config->rollup.interval_us;
	const struct timeval delay = { .tv_sec = us / 1000000,
				       .tv_usec = us % 1000000 };

	set_cursor(gone, "", "");
	arena_reset(&gone->arena);
	event_add(gone->timer, &delay);
}

/* false: it sleeps now */
static bool check_rows(struct gone_files *gone, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	gone->query = NULL;
	if (rows != NULL)
		return true;
	log_warn("gone_files", "positions of files that are gone stay for now: %s",
		 error->error.text);
	sleep_on(gone);
	return false;
}

static void on_forgotten(void *context, const struct pg_rows *rows,
			 const struct pg_error *error)
{
	struct gone_files *gone = context;
	const struct old_position *position = NULL;

	if (!check_rows(gone, rows, error))
		return;
	position = &gone->positions[gone->next++];
	if (pg_rows_bool(rows, 0, 0)) {
		gone->forgotten++;
		log_info("gone_files", "forgot the position of %s source=%s stream=%s",
			 position->path, position->source, position->stream);
	}
	forget(gone);
}

static void forget_one(struct gone_files *gone, const struct old_position *position)
{
	const struct pg_param params[] = {
		{ .value = slice_str(gone->deps.host_id) },
		{ .value = slice_str(position->source) },
		{ .value = slice_str(position->stream) },
		{ .value = slice_str(position->updated) },
	};

	gone->query = pg_query(gone->deps.pool, forget_sql, params, ARRAY_LEN(params),
			       false, on_forgotten, gone);
}

static void forget(struct gone_files *gone)
{
	while (gone->next < gone->count && !gone->positions[gone->next].is_gone)
		gone->next++;
	if (gone->next < gone->count)
		forget_one(gone, &gone->positions[gone->next]);
	else
		list(gone);
}

static const struct source_config *find_source(const struct config *config,
					       const char *name)
{
	for (size_t i = 0; i < config->sources_count; i++) {
		if (strcmp(config->sources[i].name, name) == 0)
			return &config->sources[i];
	}
	return NULL;
}

/* worker; they are ordered by source */
static void look(struct query_job *job, void *context)
{
	struct gone_files *gone = context;
	struct file_gone *files = NULL;

	for (size_t i = 0; i < gone->count && !query_job_cancelled(job); i++) {
		struct old_position *position = &gone->positions[i];
		const struct source_config *source =
			find_source(gone->deps.config, position->source);

		if (i == 0 || strcmp(position->source, position[-1].source) != 0) {
			file_gone_free(&files);
			files = file_gone_new((const char *const *)source->paths.items,
					      source->paths.count);
		}
		position->is_gone = file_gone_is(files, position->stream,
						 position->path, position->target);
	}
	file_gone_free(&files);
}

static void on_looked(void *context, bool cancelled)
{
	struct gone_files *gone = context;

	if (!cancelled)
		forget(gone);
}

static const char *keep(struct gone_files *gone, const struct pg_rows *rows, size_t row,
			size_t column)
{
	struct slice text = pg_rows_slice(rows, row, column);
	char *kept = NULL;

	if (text.ptr == NULL)
		return NULL;
	kept = arena_alloc(&gone->arena, text.len + 1);
	memcpy(kept, text.ptr, text.len);
	kept[text.len] = '\0';
	return kept;
}

static void on_listed(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct gone_files *gone = context;

	if (!check_rows(gone, rows, error))
		return;
	arena_reset(&gone->arena);
	gone->next = 0;
	gone->count = pg_rows_count(rows);
	if (gone->count == 0) {
		sleep_on(gone);
		return;
	}
	gone->positions =
		arena_alloc(&gone->arena, gone->count * sizeof(*gone->positions));
	for (size_t i = 0; i < gone->count; i++)
		gone->positions[i] = (struct old_position){
			.source = keep(gone, rows, i, 0),
			.stream = keep(gone, rows, i, 1),
			.path = keep(gone, rows, i, 2),
			.target = keep(gone, rows, i, 3),
			.updated = keep(gone, rows, i, 4),
		};
	set_cursor(gone, gone->positions[gone->count - 1].source,
		   gone->positions[gone->count - 1].stream);
	if (query_workers_submit(gone->deps.workers, look, on_looked, gone) == NULL)
		sleep_on(gone);
}

static void list(struct gone_files *gone)
{
	struct buf age = { 0 };
	struct buf limit = { 0 };
	struct pg_param params[] = {
		{ .value = slice_str(gone->deps.host_id) },
		{ .value = { 0 } },
		{ .value = buf_slice(&gone->sources) },
		{ .value = slice_str(gone->source) },
		{ .value = slice_str(gone->stream) },
		{ .value = { 0 } },
	};

	buf_printf(&age, "%" PRId64, gone->deps.config->retention.positions_us);
	buf_printf(&limit, "%d", GONE_FILES_MAX);
	params[1].value = buf_slice(&age);
	params[5].value = buf_slice(&limit);
	gone->query = pg_query(gone->deps.pool, list_sql, params, ARRAY_LEN(params),
			       false, on_listed, gone);
	buf_deinit(&age);
	buf_deinit(&limit);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	list(context);
}

/* of sources that read files */
static void write_sources(const struct config *config, struct buf *out)
{
	buf_append_char(out, '{');
	for (size_t i = 0; i < config->sources_count; i++) {
		const struct source_config *source = &config->sources[i];

		if (source->kind != SOURCE_FILE)
			continue;
		buf_append_str(out, out->len > 1 ? ",\"" : "\"");
		for (const char *c = source->name; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				buf_append_char(out, '\\');
			buf_append_char(out, *c);
		}
		buf_append_char(out, '"');
	}
	buf_append_char(out, '}');
}

struct gone_files *gone_files_new(const struct gone_files_deps *deps)
{
	struct gone_files *gone = mem_calloc(1, sizeof(*gone));

	gone->deps = *deps;
	gone->timer = event_new(deps->base, -1, 0, on_timer, gone);
	write_sources(deps->config, &gone->sources);
	if (deps->config->retention.positions_us > 0 && gone->sources.len > 2)
		sleep_on(gone);
	return gone;
}

void gone_files_free(struct gone_files **gone_ptr)
{
	struct gone_files *gone = *gone_ptr;

	if (gone == NULL)
		return;
	if (gone->query != NULL)
		pg_query_cancel(gone->query);
	event_free(gone->timer);
	arena_deinit(&gone->arena);
	buf_deinit(&gone->sources);
	mem_free(gone->source);
	mem_free(gone->stream);
	mem_free(gone);
	*gone_ptr = NULL;
}

void gone_files_write_metrics(const struct gone_files *gone, struct buf *out)
{
	buf_printf(out,
		   "# HELP siftd_forgotten_positions_total positions of files that are "
		   "gone\n# TYPE siftd_forgotten_positions_total counter\n"
		   "siftd_forgotten_positions_total %" PRIu64 "\n",
		   gone->forgotten);
}
