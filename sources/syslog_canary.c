/* syslog_canary.c - a timer and an append */
#include "sources/syslog_canary.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"

struct syslog_canary {
	const struct syslog_target *target;
	struct event *timer;
};

static void on_durable(void *context, const struct error *error)
{
	(void)context;
	(void)error; /* it told of nothing */
}

static void send_one(const struct syslog_target *target)
{
	char payload[SPOOL_LOSS_MAX];
	const struct spool_loss nothing = { .reason = SLICE("canary") };
	const struct spool_entry entry = {
		.project_id = target->project_id,
		.ingestion_id = target->ingestion_id,
		.substream = target->stamp,
		.observed_timestamp_us = clock_now_us(),
		.whole_record = true,
		.loss = true,
		.bytes = slice_of(payload, spool_loss_write(payload, &nothing)),
	};

	if (spool_append(target->spool, &entry, 1, on_durable, NULL))
		atomic_fetch_add(&target->source->stats.canaries, 1);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
	const struct syslog_canary *canary = context;

	(void)fd;
	(void)events;
	send_one(canary->target);
}

int syslog_canary_new(struct event_base *base, const struct syslog_target *target,
		      unsigned interval_ms, struct syslog_canary **out,
		      struct error *error)
{
	const struct timeval interval = { .tv_sec = interval_ms / 1000,
					  .tv_usec = (suseconds_t)(interval_ms % 1000) *
						     1000 };
	struct syslog_canary *canary = NULL;

	*out = NULL;
	if (interval_ms == 0)
		return 0;
	canary = mem_calloc(1, sizeof(*canary));
	canary->target = target;
	canary->timer = event_new(base, -1, EV_PERSIST, on_timer, canary);
	if (canary->timer == NULL || event_add(canary->timer, &interval) < 0) {
		syslog_canary_free(&canary);
		return error_set(error, "canary: no timer");
	}
	*out = canary;
	return 0;
}

void syslog_canary_free(struct syslog_canary **canary)
{
	if (*canary == NULL)
		return;
	if ((*canary)->timer != NULL)
		event_free((*canary)->timer);
	mem_free(*canary);
	*canary = NULL;
}
