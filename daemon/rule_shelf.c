/* rule_shelf.c - sets of rules by project, and a look at the database now and then */
#include "daemon/rule_shelf.h"

#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/query_workers.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/shipped_rules.h"
#include "sinks/pg_pool.h"
#include "sinks/pg_sync.h"

#define POLL_S 2

struct shelf_item {
	int64_t project_id;
	int64_t version;
	struct rules *rules; /* NULL: it has none any more */
};

/* one project's rules on their way to a set; a worker's while it runs */
struct compiling {
	const char *folder;
	char *sources;
	int64_t project_id;
	int64_t version;
	struct rules *rules;
	struct error error;
	int status;
};

struct rule_shelf {
	const char *folder;
	pthread_mutex_t mutex; /* guards items */
	struct shelf_item *items;
	size_t count, capacity;
	_Atomic uint64_t generation;
	struct pg_pool *pool;
	struct query_workers *workers;
	struct event *timer;
	struct pg_query *query;
	struct query_job *job;
	struct compiling now;
	uint64_t swaps, failures;
};

static const char next_sql[] = "SELECT project, version, sources FROM"
			       " siftd.next_rules($1::bigint[], $2::bigint[])";

struct rule_shelf *rule_shelf_new(const char *folder)
{
	struct rule_shelf *shelf = mem_calloc(1, sizeof(*shelf));

	shelf->folder = folder;
	(void)pthread_mutex_init(&shelf->mutex, NULL); /* cannot fail by default */
	return shelf;
}

void rule_shelf_free(struct rule_shelf **shelf_ptr)
{
	struct rule_shelf *shelf = *shelf_ptr;

	if (shelf == NULL)
		return;
	for (size_t i = 0; i < shelf->count; i++)
		rules_free(&shelf->items[i].rules);
	mem_free(shelf->items);
	(void)pthread_mutex_destroy(&shelf->mutex);
	mem_free(shelf);
	*shelf_ptr = NULL;
}

struct rules *rule_shelf_take(void *context, int64_t project_id)
{
	struct rule_shelf *shelf = context;
	struct rules *rules = NULL;

	(void)pthread_mutex_lock(&shelf->mutex);
	for (size_t i = 0; i < shelf->count; i++) {
		if (shelf->items[i].project_id == project_id &&
		    shelf->items[i].rules != NULL)
			rules = rules_share(shelf->items[i].rules);
	}
	(void)pthread_mutex_unlock(&shelf->mutex);
	return rules;
}

const _Atomic uint64_t *rule_shelf_generation(const struct rule_shelf *shelf)
{
	return &shelf->generation;
}

/* any thread; the shipped rules come first, so that their places stay */
static void compile(struct compiling *now)
{
	struct yaml_doc *docs = NULL;
	struct yaml_doc **end = &docs;

	now->rules = NULL;
	now->status = shipped_rules_docs(now->folder, &docs, &now->error);
	while (*end != NULL)
		end = &(*end)->next;
	if (now->status == 0)
		now->status = yaml_parse(slice_str(now->sources),
					 "rules of the project", end, &now->error);
	if (now->status == 0)
		now->status = rules_compile(docs, &now->rules, &now->error);
	yaml_docs_free(&docs);
}

/* a set that did not compile leaves the old one, under the new version */
static void put(struct rule_shelf *shelf)
{
	const struct compiling *now = &shelf->now;
	struct shelf_item *item = NULL;
	struct rules *old = NULL;

	(void)pthread_mutex_lock(&shelf->mutex);
	for (size_t i = 0; i < shelf->count; i++) {
		if (shelf->items[i].project_id == now->project_id)
			item = &shelf->items[i];
	}
	if (item == NULL) {
		mem_grow(&shelf->items, &shelf->capacity, shelf->count,
			 sizeof(*shelf->items));
		item = &shelf->items[shelf->count++];
		*item = (struct shelf_item){ .project_id = now->project_id };
	}
	item->version = now->version;
	if (now->status == 0) {
		old = item->rules;
		item->rules = now->rules;
	}
	(void)pthread_mutex_unlock(&shelf->mutex);
	rules_free(&old);
	if (now->status == 0) {
		shelf->swaps++;
		atomic_fetch_add(&shelf->generation, 1);
		log_info("rules", "project=%" PRId64 " version=%" PRId64 " count=%zu",
			 now->project_id, now->version,
			 now->rules == NULL ? 0 : rules_count(now->rules));
	} else {
		shelf->failures++;
		log_warn("rules", "project=%" PRId64 " keeps its old rules: %s",
			 now->project_id, now->error.text);
	}
}

static void begin(struct rule_shelf *shelf, const struct pg_rows *rows)
{
	shelf->now = (struct compiling){
		.folder = shelf->folder,
		.project_id = pg_rows_int(rows, 0, 0),
		.version = pg_rows_int(rows, 0, 1),
		.sources = mem_slice_dup(pg_rows_slice(rows, 0, 2)),
	};
}

/* no rule is left: the shipped ones hold, which every lane has */
static bool is_empty(const struct compiling *now)
{
	return now->sources[0] == '\0';
}

static void end(struct rule_shelf *shelf)
{
	put(shelf);
	mem_free(shelf->now.sources);
	shelf->now.sources = NULL;
}

/* versions that the shelf has, as PostgreSQL's text of arrays */
static void write_known(const struct rule_shelf *shelf, struct buf *projects,
			struct buf *versions)
{
	for (size_t i = 0; i < shelf->count; i++) {
		buf_printf(projects, "%c%" PRId64, i == 0 ? '{' : ',',
			   shelf->items[i].project_id);
		buf_printf(versions, "%c%" PRId64, i == 0 ? '{' : ',',
			   shelf->items[i].version);
	}
	buf_append_str(projects, shelf->count == 0 ? "{}" : "}");
	buf_append_str(versions, shelf->count == 0 ? "{}" : "}");
	buf_append_char(projects, '\0');
	buf_append_char(versions, '\0');
}

static int load_next(struct rule_shelf *shelf, struct pg_sync *sync, bool *more,
		     struct error *error)
{
	struct buf projects = { 0 };
	struct buf versions = { 0 };
	const struct pg_rows *rows = NULL;
	int status = 0;

	write_known(shelf, &projects, &versions);
	status = pg_sync_query(
		sync, next_sql,
		(const char *const[]){ projects.data, versions.data, NULL }, &rows,
		error);
	*more = status == 0 && pg_rows_count(rows) > 0;
	if (*more) {
		begin(shelf, rows);
		if (!is_empty(&shelf->now))
			compile(&shelf->now);
		end(shelf);
	}
	buf_deinit(&projects);
	buf_deinit(&versions);
	return status;
}

int rule_shelf_load(struct rule_shelf *shelf, const char *conninfo, struct error *error)
{
	struct pg_sync *sync = NULL;
	bool more = true;
	int status = pg_sync_open(conninfo, &sync, error);

	while (status == 0 && more)
		status = load_next(shelf, sync, &more, error);
	pg_sync_close(&sync);
	return status;
}

static void wait_s(struct rule_shelf *shelf, unsigned seconds)
{
	const struct timeval delay = { .tv_sec = seconds };

	if (shelf->timer != NULL)
		event_add(shelf->timer, &delay);
}

static void run_compile(struct query_job *job, void *context)
{
	struct rule_shelf *shelf = context;

	(void)job;
	compile(&shelf->now);
}

static void on_compiled(void *context, bool cancelled)
{
	struct rule_shelf *shelf = context;

	shelf->job = NULL;
	if (cancelled) {
		rules_free(&shelf->now.rules);
		mem_free(shelf->now.sources);
		shelf->now.sources = NULL;
		return;
	}
	end(shelf);
	wait_s(shelf, 0);
}

static void on_rows(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct rule_shelf *shelf = context;

	shelf->query = NULL;
	if (rows == NULL) {
		shelf->failures++;
		log_warn("rules", "the rules of projects cannot be read: %s",
			 error->error.text);
	}
	if (rows == NULL || pg_rows_count(rows) == 0) {
		wait_s(shelf, POLL_S);
		return;
	}
	begin(shelf, rows);
	if (is_empty(&shelf->now)) {
		end(shelf);
		wait_s(shelf, 0);
		return;
	}
	shelf->job =
		query_workers_submit(shelf->workers, run_compile, on_compiled, shelf);
	if (shelf->job == NULL) {
		mem_free(shelf->now.sources);
		shelf->now.sources = NULL;
		wait_s(shelf, POLL_S);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct rule_shelf *shelf = context;
	struct buf projects = { 0 };
	struct buf versions = { 0 };
	struct pg_param params[2] = { 0 };

	(void)fd;
	(void)what;
	if (shelf->query != NULL || shelf->job != NULL)
		return;
	write_known(shelf, &projects, &versions);
	params[0].value = slice_str(projects.data);
	params[1].value = slice_str(versions.data);
	shelf->query =
		pg_query(shelf->pool, next_sql, params, 2, false, on_rows, shelf);
	buf_deinit(&projects);
	buf_deinit(&versions);
}

void rule_shelf_follow(struct rule_shelf *shelf, struct event_base *base,
		       struct pg_pool *pool, struct query_workers *workers)
{
	shelf->pool = pool;
	shelf->workers = workers;
	shelf->timer = event_new(base, -1, 0, on_timer, shelf);
	wait_s(shelf, POLL_S);
}

void rule_shelf_rest(struct rule_shelf *shelf)
{
	if (shelf == NULL || shelf->timer == NULL)
		return;
	event_free(shelf->timer);
	shelf->timer = NULL;
	if (shelf->query != NULL)
		pg_query_cancel(shelf->query);
	shelf->query = NULL;
	if (shelf->job != NULL)
		query_job_cancel(shelf->job);
}

void rule_shelf_poke(void *context)
{
	wait_s(context, 0);
}

void rule_shelf_write_metrics(const struct rule_shelf *shelf, struct buf *out)
{
	buf_printf(
		out,
		"# HELP siftd_rules_swaps_total sets of rules of projects taken over\n"
		"# TYPE siftd_rules_swaps_total counter\n"
		"siftd_rules_swaps_total %" PRIu64 "\n"
		"# HELP siftd_rules_failures_total sets that were not taken over\n"
		"# TYPE siftd_rules_failures_total counter\n"
		"siftd_rules_failures_total %" PRIu64 "\n"
		"# HELP siftd_rules_confirm_limited_total texts in which a pattern was not"
		" found since PCRE2 reached its limits\n"
		"# TYPE siftd_rules_confirm_limited_total counter\n"
		"siftd_rules_confirm_limited_total %" PRIu64 "\n",
		shelf->swaps, shelf->failures, rules_confirm_limited());
}
