/* follower.c - reading journals and telling learners */
#include "daemon/follower.h"

#include <event2/event.h>
#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_listen.h"
#include "sinks/pg_pool.h"

/* what NOTIFY does not tell is found by then */
#define POLL_S 5
/* of each project in a turn: adopting a template may look at all others */
#define ROWS_MAX "100"
#define ROWS_MAX_NUMBER 100
#define PROJECTS_MAX 256

enum journal_kind { KIND_TEMPLATE, KIND_MERGE, KIND_DECISION };

enum journal_column {
	COLUMN_PROJECT,
	COLUMN_AT,
	COLUMN_KIND,
	COLUMN_KEY,
	COLUMN_ROOT,
	COLUMN_GENERALISED,
	COLUMN_HELD,
	COLUMN_TOKENS
};

static const char journal_sql[] =
	"SELECT * FROM siftd.read_journal($1::bigint[], $2::bigint[], " ROWS_MAX ")";
static const char pinned_sql[] =
	"SELECT project_id, key, group_id FROM siftd.templates"
	" WHERE pinned AND project_id = ANY ($1::bigint[]) ORDER BY project_id";

struct follower {
	struct follower_deps deps;
	struct pg_listen *listen;
	struct event *timer;
	struct pg_query *query;
	size_t from;  /* projects before this one were asked about */
	bool again;   /* something came up meanwhile */
	bool more;    /* a journal had more than a turn takes */
	bool decided; /* a person: groups are to be read */
	struct buf projects, heads;
	uint64_t adopted, regroupings, failures;
};

static void ask(struct follower *follower);

static void wait_ms(struct follower *follower, unsigned ms)
{
	const struct timeval delay = { .tv_sec = ms / 1000,
				       .tv_usec = ms % 1000 * 1000L };

	event_add(follower->timer, &delay);
}

static void rest(struct follower *follower)
{
	bool soon = follower->again || follower->more;

	follower->from = 0;
	follower->again = false;
	follower->more = false;
	wait_ms(follower, soon ? 1 : POLL_S * 1000);
}

static bool check_rows(struct follower *follower, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	follower->query = NULL;
	if (rows != NULL)
		return true;
	follower->failures++;
	log_warn("follower", "cannot read what other daemons learned: %s",
		 error->error.text);
	follower->again = false;
	rest(follower);
	return false;
}

/* the rows of one project, from `row` on; the row behind them */
static size_t regroup_project(const struct follower *follower,
			      const struct pg_rows *rows, size_t row)
{
	int64_t project_id = pg_rows_int(rows, row, 0);
	struct learner_move *moves = NULL;
	size_t count = 0;
	size_t capacity = 0;

	for (; row < pg_rows_count(rows) && pg_rows_int(rows, row, 0) == project_id;
	     row++) {
		mem_grow(&moves, &capacity, count, sizeof(*moves));
		moves[count++] =
			(struct learner_move){ (uint64_t)pg_rows_int(rows, row, 1),
					       (uint64_t)pg_rows_int(rows, row, 2) };
	}
	learner_regroup(learners_get(follower->deps.learners, project_id), moves,
			count);
	mem_free(moves);
	return row;
}

static void on_pinned(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct follower *follower = context;

	if (!check_rows(follower, rows, error))
		return;
	follower->decided = false;
	follower->regroupings++;
	for (size_t row = 0; row < pg_rows_count(rows);)
		row = regroup_project(follower, rows, row);
	ask(follower);
}

static unsigned hex_value(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static void read_hex(struct slice hex, struct buf *out)
{
	for (size_t i = 0; i + 1 < hex.len; i += 2)
		buf_append_char(out, (char)(hex_value(hex.ptr[i]) * 16 +
					    hex_value(hex.ptr[i + 1])));
}

static void adopt(struct follower *follower, const struct pg_rows *rows, size_t row,
		  enum journal_kind kind)
{
	int64_t project_id = pg_rows_int(rows, row, COLUMN_PROJECT);
	struct buf tokens = { 0 };
	struct error error = { 0 };
	struct learner_event event = {
		.type = kind == KIND_TEMPLATE ? LEARNER_TEMPLATE : LEARNER_MERGE,
		.key = (uint64_t)pg_rows_int(rows, row, COLUMN_KEY),
		.root = (uint64_t)pg_rows_int(rows, row, COLUMN_ROOT),
		.generalised = pg_rows_bool(rows, row, COLUMN_GENERALISED),
		.held = pg_rows_bool(rows, row, COLUMN_HELD),
	};

	read_hex(pg_rows_slice(rows, row, COLUMN_TOKENS), &tokens);
	event.tokens = buf_slice(&tokens);
	if (learner_adopt(learners_get(follower->deps.learners, project_id), &event,
			  &error) < 0)
		log_error("follower", "project=%" PRId64 " %s", project_id, error.text);
	follower->adopted++;
	buf_deinit(&tokens);
}

static void on_journal(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct follower *follower = context;

	if (!check_rows(follower, rows, error))
		return;
	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		enum journal_kind kind =
			(enum journal_kind)pg_rows_int(rows, row, COLUMN_KIND);
		const struct learners_head head = {
			pg_rows_int(rows, row, COLUMN_PROJECT),
			pg_rows_int(rows, row, COLUMN_AT),
		};

		if (kind == KIND_DECISION)
			follower->decided = true;
		else
			adopt(follower, rows, row, kind);
		learners_set_head(follower->deps.learners, &head);
	}
	if (pg_rows_count(rows) >= ROWS_MAX_NUMBER)
		follower->more = true;
	ask(follower);
}

static void add_number(struct buf *list, int64_t number)
{
	buf_printf(list, "%c%" PRId64, list->len == 0 ? '{' : ',', number);
}

/* the next projects as arrays; how many */
static size_t list_projects(struct follower *follower)
{
	struct learners_head heads[PROJECTS_MAX];
	size_t count = learners_heads(follower->deps.learners, follower->from, heads,
				      PROJECTS_MAX);

	buf_clear(&follower->projects);
	buf_clear(&follower->heads);
	for (size_t i = 0; i < count; i++) {
		add_number(&follower->projects, heads[i].project_id);
		add_number(&follower->heads, heads[i].ordinal);
	}
	buf_append_char(&follower->projects, '}');
	buf_append_char(&follower->heads, '}');
	return count;
}

/* journals of the next projects; before them, what a person decided in the last ones */
static void ask(struct follower *follower)
{
	struct pg_param params[2] = { 0 };
	size_t count = 0;

	params[0].value = buf_slice(&follower->projects);
	if (follower->decided) {
		follower->query = pg_query(follower->deps.pool, pinned_sql, params, 1,
					   false, on_pinned, follower);
		return;
	}
	count = list_projects(follower);
	if (count == 0) {
		rest(follower);
		return;
	}
	follower->from += count;
	params[0].value = buf_slice(&follower->projects);
	params[1].value = buf_slice(&follower->heads);
	follower->query = pg_query(follower->deps.pool, journal_sql, params, 2, false,
				   on_journal, follower);
}

static void on_heard(void *context)
{
	struct follower *follower = context;

	follower->again = true;
	if (follower->query == NULL)
		wait_ms(follower, 1);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct follower *follower = context;

	(void)fd;
	(void)what;
	if (follower->query != NULL)
		return;
	follower->again = false;
	ask(follower);
}

struct follower *follower_new(const struct follower_deps *deps)
{
	struct follower *follower = mem_calloc(1, sizeof(*follower));

	follower->deps = *deps;
	follower->timer = event_new(deps->base, -1, 0, on_timer, follower);
	follower->listen = pg_listen_new(deps->base, deps->conninfo, "siftd_journal",
					 on_heard, follower);
	wait_ms(follower, POLL_S * 1000);
	return follower;
}

void follower_free(struct follower **follower_ptr)
{
	struct follower *follower = *follower_ptr;

	if (follower == NULL)
		return;
	if (follower->query != NULL)
		pg_query_cancel(follower->query);
	pg_listen_free(&follower->listen);
	event_free(follower->timer);
	buf_deinit(&follower->projects);
	buf_deinit(&follower->heads);
	mem_free(follower);
	*follower_ptr = NULL;
}

static void write_counter(struct buf *out, const char *name, const char *help,
			  uint64_t value)
{
	buf_printf(out,
		   "# HELP siftd_%s %s\n# TYPE siftd_%s counter\nsiftd_%s %" PRIu64
		   "\n",
		   name, help, name, name, value);
}

void follower_write_metrics(const struct follower *follower, struct buf *out)
{
	write_counter(out, "follower_rows_total",
		      "templates and merges read from the journal", follower->adopted);
	write_counter(out, "follower_regroupings_total",
		      "times that decisions of people were read",
		      follower->regroupings);
	write_counter(out, "follower_failures_total",
		      "times that the journal could not be read", follower->failures);
}
