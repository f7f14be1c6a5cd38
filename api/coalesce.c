/* coalesce.c - reads that ask the same at the same time are answered by one run */
#include "api/coalesce.h"

#include <assert.h>

#include "api/http_conn.h"
#include "api/request.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

struct flight;

/* a request that takes part; in its arena */
struct seat {
	struct request *request;
	struct flight *flight;
	struct seat *previous, *next; /* in its line; of the one that runs: NULL */
};

/* requests in the order in which they came */
struct line {
	struct seat *first, *last;
};

/* all that ask one thing, as long as there are any */
struct flight {
	struct coalescer *coalescer;
	uint64_t hash;
	const struct route *route;
	struct buf asked; /* path, '?', query */
	struct seat *running;
	struct line together; /* are answered with the one that runs */
	struct line waiting;  /* came too late for that */
};

struct coalescer {
	uint64_t seed;
	struct table flights; /* by hash, to their addresses */
};

static void join(struct line *line, struct seat *seat)
{
	seat->previous = line->last;
	seat->next = NULL;
	if (line->last != NULL)
		line->last->next = seat;
	else
		line->first = seat;
	line->last = seat;
}

static void leave(struct line *line, struct seat *seat)
{
	if (seat->previous != NULL)
		seat->previous->next = seat->next;
	else
		line->first = seat->next;
	if (seat->next != NULL)
		seat->next->previous = seat->previous;
	else
		line->last = seat->previous;
	seat->previous = seat->next = NULL;
}

static bool is_in(const struct line *line, const struct seat *seat)
{
	return seat->previous != NULL || line->first == seat;
}

/* a flight in the table of them */
union place {
	uint64_t value;
	struct flight *flight;
};

static void flight_free(struct flight *flight)
{
	buf_deinit(&flight->asked);
	mem_free(flight);
}

/* the next run, for all that wait; or the end, when nobody does */
static void start(struct flight *flight)
{
	struct seat *seat = flight->waiting.first;

	assert(flight->together.first == NULL);
	flight->running = seat;
	if (seat == NULL) {
		(void)table_remove(&flight->coalescer->flights, flight->hash);
		flight_free(flight);
		return;
	}
	leave(&flight->waiting, seat);
	flight->together = flight->waiting;
	flight->waiting = (struct line){ 0 };
	/* may answer, and so end the flight, before it returns */
	seat->request->route->handler(seat->request);
}

static void hand_out(struct flight *flight, const struct request_end *end)
{
	struct seat *seat = NULL;

	while ((seat = flight->together.first) != NULL) {
		struct request *request = seat->request;

		leave(&flight->together, seat);
		request_on_end(request, NULL, NULL);
		request->list->stats.coalesced++;
		request_end_alike(request, end);
	}
}

/* those that it would have answered run again, before all others */
static void go_back(struct flight *flight)
{
	struct seat *seat = NULL;

	while ((seat = flight->waiting.first) != NULL) {
		leave(&flight->waiting, seat);
		join(&flight->together, seat);
	}
	flight->waiting = flight->together;
	flight->together = (struct line){ 0 };
}

static void on_end(void *context, const struct request_end *end)
{
	struct seat *seat = context;
	struct flight *flight = seat->flight;

	if (seat != flight->running) {
		leave(is_in(&flight->together, seat) ? &flight->together
						     : &flight->waiting,
		      seat);
		return;
	}
	if (end->status != 0)
		hand_out(flight, end);
	else
		go_back(flight);
	start(flight);
}

static void write_asked(const struct request *request, struct buf *out)
{
	const struct http_head *head = http_conn_head(request->conn);

	buf_append_slice(out, head->path);
	buf_append_char(out, '?');
	buf_append_slice(out, head->query);
}

static void board(struct flight *flight, struct request *request)
{
	struct seat *seat = request_alloc(request, sizeof(*seat));

	*seat = (struct seat){ .request = request, .flight = flight };
	join(&flight->waiting, seat);
	request_on_end(request, on_end, seat);
}

void coalesce(struct coalescer *coalescer, struct request *request)
{
	struct buf asked = { 0 };
	struct flight *flight = NULL;
	uint64_t *place = NULL;
	uint64_t hash = 0;
	bool added = false;

	write_asked(request, &asked);
	hash = hash64(buf_slice(&asked), coalescer->seed);
	place = table_put(&coalescer->flights, hash, &added);
	if (added) {
		flight = mem_calloc(1, sizeof(*flight));
		*flight = (struct flight){ .coalescer = coalescer,
					   .hash = hash,
					   .route = request->route,
					   .asked = asked };
		*place = (union place){ .flight = flight }.value;
		board(flight, request);
		start(flight);
		return;
	}
	flight = (union place){ .value = *place }.flight;
	if (flight->route == request->route &&
	    slice_equal(buf_slice(&flight->asked), buf_slice(&asked)))
		board(flight, request);
	else /* another question has its place */
		request->route->handler(request);
	buf_deinit(&asked);
}

struct coalescer *coalescer_new(uint64_t seed)
{
	struct coalescer *coalescer = mem_calloc(1, sizeof(*coalescer));

	coalescer->seed = seed;
	return coalescer;
}

static void forget(const struct line *line)
{
	for (const struct seat *seat = line->first; seat != NULL; seat = seat->next)
		request_on_end(seat->request, NULL, NULL);
}

void coalescer_free(struct coalescer **coalescer_ptr)
{
	struct coalescer *coalescer = *coalescer_ptr;
	size_t cursor = 0;
	uint64_t hash = 0;
	uint64_t value = 0;

	if (coalescer == NULL)
		return;
	while (table_next(&coalescer->flights, &cursor, &hash, &value)) {
		struct flight *flight = (union place){ .value = value }.flight;

		if (flight->running != NULL)
			request_on_end(flight->running->request, NULL, NULL);
		forget(&flight->together);
		forget(&flight->waiting);
		flight_free(flight);
	}
	table_deinit(&coalescer->flights);
	mem_free(coalescer);
	*coalescer_ptr = NULL;
}
