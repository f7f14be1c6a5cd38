/* event_tail.c - one listener: frames as pieces of an answer */
#include "api/event_tail.h"

#include <string.h>

#include "api/context.h"
#include "api/db.h"
#include "api/event_routes.h"
#include "api/tail_guard.h"
#include "api/tails.h"
#include "base/clock.h"
#include "base/log.h"

#define RETRY_MS 1000

struct listener {
	struct request *request;
	struct tail *tail;
	struct tail_pass pass;
	int64_t behind;
	int64_t until_us;
	bool resumes;
};

static void leave(struct listener *listener)
{
	tail_pass_end(listener->request->api->tail_guard, &listener->pass);
	tail_close(&listener->tail);
}

static void cancel(void *context)
{
	leave(context);
}

/* whoever comes again learns why from the gate */
static void on_revoked(void *context)
{
	struct listener *listener = context;

	tail_close(&listener->tail);
	request_stream_end(listener->request);
}

static void on_drained(void *context)
{
	struct listener *listener = context;

	if (clock_monotonic_us() < listener->until_us) {
		tail_next(listener->tail);
		return;
	}
	leave(listener);
	request_stream_end(listener->request);
}

static void on_frames(void *context, struct slice frames)
{
	struct listener *listener = context;

	buf_append_slice(&listener->request->out, frames);
	request_stream_piece(listener->request);
}

static void on_ended(void *context, enum tail_end why,
		     const struct events_answer *answer)
{
	struct listener *listener = context;
	struct request *request = listener->request;

	listener->tail = NULL;
	leave(listener);
	if (why == TAIL_FAILED)
		log_warn("api", "a tail ends id=%s error=\"%s\"", request->id,
			 answer->error.text);
	/* whoever has fallen behind is told so by the end: it comes again with the last
	 * id
	 */
	request_stream_end(request);
}

/* the same question has the same text: what does not change it is left out */
static struct slice write_wish(struct request *request)
{
	struct buf text = { 0 };
	struct slice bytes = { 0 };
	char *kept = NULL;

	query_remove(&request->query, "last_event_id");
	for (size_t i = 0; i < request->query.count; i++) {
		buf_append_slice(&text, request->query.items[i].name);
		buf_append_char(&text, '\0');
		buf_append_slice(&text, request->query.items[i].value);
		buf_append_char(&text, '\0');
	}
	bytes = buf_slice(&text);
	kept = request_alloc(request, bytes.len + 1);
	if (bytes.len > 0)
		memcpy(kept, bytes.ptr, bytes.len);
	buf_deinit(&text);
	return (struct slice){ kept, bytes.len };
}

static void begin(struct listener *listener)
{
	struct request *request = listener->request;
	const struct tail_callbacks callbacks = { on_frames, on_ended, listener };
	struct event_filter filter = { 0 };
	struct tail_wish wish = { .scope = event_routes_scope(request),
				  .filter = &filter,
				  .behind = listener->behind };
	struct tail *tail = NULL;

	/* it has been read before */
	if (!event_routes_filter(request, &filter))
		return;
	wish.text = write_wish(request);
	listener->tail = tail_open(request->api->tails, &wish, &callbacks);
	event_filter_deinit(&filter);
	if (listener->tail == NULL) {
		request_unavailable(request, "Too many clients listen to tails.");
		return;
	}
	request_set_header(request, "X-Accel-Buffering", "no");
	listener->until_us = clock_monotonic_us() + request->api->config.tail_us;
	buf_printf(&request->out, "retry: %d\n\n", RETRY_MS);
	tail = listener->tail;
	if (!request_stream_start(request, "text/event-stream", on_drained, listener)) {
		tail_close(&tail); /* of a HEAD: the listener is gone */
		return;
	}
	listener->pass = (struct tail_pass){ .caller = &request->caller,
					     .revoked = on_revoked,
					     .context = listener };
	tail_pass_begin(request->api->tail_guard, &listener->pass);
	request_on_cancel(request, cancel, listener);
	request_stream_piece(request);
}

static void on_last(struct request *request, const struct pg_rows *rows)
{
	struct listener *listener = request->state;
	int64_t last = pg_rows_count(rows) > 0 ? pg_rows_int(rows, 0, 0) : 0;

	/* an id of the future is of another project */
	if (!listener->resumes || listener->behind > last)
		listener->behind = last;
	begin(listener);
}

/* false: answered with 422 */
static bool read_position(struct request *request, struct listener *listener)
{
	const char *header = request_header(request, "Last-Event-ID");
	struct slice text = header != NULL
				    ? slice_str(header)
				    : query_get(&request->query, "last_event_id");

	if (text.len == 0)
		return true;
	listener->resumes = true;
	if (slice_equal(text, slice_str("0")) || query_id(text, &listener->behind))
		return true;
	request_problem_field(request, "last_event_id",
			      "last_event_id is the id of an event of this project.");
	return false;
}

/* false: answered with 422 */
static bool refuse_order(struct request *request)
{
	static const char *const names[] = { "order", "cursor", "limit" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (query_get(&request->query, names[i]).ptr == NULL)
			continue;
		request_problem_field(request, names[i],
				      "A tail gives each event as it comes; %s is for "
				      "pages.",
				      names[i]);
		return false;
	}
	return true;
}

void event_tail(struct request *request)
{
	struct listener *listener = request_alloc(request, sizeof(*listener));
	struct db_call call = {
		.sql = "SELECT next_seq - 1 FROM siftd.projects WHERE id = $1",
		.done = on_last,
	};
	struct event_filter filter = { 0 };

	*listener = (struct listener){ .request = request };
	request->state = listener;
	if (!refuse_order(request) || !read_position(request, listener) ||
	    !event_routes_filter(request, &filter))
		return;
	event_filter_deinit(&filter);
	db_add_int(request, &call, request->caller.project_id);
	db_run(request, &call);
}
