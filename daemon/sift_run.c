/* sift_run.c - front, classifier and totals in one thread */
#include "daemon/sift_run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/classify.h"
#include "pipeline/findings.h"
#include "pipeline/shape_cache.h"

/* the batch is absorbed before it holds more than this */
#define BATCH_ROWS 4096
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
/* how long an open record waits for its next line in a live input */
#define QUIET_US INT64_C(1000000)

struct sift {
	struct sift_config config;
	struct learner *learner;
	struct shape_cache *shapes;
	struct classifier *classifier;
	struct sift_groups *groups;
	struct batch *batch; /* of findings not absorbed yet */
	struct sift_findings *findings;
	struct sift_stats stats;
	struct record record;
};

struct sift *sift_new(const struct sift_config *config)
{
	struct sift *sift = mem_calloc(1, sizeof(*sift));

	sift->config = *config;
	sift->shapes = shape_cache_new(0);
	sift->config.front.shapes = sift->shapes;
	sift->learner = learner_new(&config->learner);
	sift->classifier =
		classifier_new(sift->learner, config->rules, config->templates_max);
	sift->groups = sift_groups_new(sift->learner);
	sift->batch = batch_new(0, 1);
	sift->findings = sift_findings_new();
	sift->stats.first_us = TIMESTAMP_NONE;
	sift->stats.last_us = TIMESTAMP_NONE;
	return sift;
}

void sift_free(struct sift **sift_ptr)
{
	struct sift *sift = *sift_ptr;

	if (sift == NULL)
		return;
	classifier_free(&sift->classifier);
	shape_cache_free(&sift->shapes);
	learner_free(&sift->learner);
	sift_groups_free(&sift->groups);
	batch_free(&sift->batch);
	sift_findings_free(&sift->findings);
	mem_free(sift);
	*sift_ptr = NULL;
}

/* one pass over the files */
struct pass {
	struct sift *sift;
	const struct sift_visitor *visitor;
	struct front *front;
	uint64_t line_base; /* lines of the files before */
	bool count;
	int64_t seen_us;   /* last timestamp of the file, or TIMESTAMP_NONE */
	int64_t fed_us;    /* monotonic */
	bool ends_in_line; /* the last byte fed was no line feed */
};

static void absorb(struct sift *sift)
{
	sift_findings_absorb(sift->findings, sift->batch);
	batch_free(&sift->batch);
	sift->batch = batch_new(0, 1);
}

static void count_findings(struct sift *sift, const struct sift_record *found,
			   const struct rule_set *matched)
{
	const struct batch *batch = sift->batch;
	const struct findings_event event = {
		.template_key = found->template_key,
		.block = (uint32_t)(found->line >> 32),
		.row = (uint32_t)found->line,
		.timestamp_us = found->record->timestamp_us == TIMESTAMP_NONE
					? found->record->observed_timestamp_us
					: found->record->timestamp_us,
		.record = found->record,
	};

	findings_add(sift->batch, &event, matched, sift->config.rules);
	if (batch->findings_count >= BATCH_ROWS || batch->windows_count >= BATCH_ROWS ||
	    arena_bytes(&batch->arena) >= BATCH_BYTES)
		absorb(sift);
}

static void count_record(struct sift *sift, const struct sift_record *found,
			 const struct classified *classified)
{
	struct sift_stats *stats = &sift->stats;
	int64_t time_us = found->record->timestamp_us;

	stats->records++;
	if (time_us != TIMESTAMP_NONE) {
		if (stats->first_us == TIMESTAMP_NONE || time_us < stats->first_us)
			stats->first_us = time_us;
		if (stats->last_us == TIMESTAMP_NONE || time_us > stats->last_us)
			stats->last_us = time_us;
	}
	sift_groups_add(sift->groups, found->template_key, found->record, found->line);
	if (classified->matched != NULL)
		count_findings(sift, found, classified->matched);
}

/* a record without a timestamp goes with the last one of its file; in front of all of
 * them it is taken, as nothing says that it lies outside */
static bool is_wanted(struct pass *pass, const struct record *record)
{
	const struct sift_config *config = &pass->sift->config;

	if (record->timestamp_us != TIMESTAMP_NONE)
		pass->seen_us = record->timestamp_us;
	if (pass->seen_us == TIMESTAMP_NONE)
		return true;
	return (config->since_us == TIMESTAMP_NONE ||
		pass->seen_us >= config->since_us) &&
	       (config->until_us == TIMESTAMP_NONE || pass->seen_us < config->until_us);
}

static void take_records(struct pass *pass)
{
	struct sift *sift = pass->sift;
	struct front_extent extent = { 0 };

	while (front_next(pass->front, &sift->record, &extent)) {
		struct classified classified = { 0 };
		struct sift_record found = { 0 };

		if (!is_wanted(pass, &sift->record)) {
			sift->stats.left_out += pass->count;
			continue;
		}
		classifier_run(sift->classifier, &sift->record, &classified);
		found = (struct sift_record){ .record = &sift->record,
					      .line = pass->line_base +
						      extent.first_line,
					      .lines = extent.lines,
					      .template_key = classified.template_key };
		if (pass->count)
			count_record(sift, &found, &classified);
		if (pass->visitor->record != NULL)
			pass->visitor->record(pass->visitor->record_context, &found);
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

static void show_progress(struct pass *pass)
{
	if (pass->visitor->progress != NULL)
		pass->visitor->progress(pass->visitor->context, &pass->sift->stats);
}

/* nothing came for a while */
static void wait_on(void *context)
{
	struct pass *pass = context;

	if (pass->front != NULL && !pass->ends_in_line &&
	    front_open_bytes(pass->front) > 0 &&
	    clock_monotonic_us() - pass->fed_us >= QUIET_US) {
		front_close_by_time(pass->front);
		take_records(pass);
	}
	show_progress(pass);
}

static void take_bytes(struct pass *pass, struct slice bytes)
{
	if (pass->front == NULL) {
		pass->front = front_new(&pass->sift->config.front);
		pass->seen_us = TIMESTAMP_NONE;
	}
	front_feed(pass->front, bytes, clock_now_us());
	take_records(pass);
	pass->fed_us = clock_monotonic_us();
	pass->ends_in_line = bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n';
}

static void note_shapes(struct sift *sift)
{
	const struct shape_stats *shapes = shape_cache_stats(sift->shapes);

	sift->stats.shape_hits = shapes->hits;
	sift->stats.shape_misses = shapes->misses + shapes->stamps_differ;
	sift->stats.shape_evictions = shapes->evicted;
}

void sift_run(struct sift *sift, struct sift_input *input,
	      const struct sift_visitor *visitor, bool count)
{
	struct pass pass = { .sift = sift, .visitor = visitor, .count = count };
	int64_t begun_us = clock_monotonic_us();
	struct slice bytes = { 0 };
	struct error error = { 0 };
	int status = 0;

	if (visitor->live)
		sift_input_on_wait(input, wait_on, &pass);
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
		take_bytes(&pass, bytes);
		show_progress(&pass);
	}
	end_file(&pass);
	sift_input_on_wait(input, NULL, NULL);
	if (!count)
		return;
	sift->stats.seconds += (double)(clock_monotonic_us() - begun_us) / 1e6;
	note_shapes(sift);
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

struct sift_findings *sift_findings(struct sift *sift)
{
	absorb(sift);
	return sift->findings;
}
