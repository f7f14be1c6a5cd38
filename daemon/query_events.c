/* query_events.c - pages from the newest on, printed from the oldest on; then a tail */
#include "daemon/query_events.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/tails.h"
#include "base/buf.h"
#include "daemon/event_session.h"

#define PAGE_EVENTS 2000
#define FOLLOW_INTERVAL_US INT64_C(300000)
#define FOLLOW_SILENCE_US (INT64_C(3600) * 1000000)

struct run {
	const struct query_events *wish;
	struct event_session session;
	struct event_filter filter;
	int64_t left;
	struct buf lines; /* newest first */
	struct tails *tails;
	struct tail *tail;
	struct event *stops[2];
	int status;
};

static void next_page(struct run *run);

static void leave(struct run *run)
{
	(void)event_base_loopbreak(run->session.base); /* fails before the loop only */
}

static void fail(struct run *run, const char *why)
{
	(void)fprintf(stderr, "siftd query: %s\n", why); /* the status says it too */
	run->status = 1;
	leave(run);
}

static bool print(struct run *run, struct slice item)
{
	if (query_print_event(&run->wish->look, item))
		return true;
	fail(run, "standard output takes no more");
	return false;
}

/* the lines from the last to the first */
static void print_lines(struct run *run)
{
	size_t end = run->lines.len;

	while (end > 0) {
		size_t begin = end - 1;

		while (begin > 0 && run->lines.data[begin - 1] != '\n')
			begin--;
		if (!print(run,
			   (struct slice){ run->lines.data + begin, end - 1 - begin }))
			return;
		end = begin;
	}
}

static void flush_out(struct run *run)
{
	if (fflush(stdout) != 0 && run->status == 0)
		fail(run, "standard output takes no more");
}

static void on_frames(void *context, struct slice frames)
{
	struct run *run = context;
	static const char mark[] = "data: ";

	while (frames.len > 0) {
		const char *end = memchr(frames.ptr, '\n', frames.len);
		size_t len = end == NULL ? frames.len : (size_t)(end - frames.ptr);

		if (len > strlen(mark) && memcmp(frames.ptr, mark, strlen(mark)) == 0 &&
		    !print(run, (struct slice){ frames.ptr + strlen(mark),
						len - strlen(mark) }))
			return;
		len += end == NULL ? 0 : 1;
		frames = (struct slice){ frames.ptr + len, frames.len - len };
	}
	flush_out(run);
	tail_next(run->tail);
}

static void on_ended(void *context, enum tail_end why,
		     const struct events_answer *answer)
{
	struct run *run = context;

	run->tail = NULL;
	if (why == TAIL_FAILED)
		fail(run, answer->error.text);
}

static void on_signal(evutil_socket_t signal, short events, void *context)
{
	(void)signal;
	(void)events;
	leave(context);
}

static void follow(struct run *run)
{
	static const int signals[] = { SIGINT, SIGTERM };
	const struct tails_config config = { .base = run->session.base,
					     .deps = run->session.deps,
					     .listeners_max = 1,
					     .interval_us = FOLLOW_INTERVAL_US,
					     .heartbeat_us = FOLLOW_SILENCE_US };
	const struct tail_callbacks callbacks = { on_frames, on_ended, run };
	const struct tail_wish wish = { .scope = run->wish->scope,
					.filter = &run->wish->filter,
					.text = run->wish->text,
					.behind = run->wish->filter.last };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		run->stops[i] =
			evsignal_new(run->session.base, signals[i], on_signal, run);
		if (run->stops[i] == NULL || event_add(run->stops[i], NULL) != 0)
			abort(); /* out of memory */
	}
	run->tails = tails_new(&config);
	run->tail = tail_open(run->tails, &wish, &callbacks);
	tail_next(run->tail);
}

static void on_page(void *context, const struct events_answer *answer)
{
	struct run *run = context;

	if (answer->status != EVENTS_OK) {
		fail(run, answer->error.text);
		return;
	}
	buf_append_slice(&run->lines, answer->json);
	run->left -= answer->count;
	run->filter.by_seq = true;
	run->filter.behind = answer->behind;
	if (answer->has_more && run->left > 0) {
		next_page(run);
		return;
	}
	print_lines(run);
	flush_out(run);
	if (run->status == 0 && run->wish->follow)
		follow(run);
	else
		leave(run);
}

static void next_page(struct run *run)
{
	run->filter.limit =
		(unsigned)(run->left < PAGE_EVENTS ? run->left : PAGE_EVENTS);
	if (events_query_start(&run->session.deps, &run->wish->scope, &run->filter,
			       on_page, run) == NULL)
		fail(run, "no query could be started");
}

int query_events_run(const struct query_events *wish, const struct config *config,
		     const struct store *store)
{
	struct run run = { .wish = wish, .left = wish->count };

	event_filter_copy(&wish->filter, &run.filter);
	run.filter.form = EVENT_FORM_LINES;
	run.filter.oldest_first = false;
	event_session_open(&run.session, config, store);
	next_page(&run);
	(void)event_base_dispatch(run.session.base); /* until loopbreak */
	tail_close(&run.tail);
	tails_free(&run.tails);
	for (size_t i = 0; i < ARRAY_LEN(run.stops); i++) {
		if (run.stops[i] != NULL)
			event_free(run.stops[i]);
	}
	event_session_close(&run.session);
	event_filter_deinit(&run.filter);
	buf_deinit(&run.lines);
	return run.status;
}
