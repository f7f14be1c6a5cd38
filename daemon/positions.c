/* positions.c - questions from any thread, answers from the database by the loop */
#include "daemon/positions.h"

#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_bootstrap.h"

#define RETRY_US 500000

struct question {
	struct positions *positions;
	struct source *source;
	struct event *asked; /* made active by positions_ask, and by the retry */
	struct pg_query *query;
	bool again; /* asked while an answer was on its way, which may be older */
};

struct positions {
	struct pg_pool *pool;
	struct question *questions;
	size_t count;
};

struct pg_query *positions_query(struct pg_pool *pool, const struct source *source,
				 pg_query_fn *done, void *context)
{
	const struct pg_param params[] = {
		{ .value = slice_str(source->host_id) },
		{ .value = slice_str(source->name) },
	};

	return pg_query(pool,
			"SELECT stream, detail, position_offset, position_inner"
			" FROM siftd.source_positions"
			" WHERE host_id = $1 AND source = $2",
			params, ARRAY_LEN(params), false, done, context);
}

static void on_rows(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	const struct timeval delay = { .tv_usec = RETRY_US };
	const struct timeval at_once = { 0 };
	struct question *question = context;
	struct stored_positions positions = { 0 };
	struct source *source = question->source;

	question->query = NULL;
	if (rows == NULL) {
		log_warn("positions", "cannot read them, trying again: %s source=%s",
			 error->error.text, source->name);
		event_add(question->asked, &delay);
		return;
	}
	if (question->again) {
		event_add(question->asked, &at_once);
		return;
	}
	pg_bootstrap_read_positions(rows, &positions);
	source->ops->positions(source, &positions);
	stored_positions_deinit(&positions);
}

static void on_asked(evutil_socket_t fd, short events, void *context)
{
	struct question *question = context;

	(void)fd;
	(void)events;
	question->again = question->query != NULL;
	if (question->query == NULL)
		question->query = positions_query(question->positions->pool,
						  question->source, on_rows, question);
}

struct positions *positions_new(struct event_base *base, struct pg_pool *pool,
				struct source **sources, size_t count)
{
	struct positions *positions = mem_calloc(1, sizeof(*positions));

	positions->pool = pool;
	positions->questions = mem_calloc(count, sizeof(*positions->questions));
	positions->count = count;
	for (size_t i = 0; i < count; i++) {
		struct question *question = &positions->questions[i];

		question->positions = positions;
		question->source = sources[i];
		question->asked = event_new(base, -1, 0, on_asked, question);
	}
	return positions;
}

void positions_free(struct positions **positions_ptr)
{
	struct positions *positions = *positions_ptr;

	if (positions == NULL)
		return;
	for (size_t i = 0; i < positions->count; i++) {
		if (positions->questions[i].query != NULL)
			pg_query_cancel(positions->questions[i].query);
		event_free(positions->questions[i].asked);
	}
	mem_free(positions->questions);
	mem_free(positions);
	*positions_ptr = NULL;
}

void positions_ask(void *context, struct source *source)
{
	const struct positions *positions = context;

	for (size_t i = 0; i < positions->count; i++) {
		if (positions->questions[i].source == source)
			event_active(positions->questions[i].asked, EV_TIMEOUT, 0);
	}
}
