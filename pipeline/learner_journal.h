/* learner_journal.h - what a learner decided and nobody has stored yet
 *
 * Threads: the learner's, under its mutex. Owner: the journal owns the events' bytes
 * until they are trimmed.
 * Limits: none of its own: the flush trims, and stops taking lines when it cannot.
 */
#ifndef SIFTD_PIPELINE_LEARNER_JOURNAL_H
#define SIFTD_PIPELINE_LEARNER_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/learner.h"

struct learner_journal {
	struct learner_event *events;
	size_t first; /* of events, the oldest not trimmed */
	size_t count; /* of events, trimmed ones included */
	size_t capacity;
	uint64_t trimmed; /* number of the last event trimmed */
	size_t bytes;
};

void learner_journal_deinit(struct learner_journal *journal);
/* copies the event's slices */
void learner_journal_add(struct learner_journal *journal,
			 const struct learner_event *event);
size_t learner_journal_read(const struct learner_journal *journal, uint64_t after,
			    struct learner_event *out, size_t max);
void learner_journal_trim(struct learner_journal *journal, uint64_t up_to);

#endif
