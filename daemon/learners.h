/* learners.h - one learner a project, shared by the lanes
 *
 * Threads: learners_get from any lane, all else on the loop or before it runs.
 * Owner: learners_free frees all learners; lanes must have ended.
 * Limits: as many learners as projects have received something; each is bounded by its
 *         configuration.
 */
#ifndef SIFTD_DAEMON_LEARNERS_H
#define SIFTD_DAEMON_LEARNERS_H

#include <stdint.h>

#include "pipeline/learner.h"

struct learners;

struct learners *learners_new(const struct learner_config *config);
void learners_free(struct learners **learners);
/* made empty when it is not there */
struct learner *learners_get(struct learners *learners, int64_t project_id);
/* how far a project's stored journal was read */
struct learners_head {
	int64_t project_id;
	int64_t ordinal;
};

/* up to max of them, from place `from` on; how many */
size_t learners_heads(struct learners *learners, size_t from, struct learners_head *out,
		      size_t max);
/* never goes back */
void learners_set_head(struct learners *learners, const struct learners_head *head);
/* summed over the projects */
void learners_stats(struct learners *learners, struct learner_stats *out);

#endif
