/* stages.c - CPU time of the pipeline's stages over one file, one JSON object a line
 *
 *	fingerprint   frame, assemble, parse, normalize, group: no rules
 *	uncached      the same without the shape cache
 *	rules         the same with a folder of rules
 *	blocks        all of a lane's work, to sealed batches that are thrown away; also
 *	              the bytes of a line's share in what is stored
 *	read          the same, and reads all texts back
 *
 * The file is read to memory first and fed in chunks of 1 MiB. One stage may be named,
 * for a profiler.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "pipeline/block_extract.h"
#include "pipeline/classify.h"
#include "pipeline/pipeline.h"
#include "pipeline/shape_cache.h"

#define CHUNK_BYTES ((size_t)1024 * 1024)
#define TEMPLATES_MAX 65536
#define NOW_US INT64_C(1770000000000000)

struct bench {
	struct slice input;
	struct rules *rules;
	struct learner *learner;
	uint64_t lines;
	struct shape_stats shapes;
	struct block_extractor *extractor;
	double seal_seconds; /* parts of the whole */
	bool read;
	double read_seconds;
	struct {
		size_t meta, body, words, rare;
	} stored; /* bytes */
};

static double cpu_seconds(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage); /* cannot fail with these arguments */
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
	       (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static void classify_all(struct classifier *classifier, struct front *front)
{
	static struct record record;
	struct front_extent extent;

	while (front_next(front, &record, &extent)) {
		struct classified classified = { 0 };

		classifier_run(classifier, &record, &classified);
	}
}

static void run_front(struct bench *bench, struct rules *rules,
		      struct shape_cache *shapes)
{
	const struct front_config config = { .shapes = shapes };
	struct front *front = front_new(&config);
	struct classifier *classifier =
		classifier_new(bench->learner, rules, TEMPLATES_MAX);
	struct slice rest = bench->input;

	while (rest.len > 0) {
		struct slice part = slice_head(rest, CHUNK_BYTES);

		front_feed(front, part, NOW_US);
		classify_all(classifier, front);
		rest = slice_from(rest, part.len);
	}
	front_finish(front);
	classify_all(classifier, front);
	bench->lines = front_stats(front)->lines;
	if (shapes != NULL)
		bench->shapes = *shape_cache_stats(shapes);
	front_free(&front);
	classifier_free(&classifier);
	shape_cache_free(&shapes);
}

static void run_uncached(struct bench *bench)
{
	run_front(bench, NULL, NULL);
}

static void run_fingerprint(struct bench *bench)
{
	run_front(bench, NULL, shape_cache_new(0));
}

static void run_rules(struct bench *bench)
{
	run_front(bench, bench->rules, shape_cache_new(0));
}

static struct learner *learner_of(void *context, int64_t project_id)
{
	struct bench *bench = context;

	(void)project_id;
	return bench->learner;
}

static struct chunk *make_chunk(struct slice part, size_t offset, bool first)
{
	struct chunk *chunk = chunk_new(1, part.len);
	struct chunk_item *item = chunk_add_item(chunk);

	memcpy(chunk->data, part.ptr, part.len);
	chunk->data_len = part.len;
	item->len = part.len;
	item->begin.offset = (int64_t)offset;
	item->end.offset = (int64_t)(offset + part.len);
	item->project_id = 1;
	item->ingestion_id = 1;
	item->observed_timestamp_us = NOW_US;

	if (first)
		chunk->open = stream_info_new("bench", "bench", "bench", "");
	return chunk;
}

/* seals at once, and takes the time */
static struct block_builder *seal_block(void *context, struct block_builder *full,
					struct block_encoded *out)
{
	struct bench *bench = context;
	double begun = cpu_seconds();

	block_extractor_seal(bench->extractor, full, out);
	bench->seal_seconds += cpu_seconds() - begun;
	return full;
}

static void read_block(struct bench *bench, const struct block_encoded *encoded)
{
	double begun = cpu_seconds();
	struct block_reader *reader = NULL;
	struct block_event event = { 0 };
	struct error error = { 0 };

	if (block_reader_open(buf_slice(&encoded->meta), &reader, &error) < 0)
		abort(); /* what was just written */
	for (uint32_t i = 0; i < block_reader_count(reader); i++) {
		if (block_reader_raw(reader, buf_slice(&encoded->body), i, &event,
				     &error) < 0)
			abort();
	}
	block_reader_free(&reader);
	bench->read_seconds += cpu_seconds() - begun;
}

static void take_batches(struct bench *bench, struct pipeline *pipeline)
{
	struct batch *batch = NULL;

	while ((batch = pipeline_take_batch(pipeline)) != NULL) {
		batch_settle(batch);
		for (size_t i = 0; i < batch->blocks_count; i++) {
			const struct block_encoded *encoded = &batch->blocks[i].encoded;

			bench->stored.meta += encoded->meta.len;
			bench->stored.body += encoded->body.len;
			bench->stored.words += encoded->words.len;
			bench->stored.rare += encoded->rare.len;
			if (bench->read)
				read_block(bench, encoded);
		}
		batch_free(&batch);
	}
}

static void run_blocks(struct bench *bench)
{
	const struct pipeline_config config = {
		.batch_events_max = 65536,
		.batch_bytes_max = (uint64_t)64 * 1024 * 1024,
		.record_close_us = 1000000,
		.templates_max = TEMPLATES_MAX,
		.zstd_level = 1,
	};
	const struct block_sealing sealing = { .seal = seal_block, .context = bench };
	const struct pipeline_deps deps = { .rules = bench->rules,
					    .sealing = &sealing,
					    .learner_of = learner_of,
					    .context = bench };
	struct pipeline *pipeline = pipeline_new(0, &config, &deps);
	size_t offset = 0;

	bench->extractor = block_extractor_new();
	while (offset < bench->input.len) {
		struct slice part =
			slice_head(slice_from(bench->input, offset), CHUNK_BYTES);

		pipeline_feed(pipeline, make_chunk(part, offset, offset == 0), NOW_US);
		take_batches(bench, pipeline);
		offset += part.len;
	}
	pipeline_seal(pipeline);
	take_batches(bench, pipeline);
	bench->lines = pipeline_stats(pipeline)->records;
	bench->shapes = (struct shape_stats){
		.hits = pipeline_stats(pipeline)->shape_hits,
		.evicted = pipeline_stats(pipeline)->shape_evictions,
	};
	pipeline_free(&pipeline);
	block_extractor_free(&bench->extractor);
}

static void run_read(struct bench *bench)
{
	bench->read = true;
	run_blocks(bench);
	bench->read = false;
}

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} stages[] = {
	{ "uncached", run_uncached }, { "fingerprint", run_fingerprint },
	{ "rules", run_rules },       { "blocks", run_blocks },
	{ "read", run_read },
};

static void run_stage(struct bench *bench, size_t index)
{
	const struct learner_config config = { 0 };
	double begun = 0;
	double seconds = 0;

	bench->learner = learner_new(&config);
	memset(&bench->stored, 0, sizeof(bench->stored));
	bench->seal_seconds = 0;
	begun = cpu_seconds();
	stages[index].run(bench);
	seconds = cpu_seconds() - begun;
	printf("{\"stage\":\"%s\",\"cpu_seconds\":%.3f,\"mb_per_s\":%.1f,"
	       "\"lines_per_s\":%.0f,\"shape_hits\":%.3f,\"shape_evictions\":%" PRIu64
	       ",\"seal_seconds\":%.3f,\"read_seconds\":%.3f,\"meta\":%.2f,\"body\":%.2f,\"words\":%.2f,\"rare\":%.2f}\n",
	       stages[index].name, seconds, (double)bench->input.len / 1e6 / seconds,
	       (double)bench->lines / seconds,
	       (double)bench->shapes.hits / (double)bench->lines, bench->shapes.evicted,
	       bench->seal_seconds, bench->read_seconds,
	       (double)bench->stored.meta / (double)bench->lines,
	       (double)bench->stored.body / (double)bench->lines,
	       (double)bench->stored.words / (double)bench->lines,
	       (double)bench->stored.rare / (double)bench->lines);
	learner_free(&bench->learner);
}

static int read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	size_t got = 0;

	if (file == NULL) {
		perror(path);
		return -1;
	}
	do {
		buf_reserve(out, CHUNK_BYTES);
		got = fread(out->data + out->len, 1, CHUNK_BYTES, file);
		out->len += got;
	} while (got > 0);
	(void)fclose(file); /* only read */
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };
	struct rules *rules = NULL;
	struct buf input = { 0 };
	struct error error = { 0 };

	if (argc != 3 && argc != 4) {
		(void)fprintf(stderr, "usage: stages RULES_FOLDER FILE [STAGE]\n");
		return 2;
	}
	if (read_file(argv[2], &input) != 0)
		return 1;
	if (rules_load_folder(argv[1], &rules, &error) != 0) {
		(void)fprintf(stderr, "stages: %s\n", error.text);
		return 1;
	}
	bench.input = buf_slice(&input);
	bench.rules = rules;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		if (argc == 3 || strcmp(argv[3], stages[i].name) == 0)
			run_stage(&bench, i);
	}
	rules_free(&rules);
	buf_deinit(&input);
	return 0;
}
