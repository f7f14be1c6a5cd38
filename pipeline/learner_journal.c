/* learner_journal.c - a queue of events, each with its bytes in one allocation */
#include "pipeline/learner_journal.h"

#include <string.h>

#include "base/mem.h"

static size_t event_bytes(const struct learner_event *event)
{
	return event->tokens.len + event->text.len + event->sample.len +
	       event->reason.len;
}

static void *event_memory(const struct learner_event *event)
{
	/* tokens come first in the allocation, and every slice points into it */
	union {
		const char *in;
		void *out;
	} memory = { .in = event->tokens.ptr };

	return memory.out;
}

void learner_journal_deinit(struct learner_journal *journal)
{
	for (size_t i = journal->first; i < journal->count; i++)
		mem_free(event_memory(&journal->events[i]));
	mem_free(journal->events);
}

static struct slice place(char **at, struct slice from)
{
	struct slice copy = { *at, from.len };

	if (from.len > 0)
		memcpy(*at, from.ptr, from.len);
	*at += from.len;
	return copy;
}

/* trimmed events leave room at the front */
static void make_room(struct learner_journal *journal)
{
	if (journal->count == journal->capacity &&
	    journal->first > journal->capacity / 2) {
		journal->count -= journal->first;
		memmove(journal->events, journal->events + journal->first,
			journal->count * sizeof(*journal->events));
		journal->first = 0;
	}
	mem_grow(&journal->events, &journal->capacity, journal->count,
		 sizeof(*journal->events));
}

void learner_journal_add(struct learner_journal *journal,
			 const struct learner_event *event)
{
	struct learner_event copy = *event;
	char *at = mem_alloc(event_bytes(event) + 1);

	copy.tokens = place(&at, event->tokens);
	copy.text = place(&at, event->text);
	copy.sample = place(&at, event->sample);
	copy.reason = place(&at, event->reason);
	make_room(journal);
	journal->events[journal->count++] = copy;
	journal->bytes += event_bytes(event);
}

size_t learner_journal_read(const struct learner_journal *journal, uint64_t after,
			    struct learner_event *out, size_t max)
{
	size_t from = journal->first;
	size_t taken = 0;

	if (after > journal->trimmed)
		from += after - journal->trimmed;
	while (taken < max && from + taken < journal->count) {
		out[taken] = journal->events[from + taken];
		out[taken].number =
			journal->trimmed + 1 + (from - journal->first) + taken;
		taken++;
	}
	return taken;
}

void learner_journal_trim(struct learner_journal *journal, uint64_t up_to)
{
	while (journal->trimmed < up_to && journal->first < journal->count) {
		const struct learner_event *event = &journal->events[journal->first];

		journal->bytes -= event_bytes(event);
		mem_free(event_memory(event));
		journal->first++;
		journal->trimmed++;
	}
}
