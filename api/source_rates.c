/* source_rates.c - a ring of samples, taken by a timer */
#include "api/source_rates.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"

struct sample {
	uint64_t received_bytes;
	uint64_t stored_records;
	uint64_t errors;
};

struct source_rates {
	struct source *const *sources;
	size_t count;
	struct event *timer;
	struct sample *samples; /* SOURCE_RATE_SAMPLES rows of count */
	int64_t taken_us[SOURCE_RATE_SAMPLES];
	size_t taken; /* since the start; the newest is at (taken - 1) % SAMPLES */
};

static void take(struct source_rates *rates)
{
	size_t row = rates->taken % SOURCE_RATE_SAMPLES;

	for (size_t i = 0; i < rates->count; i++) {
		const struct source_stats *stats = &rates->sources[i]->stats;

		rates->samples[row * rates->count + i] = (struct sample){
			.received_bytes = atomic_load(&stats->received_bytes),
			.stored_records = atomic_load(&stats->ledger_stored_records),
			.errors = atomic_load(&stats->errors),
		};
	}
	rates->taken_us[row] = clock_monotonic_us();
	rates->taken++;
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	take(context);
}

struct source_rates *source_rates_new(struct event_base *base,
				      struct source *const *sources, size_t count)
{
	const struct timeval step = { .tv_sec = SOURCE_RATE_STEP_S };
	struct source_rates *rates = mem_calloc(1, sizeof(*rates));

	rates->sources = sources;
	rates->count = count;
	rates->samples =
		mem_calloc(SOURCE_RATE_SAMPLES * (count + 1), sizeof(*rates->samples));
	rates->timer = event_new(base, -1, EV_PERSIST, on_timer, rates);
	event_add(rates->timer, &step);
	take(rates);
	return rates;
}

void source_rates_free(struct source_rates **rates)
{
	if (*rates == NULL)
		return;
	event_free((*rates)->timer);
	mem_free((*rates)->samples);
	mem_free(*rates);
	*rates = NULL;
}

struct source_rate source_rates_of(const struct source_rates *rates, size_t index)
{
	size_t last = (rates->taken - 1) % SOURCE_RATE_SAMPLES;
	size_t first = rates->taken < SOURCE_RATE_SAMPLES
			       ? 0
			       : rates->taken % SOURCE_RATE_SAMPLES;
	const struct sample *from = &rates->samples[first * rates->count + index];
	const struct sample *to = &rates->samples[last * rates->count + index];
	double seconds = (double)(rates->taken_us[last] - rates->taken_us[first]) / 1e6;

	if (seconds <= 0)
		return (struct source_rate){ 0 };
	return (struct source_rate){
		.received_bytes =
			(double)(to->received_bytes - from->received_bytes) / seconds,
		.stored_records =
			(double)(to->stored_records - from->stored_records) / seconds,
		.recent_errors = to->errors - from->errors,
	};
}
