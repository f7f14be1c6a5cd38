/* lane_projects.h - what a lane holds of each project: learner, classifier, rules
 *
 * Threads: the lane's. Owner: lane_projects_deinit; learners are the caller's.
 * Limits: as many projects as the lane's streams feed.
 */
#ifndef SIFTD_PIPELINE_LANE_PROJECTS_H
#define SIFTD_PIPELINE_LANE_PROJECTS_H

#include "pipeline/classify.h"
#include "pipeline/pipeline.h"

struct lane_project {
	int64_t id;
	struct learner *learner;
	struct classifier *classifier;
	struct rules *rules; /* its own, or NULL */
	uint64_t learned;    /* events of the learner that our batches carried */
};

struct lane_projects {
	struct pipeline_deps deps;
	size_t templates_max;
	struct lane_project *items;
	size_t count, capacity;
	uint64_t rules_generation;
};

void lane_projects_init(struct lane_projects *projects,
			const struct pipeline_deps *deps, size_t templates_max);
void lane_projects_deinit(struct lane_projects *projects);
/* made when the lane first meets it; valid until the next call */
struct lane_project *lane_projects_get(struct lane_projects *projects, int64_t id);
/* rules that people changed hold from now on */
void lane_projects_follow(struct lane_projects *projects);

#endif
