/* sift_groups.h - totals per template while sifting, and per group at the end
 *
 * Threads: one owner. Owner: sift_groups_free; samples and texts live inside.
 * Limits: SIFT_TEMPLATES_MAX templates are told apart; further ones are summed in one
 * row that is reported as such.
 */
#ifndef SIFTD_DAEMON_SIFT_GROUPS_H
#define SIFTD_DAEMON_SIFT_GROUPS_H

#include <stdint.h>

#include "pipeline/learner.h"
#include "pipeline/record.h"

#define SIFT_TEMPLATES_MAX 1000000
#define SIFT_SPARK 24

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

struct sift_groups *sift_groups_new(void);
void sift_groups_free(struct sift_groups **groups);
void sift_groups_add(struct sift_groups *groups, uint64_t template_key,
		     const struct record *record, uint64_t line);
/* folds templates into groups, sorted by weight; the array is the caller's to mem_free,
 * its slices live as long as groups */
struct sift_group *sift_groups_fold(struct sift_groups *groups, struct learner *learner,
				    size_t *count);
/* groups by weight: an ERROR counts as 10 records, a CRITICAL as 30, a WARN as 3 */
double sift_groups_weight(const uint64_t levels[SEVERITY_COUNT]);

#endif
