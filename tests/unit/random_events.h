/* random_events.h - events of any bytes, for tests of the block codec
 *
 * Owner: events_free.
 */
#ifndef SIFTD_TESTS_RANDOM_EVENTS_H
#define SIFTD_TESTS_RANDOM_EVENTS_H

#include "base/mem.h"
#include "pipeline/block.h"
#include "random_numbers.h"

/* events whose texts lie in one buffer */
struct events {
	struct block_event *items;
	size_t count;
	struct buf texts;
};

/* any bytes, or words that repeat; ptr NULL once in eight when it may be absent */
static struct slice random_text(struct buf *texts, size_t len_max, bool optional)
{
	static const char *const words[] = { "Connection ", "refused ", "ERROR ",
					     "\xc3\xa9",    "id=",      "/var/log/",
					     "aAa",         "\n\tat " };
	size_t begin = texts->len;
	size_t len = random_below(len_max + 1);
	const char *data = texts->data;

	if (optional && random_below(8) == 0)
		return slice_of(NULL, 0);
	while (texts->len - begin < len) {
		if (random_below(4) == 0)
			buf_append_char(texts, (char)random_below(256));
		else
			buf_append_str(texts, words[random_below(8)]);
	}
	assert_ptr_equal(texts->data, data);
	return slice_of(texts->data + begin, texts->len - begin);
}

static int64_t random_time(void)
{
	switch (random_below(8)) {
	case 0:
		return TIMESTAMP_NONE;
	case 1:
		return INT64_MAX - (int64_t)random_below(3);
	case 2:
		return INT64_MIN + 1 + (int64_t)random_below(3);
	default:
		return 1700000000000000 + (int64_t)random_below(1000000000);
	}
}

static struct events events_new(size_t count, size_t raw_max)
{
	struct events events = { .items = calloc(count, sizeof(*events.items)),
				 .count = count };

	/* at once, as slices into it must stay: four texts an event */
	buf_reserve(&events.texts, count * (raw_max + 100));
	for (size_t i = 0; i < count; i++) {
		struct block_event *event = &events.items[i];

		event->timestamp_us = random_time();
		event->observed_timestamp_us = (int64_t)random_next();
		event->severity = (enum severity)random_below(SEVERITY_COUNT);
		event->format = (uint8_t)random_below(256);
		event->fingerprint =
			random_below(2) == 0 ? random_next() : random_below(5);
		event->template_key =
			random_below(3) == 0 ? event->fingerprint : random_below(40);
		event->service_name = random_text(&events.texts, 3, true);
		event->host_name = random_text(&events.texts, 12, true);
		event->raw = random_text(&events.texts, raw_max, false);
		event->extra = random_text(&events.texts, random_below(4) == 0 ? 30 : 0,
					   false);
	}
	return events;
}

static void events_free(struct events *events)
{
	free(events->items);
	buf_deinit(&events->texts);
}

#endif
