/* sift_run.c - front, classifier and totals in one thread */
#include "daemon/sift_run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/classify.h"
#include "pipeline/findings.h"

struct sift {
	struct sift_config config;
	struct learner *learner;
	struct classifier *classifier;
	struct sift_groups *groups;
	struct batch *findings;
	struct sift_stats stats;
	struct record record;
};

struct sift *sift_new(const struct sift_config *config)
{
	struct sift *sift = mem_calloc(1, sizeof(*sift));

	sift->config = *config;
	sift->learner = learner_new(&config->learner);
	sift->classifier =
		classifier_new(sift->learner, config->rules, config->templates_max);
	sift->groups = sift_groups_new();
	sift->findings = batch_new(0, 1);
	return sift;
}

void sift_free(struct sift **sift_ptr)
{
	struct sift *sift = *sift_ptr;

	if (sift == NULL)
		return;
	classifier_free(&sift->classifier);
	learner_free(&sift->learner);
	sift_groups_free(&sift->groups);
	batch_free(&sift->findings);
	mem_free(sift);
	*sift_ptr = NULL;
}

/* one pass over one file */
struct pass {
	struct sift *sift;
	const struct sift_visitor *visitor;
	struct front *front;
	uint64_t line_base; /* lines of the files before */
	uint64_t lines;
	bool count;
};

static void count_record(struct sift *sift, const struct sift_record *found,
			 const struct classified *classified)
{
	sift->stats.records++;
	sift_groups_add(sift->groups, found->template_key, found->record, found->line);
	if (classified->matched != NULL) {
		const struct findings_event event = {
			.template_key = found->template_key,
			.row = (uint32_t)found->line,
			.timestamp_us = found->record->timestamp_us == TIMESTAMP_NONE
						? found->record->observed_timestamp_us
						: found->record->timestamp_us,
			.record = found->record,
		};

		findings_add(sift->findings, &event, classified->matched,
			     sift->config.rules);
	}
}

static void take_records(struct pass *pass)
{
	struct sift *sift = pass->sift;
	struct front_extent extent = { 0 };

	while (front_next(pass->front, &sift->record, &extent)) {
		struct classified classified = { 0 };
		struct sift_record found = { 0 };

		classifier_run(sift->classifier, &sift->record, &classified);
		found = (struct sift_record){ .record = &sift->record,
					      .line = pass->line_base +
						      extent.first_line,
					      .lines = extent.lines,
					      .template_key = classified.template_key };
		if (pass->count)
			count_record(sift, &found, &classified);
		if (pass->visitor->record != NULL)
			pass->visitor->record(pass->visitor->context, &found);
	}
}

static void end_file(struct pass *pass)
{
	const struct front_stats *stats = NULL;

	if (pass->front == NULL)
		return;
	front_finish(pass->front);
	take_records(pass);
	stats = front_stats(pass->front);
	pass->line_base += stats->lines;
	if (pass->count) {
		pass->sift->stats.bytes += stats->bytes;
		pass->sift->stats.lines += stats->lines;
	}
	front_free(&pass->front);
}

void sift_run(struct sift *sift, struct sift_input *input,
	      const struct sift_visitor *visitor, bool count)
{
	struct pass pass = { .sift = sift, .visitor = visitor, .count = count };
	int64_t begun_us = clock_monotonic_us();
	struct slice bytes = { 0 };
	struct error error = { 0 };
	int status = 0;

	while ((status = sift_input_read(input, &bytes, &error)) != -1) {
		if (status == -2) {
			sift->stats.unreadable += count;
			if (visitor->unreadable != NULL)
				visitor->unreadable(visitor->context, &error);
		}
		if (status != 1) {
			end_file(&pass);
			continue;
		}
		if (pass.front == NULL)
			pass.front = front_new(&sift->config.front);
		front_feed(pass.front, bytes, clock_now_us());
		take_records(&pass);
		if (visitor->progress != NULL)
			visitor->progress(visitor->context, input, &sift->stats);
	}
	end_file(&pass);
	if (count)
		sift->stats.seconds += (double)(clock_monotonic_us() - begun_us) / 1e6;
}

const struct sift_stats *sift_read_stats(const struct sift *sift)
{
	return &sift->stats;
}

struct learner *sift_learner(struct sift *sift)
{
	return sift->learner;
}

struct sift_groups *sift_groups(struct sift *sift)
{
	return sift->groups;
}

struct batch *sift_findings(struct sift *sift)
{
	return sift->findings;
}
