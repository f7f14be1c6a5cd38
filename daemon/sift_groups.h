/* sift_groups.h - totals per template while sifting, and per group at the end
 *
 * Threads: one owner. Owner: sift_groups_free; samples and texts live inside.
 * Limits: SIFT_TEMPLATES_MAX templates are told apart; when more come, those of one
 * group are put together, and the lighter half of what is left is summed in one row,
 *         which is reported as such.
 */
#ifndef SIFTD_DAEMON_SIFT_GROUPS_H
#define SIFTD_DAEMON_SIFT_GROUPS_H

#include <stdint.h>

#include "pipeline/learner.h"
#include "pipeline/record.h"

#define SIFT_TEMPLATES_MAX 32768
#define SIFT_SPARK 48

struct sift_groups;

struct sift_group {
	uint64_t root; /* template key of the group's oldest template */
	uint64_t count;
	uint64_t levels[SEVERITY_COUNT];
	uint64_t first_line;
	int64_t first_us; /* TIMESTAMP_NONE when no record has a timestamp */
	int64_t last_us;
	uint64_t spark[SIFT_SPARK]; /* records over the run of the input, in order */
	double weight;              /* what the report is sorted by */
	uint64_t templates;         /* distinct template keys in it */
	struct slice sample;        /* raw bytes of its first record, at most 1 KiB */
	struct slice service; /* of the first record that has one; ptr NULL: none has */
};

/* the learner is borrowed: it says which templates are of one group */
struct sift_groups *sift_groups_new(struct learner *learner);
void sift_groups_free(struct sift_groups **groups);
void sift_groups_add(struct sift_groups *groups, uint64_t template_key,
		     const struct record *record, uint64_t line);
/* templates folded into groups, sorted by weight; the array is the caller's to
 * mem_free, its slices live until the next sift_groups_add */
struct sift_group *sift_groups_fold(struct sift_groups *groups, size_t *count);
/* what was summed for lack of room; its count is 0 when there was room for all */
const struct sift_group *sift_groups_other(struct sift_groups *groups);
/* columns of the sparklines that the input has reached */
size_t sift_groups_spark_used(const struct sift_groups *groups);
/* groups by weight: an ERROR counts as 10 records, a CRITICAL as 30, a WARN as 3 */
double sift_groups_weight(const uint64_t levels[SEVERITY_COUNT]);

#endif
