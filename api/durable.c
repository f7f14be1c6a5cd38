/* durable.c - one append to the spool, and what follows from it */
#include "api/durable.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "api/context.h"
#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_pool.h"

#define COUNT_PARAMS 4

static const char count_sql[] =
	"UPDATE siftd.ingestions SET bytes = bytes + $3, lines = lines + $4,"
	" updated_at = now() WHERE project_id = $1 AND id = $2";

/* as above, and what a client that asks again is told */
static const char keep_sql[] = "SELECT siftd.push_keep_reply($1, $2, $3, $4, $5, $6)";

/* outlives its request when the client goes away while the spool writes */
struct durable {
	struct request
		*request; /* NULL: the client has gone, or was told how it ended */
	struct event *patience; /* while the request waits for the spool */
	struct pg_pool *pool;
	struct http_tally *tally;
	int64_t project_id;
	int64_t ingestion_id;
	size_t size;                /* of the text */
	struct durable_lines lines; /* but for its text */
	durable_done_fn *done;
};

const char *durable_detail(enum durable_status status)
{
	switch (status) {
	case DURABLE_NO_SPOOL:
		return "This siftd runs without a spool.";
	case DURABLE_FULL:
		return "The spool is full, or its disk does not take more; try again "
		       "later.";
	case DURABLE_SLOW:
		return "The disk takes no logs at the moment. These are kept in memory "
		       "and may still be stored: if they are sent again, they may be "
		       "stored twice.";
	case DURABLE_LOST:
		return "The logs could not be written to disk.";
	case DURABLE_OK:
		break;
	}
	return "";
}

static void durable_free(struct durable *durable)
{
	if (durable->lines.has_hash)
		push_once_end(durable->lines.once, &durable->lines.hash);
	mem_free(durable);
}

static void end_patience(struct durable *durable)
{
	if (durable->patience != NULL)
		event_free(durable->patience);
	durable->patience = NULL;
}

/* tells who waits, if somebody still does */
static void tell(struct durable *durable, enum durable_status status)
{
	struct request *request = durable->request;

	durable->request = NULL;
	if (request == NULL)
		return;
	request_on_cancel(request, NULL, NULL);
	durable->done(request, status, &durable->lines);
}

static void on_counted(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct durable *durable = context;

	if (rows == NULL)
		log_warn("api",
			 "accepted logs were not counted ingestion=%" PRId64
			 " error=%s",
			 durable->ingestion_id, error->error.text);
	tell(durable, DURABLE_OK);
	durable_free(durable);
}

static struct pg_param int_param(char text[24], int64_t value)
{
	/* 24 bytes hold any int64 */
	int len = snprintf(text, 24, "%" PRId64, value);

	return (struct pg_param){ .value = slice_of(text, (size_t)len) };
}

static void count(struct durable *durable)
{
	const struct durable_lines *lines = &durable->lines;
	char texts[5][24];
	struct pg_param params[] = {
		int_param(texts[0], durable->project_id),
		int_param(texts[1], durable->ingestion_id),
		int_param(texts[2], lines->bytes),
		int_param(texts[3], lines->count),
		int_param(texts[4], lines->rejected),
		{ .value = slice_of((const char *)lines->hash.bytes,
				    sizeof(lines->hash.bytes)),
		  .binary = true },
	};

	/* never cancelled */
	if (lines->has_hash)
		(void)pg_query(durable->pool, keep_sql, params, ARRAY_LEN(params),
			       false, on_counted, durable);
	else
		(void)pg_query(durable->pool, count_sql, params, COUNT_PARAMS, false,
			       on_counted, durable);
}

static void note_received(const struct durable *durable)
{
	const struct http_origin origin = { durable->project_id, durable->ingestion_id,
					    durable->lines.way };

	http_tally_receive(durable->tally, &origin, durable->size,
			   (uint64_t)durable->lines.count, clock_monotonic_us());
}

static void on_spooled(void *context, const struct error *error)
{
	struct durable *durable = context;

	end_patience(durable);
	if (error != NULL) {
		log_error("api", "spool lost logs error=%s", error->text);
		tell(durable, DURABLE_LOST);
		durable_free(durable);
		return;
	}
	crash_point("push.spooled");
	note_received(durable);
	if (durable->lines.count_later && !durable->lines.has_hash)
		tell(durable, DURABLE_OK);
	count(durable);
}

static void forget_request(void *context)
{
	struct durable *durable = context;

	end_patience(durable);
	durable->request = NULL;
}

static void on_impatience(evutil_socket_t fd, short what, void *context)
{
	struct durable *durable = context;

	(void)fd;
	(void)what;
	end_patience(durable);
	tell(durable, DURABLE_SLOW);
}

static void begin_patience(struct durable *durable)
{
	struct timeval wait = { .tv_sec = DURABLE_WAIT_S };

	durable->patience =
		evtimer_new(durable->request->api->deps.base, on_impatience, durable);
	if (durable->patience == NULL || event_add(durable->patience, &wait) < 0)
		log_warn("api", "no timer: a client may wait for the disk");
}

static bool append(struct spool *spool, const struct spool_entry *entry,
		   struct spool_owned *owned, struct durable *durable)
{
	if (owned == NULL)
		return spool_append(spool, entry, 1, on_spooled, durable);
	if (!spool_append_owned(spool, entry, owned, on_spooled, durable))
		return false;
	owned->release = NULL; /* it is the spool's */
	return true;
}

void durable_append(struct request *request, const struct durable_lines *lines,
		    durable_done_fn *done)
{
	struct spool *spool = request->api->deps.spool;
	struct spool_entry entry = {
		.project_id = request->caller.project_id,
		.ingestion_id = request->caller.ingestion_id,
		.observed_timestamp_us = clock_now_us(),
		.end = true,
		.bytes = lines->text,
	};
	struct durable *durable = NULL;

	if (spool == NULL) {
		done(request, DURABLE_NO_SPOOL, lines);
		return;
	}
	durable = mem_calloc(1, sizeof(*durable));
	*durable = (struct durable){
		.request = request,
		.pool = request->api->deps.pool,
		.tally = request->api->deps.tally,
		.size = lines->text.len,
		.project_id = entry.project_id,
		.ingestion_id = entry.ingestion_id,
		.lines = *lines,
		.done = done,
	};
	durable->lines.text = (struct slice){ 0 };
	durable->lines.owned = NULL;
	randombytes_buf(&entry.substream, sizeof(entry.substream));
	if (!append(spool, &entry, lines->owned, durable)) {
		durable_free(durable);
		done(request, DURABLE_FULL, lines);
		return;
	}
	begin_patience(durable);
	request_on_cancel(request, forget_request, durable);
}
