/* lane_projects.c - projects are few: they are found by looking */
#include "pipeline/lane_projects.h"

#include "base/mem.h"

void lane_projects_init(struct lane_projects *projects,
			const struct pipeline_deps *deps, size_t templates_max)
{
	*projects =
		(struct lane_projects){ .deps = *deps, .templates_max = templates_max };
	if (deps->rules_generation != NULL)
		projects->rules_generation = *deps->rules_generation;
}

void lane_projects_deinit(struct lane_projects *projects)
{
	for (size_t i = 0; i < projects->count; i++) {
		classifier_free(&projects->items[i].classifier);
		rules_free(&projects->items[i].rules);
	}
	mem_free(projects->items);
	*projects = (struct lane_projects){ 0 };
}

static struct rules *take_rules(const struct lane_projects *projects, int64_t id)
{
	return projects->deps.rules_of == NULL
		       ? NULL
		       : projects->deps.rules_of(projects->deps.rules_context, id);
}

static struct rules *judged_by(const struct lane_projects *projects,
			       const struct lane_project *project)
{
	return project->rules != NULL ? project->rules : projects->deps.rules;
}

struct lane_project *lane_projects_get(struct lane_projects *projects, int64_t id)
{
	struct lane_project *project = NULL;

	for (size_t i = 0; i < projects->count; i++) {
		if (projects->items[i].id == id)
			return &projects->items[i];
	}
	mem_grow(&projects->items, &projects->capacity, projects->count,
		 sizeof(*projects->items));
	project = &projects->items[projects->count++];
	*project = (struct lane_project){ .id = id };
	project->learner = projects->deps.learner_of(projects->deps.context, id);
	project->rules = take_rules(projects, id);
	project->classifier =
		classifier_new(project->learner, judged_by(projects, project),
			       projects->templates_max);
	return project;
}

void lane_projects_follow(struct lane_projects *projects)
{
	uint64_t generation = projects->deps.rules_generation == NULL
				      ? 0
				      : *projects->deps.rules_generation;

	if (generation == projects->rules_generation)
		return;
	projects->rules_generation = generation;
	for (size_t i = 0; i < projects->count; i++) {
		struct lane_project *project = &projects->items[i];
		struct rules *old = project->rules;

		project->rules = take_rules(projects, project->id);
		if (project->rules != old)
			classifier_set_rules(project->classifier,
					     judged_by(projects, project));
		rules_free(&old);
	}
}
