/* tails.c - ticks, feeds and their listeners
 *
 *	tick -> last seqs of the projects -> feeds behind them search, TAILS_QUERIES_MAX
 *at a time -> chunks -> listeners that wait
 */
#include "api/tails.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* frames of one page */
struct chunk {
	struct chunk *next;
	uint64_t number;
	struct buf frames;
};

struct feed {
	struct feed *next;
	struct tails *tails;
	struct events_scope scope;
	struct event_filter filter;
	struct buf text;
	int64_t behind; /* all up to here is in chunks, or does not match */
	int64_t target; /* what is known to be committed */
	int64_t until;  /* of the query under way */
	struct events_query *query;
	struct tail *tails_first;
	struct chunk *first, *last; /* oldest first */
	size_t kept;
	uint64_t numbers; /* of chunks made */
	bool wants;       /* to search, when others let it */
};

struct tail {
	struct tail *next; /* of the feed */
	struct feed *feed;
	struct tail_callbacks callbacks;
	uint64_t number; /* of the chunk it gets next */
	int64_t heard_us;
	bool waits;
};

struct tails {
	struct tails_config config;
	struct tails_stats stats;
	struct event *tick;
	struct event *serve; /* deferred: callbacks must not come from inside */
	struct pg_query *positions;
	struct feed *feeds;
	unsigned running;
	bool ended;
};

static void serve_soon(struct tails *tails)
{
	event_active(tails->serve, 0, 0);
}

static void drop_chunk(struct feed *feed)
{
	struct chunk *chunk = feed->first;

	feed->first = chunk->next;
	if (feed->first == NULL)
		feed->last = NULL;
	feed->kept -= chunk->frames.len;
	buf_deinit(&chunk->frames);
	mem_free(chunk);
}

static void feed_free(struct feed *feed)
{
	struct feed **at = &feed->tails->feeds;

	while (*at != feed)
		at = &(*at)->next;
	*at = feed->next;
	if (feed->query != NULL) {
		events_query_cancel(&feed->query);
		feed->tails->running--;
	}
	while (feed->first != NULL)
		drop_chunk(feed);
	event_filter_deinit(&feed->filter);
	buf_deinit(&feed->text);
	feed->tails->stats.feeds--;
	mem_free(feed);
}

static void detach(struct tail *tail)
{
	struct tail **at = &tail->feed->tails_first;

	while (*at != tail)
		at = &(*at)->next;
	*at = tail->next;
}

static void end(struct tail *tail, enum tail_end why,
		const struct events_answer *answer)
{
	struct tail_callbacks callbacks = tail->callbacks;

	detach(tail);
	tail->feed->tails->stats.listeners--;
	mem_free(tail);
	callbacks.ended(callbacks.context, why, answer);
}

static void end_all(struct feed *feed, enum tail_end why,
		    const struct events_answer *answer)
{
	while (feed->tails_first != NULL)
		end(feed->tails_first, why, answer);
}

/* what nobody needs any more, and what is too much to keep */
static void drop_chunks(struct feed *feed)
{
	uint64_t needed = feed->numbers;
	struct tail *following = NULL;

	while (feed->kept > TAIL_KEPT_BYTES && feed->first != feed->last)
		drop_chunk(feed);
	for (struct tail *tail = feed->tails_first; tail != NULL; tail = following) {
		following = tail->next;
		if (feed->first != NULL && tail->number < feed->first->number) {
			feed->tails->stats.fallen_behind++;
			end(tail, TAIL_FELL_BEHIND, NULL);
		} else if (tail->number < needed) {
			needed = tail->number;
		}
	}
	while (feed->first != NULL && feed->first->number < needed)
		drop_chunk(feed);
}

static bool somebody_waits(const struct feed *feed)
{
	for (const struct tail *tail = feed->tails_first; tail != NULL;
	     tail = tail->next) {
		if (tail->waits && tail->number == feed->numbers)
			return true;
	}
	return false;
}

static void deliver(struct tail *tail)
{
	struct chunk *chunk = tail->feed->first;

	while (chunk != NULL && chunk->number < tail->number)
		chunk = chunk->next;
	if (chunk == NULL)
		return;
	tail->waits = false;
	tail->number++;
	tail->heard_us = clock_monotonic_us();
	/* the last, it may close the tail */
	tail->callbacks.frames(tail->callbacks.context, buf_slice(&chunk->frames));
}

/* an id without data: the browser keeps it, and begins there when it comes again */
static void heartbeat(struct tail *tail)
{
	char text[32];
	int len =
		snprintf(text, sizeof(text), "id: %" PRId64 "\n\n", tail->feed->behind);

	tail->waits = false;
	tail->heard_us = clock_monotonic_us();
	tail->callbacks.frames(tail->callbacks.context,
			       (struct slice){ text, (size_t)len });
}

static void on_page(void *context, const struct events_answer *answer)
{
	struct feed *feed = context;
	struct chunk *chunk = NULL;

	feed->query = NULL;
	feed->tails->running--;
	serve_soon(feed->tails);
	if (answer->status == EVENTS_BUSY || answer->status == EVENTS_AWAY ||
	    answer->status == EVENTS_TIMEOUT)
		return; /* the next tick tries again */
	if (answer->status != EVENTS_OK) {
		end_all(feed, TAIL_FAILED, answer);
		return;
	}
	feed->behind = answer->has_more ? answer->behind : feed->until;
	feed->wants = answer->has_more;
	if (answer->json.len == 0)
		return;
	chunk = mem_calloc(1, sizeof(*chunk));
	chunk->number = feed->numbers++;
	buf_append_slice(&chunk->frames, answer->json);
	feed->kept += chunk->frames.len;
	if (feed->last == NULL)
		feed->first = chunk;
	else
		feed->last->next = chunk;
	feed->last = chunk;
}

static void search(struct feed *feed)
{
	struct event_filter filter = { 0 };

	feed->wants = false;
	feed->until = feed->target;
	event_filter_copy(&feed->filter, &filter);
	filter.form = EVENT_FORM_STREAM;
	filter.limit = TAIL_PAGE_EVENTS;
	filter.oldest_first = true;
	filter.by_seq = true;
	filter.behind = feed->behind;
	filter.by_last = true;
	filter.last = feed->until;
	feed->tails->running++;
	feed->query = events_query_start(&feed->tails->config.deps, &feed->scope,
					 &filter, on_page, feed);
	event_filter_deinit(&filter);
}

/* feeds at the end of the list have waited longest */
static void search_where_wanted(struct tails *tails)
{
	while (tails->running < TAILS_QUERIES_MAX) {
		struct feed **at = NULL, *feed = NULL;

		for (struct feed **i = &tails->feeds; *i != NULL; i = &(*i)->next) {
			if ((*i)->wants && (*i)->query == NULL && somebody_waits(*i))
				at = i;
		}
		if (at == NULL)
			return;
		feed = *at;
		*at = feed->next;
		feed->next = tails->feeds;
		tails->feeds = feed;
		search(feed);
	}
}

static bool same_wish(const struct feed *a, const struct feed *b)
{
	return a->scope.project_id == b->scope.project_id &&
	       a->scope.ingestion_id == b->scope.ingestion_id &&
	       slice_equal(buf_slice(&a->text), buf_slice(&b->text));
}

/* listeners of the later feed that have all it has go over to the earlier one */
static void move_over(struct feed *to, struct feed *from)
{
	struct tail *following = NULL;

	for (struct tail *tail = from->tails_first; tail != NULL; tail = following) {
		following = tail->next;
		if (tail->number != from->numbers)
			continue;
		detach(tail);
		tail->feed = to;
		tail->number = to->numbers;
		tail->next = to->tails_first;
		to->tails_first = tail;
	}
}

static void unite(struct tails *tails)
{
	for (struct feed *to = tails->feeds; to != NULL; to = to->next) {
		if (to->query != NULL)
			continue;
		for (struct feed *from = to->next; from != NULL; from = from->next) {
			if (from->query == NULL && from->behind == to->behind &&
			    same_wish(to, from))
				move_over(to, from);
		}
	}
}

static void serve_feed(struct feed *feed)
{
	struct tail *following = NULL;

	drop_chunks(feed);
	for (struct tail *tail = feed->tails_first; tail != NULL; tail = following) {
		following = tail->next;
		if (tail->waits && tail->number < feed->numbers)
			deliver(tail);
	}
	drop_chunks(feed);
}

static void serve(evutil_socket_t fd, short events, void *context)
{
	struct tails *tails = context;
	struct feed *following = NULL;

	(void)fd;
	(void)events;
	for (struct feed *feed = tails->feeds; feed != NULL; feed = feed->next)
		serve_feed(feed);
	for (struct feed *feed = tails->feeds; feed != NULL; feed = following) {
		following = feed->next;
		if (feed->tails_first == NULL)
			feed_free(feed);
	}
	search_where_wanted(tails);
}

static void take_position(struct tails *tails, int64_t project, int64_t last)
{
	for (struct feed *feed = tails->feeds; feed != NULL; feed = feed->next) {
		if (feed->scope.project_id != project)
			continue;
		feed->target = last;
		feed->wants = feed->behind < last;
	}
}

static void on_positions(void *context, const struct pg_rows *rows,
			 const struct pg_error *error)
{
	struct tails *tails = context;

	(void)error; /* the next tick asks again; the pool has logged it */
	tails->positions = NULL;
	for (size_t i = 0; rows != NULL && i < pg_rows_count(rows); i++)
		take_position(tails, pg_rows_int(rows, i, 0), pg_rows_int(rows, i, 1));
	serve_soon(tails);
}

/* "{1,1,2}" */
static void write_projects(const struct tails *tails, struct buf *out)
{
	char before = '{';

	for (const struct feed *feed = tails->feeds; feed != NULL; feed = feed->next) {
		buf_printf(out, "%c%" PRId64, before, feed->scope.project_id);
		before = ',';
	}
	buf_append_char(out, '}');
}

static void ask_positions(struct tails *tails)
{
	struct buf projects = { 0 };

	if (tails->positions != NULL || tails->feeds == NULL)
		return;
	write_projects(tails, &projects);
	tails->positions = pg_query(
		tails->config.deps.pool,
		"SELECT id, next_seq - 1 FROM siftd.projects WHERE id = ANY ($1)",
		&(struct pg_param){ .value = buf_slice(&projects) }, 1, false,
		on_positions, tails);
	buf_deinit(&projects);
}

static void beat(struct tails *tails, int64_t now_us)
{
	for (struct feed *feed = tails->feeds; feed != NULL; feed = feed->next) {
		struct tail *following = NULL;

		for (struct tail *tail = feed->tails_first; tail != NULL;
		     tail = following) {
			following = tail->next;
			if (tail->waits && tail->number == feed->numbers &&
			    now_us - tail->heard_us >= tails->config.heartbeat_us)
				heartbeat(tail);
		}
	}
}

static void tick(evutil_socket_t fd, short events, void *context)
{
	struct tails *tails = context;
	struct timeval interval = { .tv_sec = tails->config.interval_us / 1000000,
				    .tv_usec = tails->config.interval_us % 1000000 };

	(void)fd;
	(void)events;
	unite(tails);
	beat(tails, clock_monotonic_us());
	ask_positions(tails);
	if (tails->feeds != NULL && event_add(tails->tick, &interval) != 0)
		log_error("api", "tails: no timer");
}

struct tails *tails_new(const struct tails_config *config)
{
	struct tails *tails = mem_calloc(1, sizeof(*tails));

	tails->config = *config;
	tails->tick = evtimer_new(config->base, tick, tails);
	tails->serve = event_new(config->base, -1, 0, serve, tails);
	if (tails->tick == NULL || tails->serve == NULL)
		abort(); /* out of memory */
	return tails;
}

void tails_end(struct tails *tails)
{
	tails->ended = true;
	for (struct feed *feed = tails->feeds; feed != NULL; feed = feed->next)
		end_all(feed, TAIL_STOPPED, NULL);
	serve_soon(tails);
}

void tails_free(struct tails **tails_ptr)
{
	struct tails *tails = *tails_ptr;

	if (tails == NULL)
		return;
	while (tails->feeds != NULL) {
		end_all(tails->feeds, TAIL_STOPPED, NULL);
		feed_free(tails->feeds);
	}
	if (tails->positions != NULL)
		pg_query_cancel(tails->positions);
	event_free(tails->tick);
	event_free(tails->serve);
	mem_free(tails);
	*tails_ptr = NULL;
}

const struct tails_stats *tails_stats(const struct tails *tails)
{
	return &tails->stats;
}

static struct feed *feed_new(struct tails *tails, const struct tail_wish *wish)
{
	struct feed *feed = mem_calloc(1, sizeof(*feed));

	feed->tails = tails;
	feed->scope = wish->scope;
	feed->behind = wish->behind;
	feed->target = wish->behind;
	event_filter_copy(wish->filter, &feed->filter);
	buf_append_slice(&feed->text, wish->text);
	feed->next = tails->feeds;
	tails->feeds = feed;
	tails->stats.feeds++;
	return feed;
}

struct tail *tail_open(struct tails *tails, const struct tail_wish *wish,
		       const struct tail_callbacks *callbacks)
{
	struct tail *tail = NULL;

	if (tails->ended || tails->stats.listeners >= tails->config.listeners_max) {
		tails->stats.refused++;
		return NULL;
	}
	tail = mem_calloc(1, sizeof(*tail));
	tail->callbacks = *callbacks;
	tail->heard_us = clock_monotonic_us();
	/* if another has the same wish and stands where this one does, they are united
	 */
	tail->feed = feed_new(tails, wish);
	tail->feed->tails_first = tail;
	tails->stats.listeners++;
	tails->stats.opened++;
	if (!evtimer_pending(tails->tick, NULL))
		event_active(tails->tick, 0, 0);
	return tail;
}

void tail_next(struct tail *tail)
{
	tail->waits = true;
	serve_soon(tail->feed->tails);
}

void tail_close(struct tail **tail_ptr)
{
	struct tail *tail = *tail_ptr;

	if (tail == NULL)
		return;
	detach(tail);
	tail->feed->tails->stats.listeners--;
	serve_soon(tail->feed->tails);
	mem_free(tail);
	*tail_ptr = NULL;
}
