/* events_step.c - testing and reading the blocks of a step */
#include "api/events_step.h"

#include <stdlib.h>

#include "base/log.h"
#include "pipeline/block.h"

void events_step_clear(struct events_step *step)
{
	for (size_t i = 0; i < step->count; i++)
		scan_free(&step->blocks[i].scan);
	step->blocks = NULL;
	step->count = 0;
	step->tested = 0;
	step->candidates = 0;
	step->metas = 0;
	step->is_judged = false;
	step->waits = false;
	step->next = 0;
	step->chunk = 0;
	step->gone = false;
	arena_reset(&step->arena);
	arena_reset(&step->bodies);
}

static bool by_words(const struct events_step *step)
{
	return step->matcher != NULL;
}

static bool by_rare(const struct events_step *step)
{
	return events_sql_by_rare(step->filter);
}

static struct slice needed_words(const struct events_step *step)
{
	return event_matcher_needs(step->matcher);
}

/* "ingestion:events ingestion:events ..."; NULL for a block of one */
static void take_runs(struct events_step *step, struct step_block *block,
		      struct slice text)
{
	struct scan_run *runs = NULL;
	const char *at = text.ptr;
	size_t count = 1;
	uint32_t end = 0;

	block->is_mixed = text.len > 0;
	if (!block->is_mixed)
		return;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == ' ';
	runs = arena_alloc(&step->arena, count * sizeof(*runs));
	for (size_t i = 0; i < count; i++) {
		char *behind = NULL;

		/* PostgreSQL wrote these numbers, and rows end in NUL */
		runs[i].ingestion_id = strtoll(at, &behind, 10);
		end += (uint32_t)strtoul(behind + 1, &behind, 10);
		runs[i].end = end;
		at = behind + 1;
	}
	/* otherwise it is one that cannot be read */
	if (end != block->place.count)
		return;
	block->place.runs = runs;
	block->place.runs_count = count;
}

static void take_block(struct events_step *step, const struct pg_rows *rows, size_t row)
{
	struct step_block *block = &step->blocks[row];
	struct slice bytes =
		arena_dup(&step->arena, pg_rows_slice(rows, row, BLOCKS_META));

	*block = (struct step_block){
		.place = { .first_seq = events_sql_int(rows, row, BLOCKS_FIRST_SEQ),
			   .ingestion_id =
				   events_sql_int(rows, row, BLOCKS_INGESTION_ID),
			   .count = (uint32_t)events_sql_int(rows, row, BLOCKS_COUNT),
			   .wanted_ingestion = step->ingestion_id },
		.body_len = (size_t)events_sql_int(rows, row, BLOCKS_BODY_LEN),
		.day = arena_dup(&step->arena, pg_rows_slice(rows, row, BLOCKS_DAY)),
		.words_unknown = by_words(step) &&
				 needed_words(step).len >= BLOCK_WORDS_TEXT_MIN,
		.survives = by_words(step),
	};
	if (by_rare(step))
		block->rare = bytes;
	else
		block->meta = bytes;
	block->part_len = by_words(step) ? block->body_len : 0;
	take_runs(step, block, pg_rows_slice(rows, row, BLOCKS_RUNS));
}

void events_step_take_blocks(struct events_step *step, const struct pg_rows *rows)
{
	size_t count = pg_rows_count(rows);

	step->blocks = arena_alloc(&step->arena, (count + 1) * sizeof(*step->blocks));
	for (step->count = 0; step->count < count; step->count++)
		take_block(step, rows, step->count);
}

static void report_damage(struct events_step *step, const struct step_block *block,
			  const struct error *error)
{
	step->damaged++;
	log_error("events",
		  "a block cannot be read project=%lld first_seq=%lld error=\"%s\"",
		  (long long)step->project_id, (long long)block->place.first_seq,
		  error->text);
}

/* whether a template that the filter wants may have events that are not rare ones */
static bool needs_meta(const struct events_step *step, const struct step_block *block)
{
	const struct event_filter *filter = step->filter;
	struct block_rare rare = { 0 };
	struct error error = { 0 };

	if (block->rare.len == 0)
		return true;
	if (block_rare_open(block->rare, &rare, &error) < 0) {
		/* the block itself says the same */
		log_warn("events",
			 "rare events cannot be read first_seq=%lld error=\"%s\"",
			 (long long)block->place.first_seq, error.text);
		return true;
	}
	for (size_t i = 0; i < filter->template_keys_count; i++) {
		if (block_rare_is_frequent(&rare, filter->template_keys[i]))
			return true;
	}
	return false;
}

static void judge_rare(struct events_step *step, const struct query_job *job)
{
	for (size_t i = 0; i < step->count && !query_job_cancelled(job); i++)
		step->blocks[i].meta_unknown = needs_meta(step, &step->blocks[i]);
	step->is_judged = true;
}

static int open_rare(struct events_step *step, struct step_block *block,
		     struct error *error)
{
	struct block_rare rare = { 0 };

	if (block_rare_open(block->rare, &rare, error) < 0 ||
	    scan_open_rare(step->filter, &block->place, &rare, &block->scan, error) < 0)
		return -1;
	block->part.bytes = rare.body;
	block->fetched = true;
	return 0;
}

/* a block that cannot be opened survives no further */
static void open_block(struct events_step *step, struct step_block *block)
{
	struct error error = { 0 };
	int status = 0;

	if (block->is_mixed && block->place.runs == NULL)
		status = error_set(&error, "its runs do not add up");
	else if (block->rare.len > 0 && block->meta.len == 0)
		status = open_rare(step, block, &error);
	else
		status = scan_open(step->filter, &block->place, block->meta,
				   &block->scan, &error);
	if (status < 0)
		report_damage(step, block, &error);
}

/* what its columns say; a tally takes all candidates at once */
static void test_block(struct events_step *step, struct step_block *block,
		       size_t wanted)
{
	size_t found = 0;

	open_block(step, block);
	if (block->scan == NULL)
		return;
	if (step->page->tally != NULL) {
		scan_count(block->scan, step->page);
		scan_free(&block->scan);
		return;
	}
	found = scan_candidates(block->scan);
	block->survives = found > 0;
	if (found == 0)
		scan_free(&block->scan);
	else if (!block->fetched)
		scan_needs(block->scan, wanted, &block->part.offset, &block->part_len);
	step->candidates += found;
}

/* up to as many candidates as the page still needs */
static void test_columns(struct events_step *step, const struct query_job *job)
{
	const struct scan_page *page = step->page;
	size_t wanted = page->tally != NULL ? SIZE_MAX : page->count_max - page->count;

	if (by_rare(step) && !step->is_judged)
		judge_rare(step, job);
	step->waits = false;
	while (step->tested < step->count && step->candidates < wanted) {
		struct step_block *block = &step->blocks[step->tested];

		if (query_job_cancelled(job))
			return;
		if (block->meta_unknown) {
			step->waits = step->metas < STEP_METAS_MAX;
			return;
		}
		step->tested++;
		/* one that is gone survives until it is fetched */
		if (!block->survives)
			test_block(step, block, wanted - step->candidates);
	}
}

static struct words_cache_key key_of(const struct events_step *step,
				     const struct step_block *block)
{
	return (struct words_cache_key){ step->project_id, block->place.first_seq,
					 block->place.count };
}

static void test_words(struct events_step *step)
{
	step->tested = step->count;
	for (size_t i = 0; i < step->count; i++) {
		struct step_block *block = &step->blocks[i];
		struct words_cache_key key = key_of(step, block);
		enum words_verdict verdict = WORDS_MAYBE;

		if (!block->words_unknown)
			continue;
		verdict = words_cache_test(step->cache, &key, needed_words(step));
		block->words_unknown = verdict == WORDS_UNKNOWN;
		block->survives = verdict != WORDS_NONE;
	}
}

void events_step_test(struct events_step *step, const struct query_job *job)
{
	if (by_words(step))
		test_words(step);
	else
		test_columns(step, job);
}

static struct events_sql_part part_of(const struct step_block *block)
{
	return (struct events_sql_part){ .first_seq = block->place.first_seq,
					 .count = block->place.count,
					 .day = block->day,
					 .offset = block->part.offset,
					 .len = block->part_len };
}

static size_t unknown_words(const struct events_step *step,
			    struct events_sql_part *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < step->count && count < STEP_PARTS_MAX; i++) {
		if (step->blocks[i].words_unknown)
			parts[count++] = part_of(&step->blocks[i]);
	}
	return count;
}

/* as many as were fetched before: two at first, as the first often hold enough */
static size_t unknown_metas(const struct events_step *step,
			    struct events_sql_part *parts)
{
	size_t count_max = step->metas == 0 ? 2 : step->metas * 3;
	size_t count = 0;

	if (count_max > STEP_METAS_MAX - step->metas)
		count_max = STEP_METAS_MAX - step->metas;
	for (size_t i = step->tested; i < step->count && count < count_max; i++) {
		if (step->blocks[i].meta_unknown)
			parts[count++] = part_of(&step->blocks[i]);
	}
	return count;
}

size_t events_step_unknown(const struct events_step *step,
			   struct events_sql_part *parts)
{
	if (by_words(step))
		return unknown_words(step, parts);
	return step->waits ? unknown_metas(step, parts) : 0;
}

static struct slice meta_among(const struct pg_rows *rows, int64_t first_seq)
{
	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		if (events_sql_int(rows, row, METAS_FIRST_SEQ) == first_seq)
			return pg_rows_slice(rows, row, METAS_META);
	}
	return slice_of(NULL, 0);
}

/* as with words: those that are not among the rows are gone, and survive */
void events_step_take_metas(struct events_step *step, const struct pg_rows *rows)
{
	struct events_sql_part parts[STEP_METAS_MAX];
	size_t asked = unknown_metas(step, parts);

	step->metas += asked;
	for (size_t i = step->tested; asked > 0; i++) {
		struct step_block *block = &step->blocks[i];

		if (!block->meta_unknown)
			continue;
		asked--;
		block->meta_unknown = false;
		block->meta = arena_dup(&step->arena,
					meta_among(rows, block->place.first_seq));
		block->survives = block->meta.len == 0;
	}
}

/* those that were asked for and are not among the rows are gone, which reading finds
 * out: they survive */
void events_step_take_words(struct events_step *step, const struct pg_rows *rows)
{
	struct events_sql_part parts[STEP_PARTS_MAX];
	size_t asked = unknown_words(step, parts);
	size_t count = pg_rows_count(rows);

	for (size_t i = 0; i < step->count && asked > 0; i++) {
		struct step_block *block = &step->blocks[i];
		struct words_cache_key key = key_of(step, block);

		if (!block->words_unknown)
			continue;
		asked--;
		block->words_unknown = false;
		for (size_t row = 0; row < count; row++) {
			struct slice words = pg_rows_slice(rows, row, WORDS_WORDS);

			if (events_sql_int(rows, row, WORDS_FIRST_SEQ) !=
			    block->place.first_seq)
				continue;
			words_cache_put(step->cache, &key, words);
			block->survives =
				block_words_may_hold(words, needed_words(step));
			break;
		}
	}
}

size_t events_step_choose(struct events_step *step, size_t bytes_max,
			  struct events_sql_part *parts)
{
	size_t bytes = 0;
	size_t count = 0;

	step->is_ready = false;
	for (step->chunk = step->next; step->chunk < step->tested; step->chunk++) {
		const struct step_block *block = &step->blocks[step->chunk];

		step->is_ready = step->is_ready || (block->survives && block->fetched);
		if (!block->survives || block->fetched)
			continue;
		if (count == STEP_PARTS_MAX ||
		    (count > 0 && bytes + block->part_len > bytes_max))
			break;
		bytes += block->part_len;
		parts[count++] = part_of(block);
	}
	return count;
}

static void take_part(struct events_step *step, const struct pg_rows *rows, size_t row)
{
	int64_t first_seq = events_sql_int(rows, row, PARTS_FIRST_SEQ);

	for (size_t i = step->next; i < step->chunk; i++) {
		struct step_block *block = &step->blocks[i];

		if (block->place.first_seq != first_seq)
			continue;
		if (block->scan == NULL)
			block->meta = arena_dup(&step->bodies,
						pg_rows_slice(rows, row, PARTS_META));
		block->part.bytes =
			arena_dup(&step->bodies, pg_rows_slice(rows, row, PARTS_BYTES));
		block->fetched = true;
	}
}

/* a block that was not given was deleted or merged with its neighbours since the probe:
 * only what comes before it is read, then the walk probes again */
static void cut_chunk(struct events_step *step)
{
	for (size_t i = step->next; i < step->chunk; i++) {
		const struct step_block *block = &step->blocks[i];

		if (block->survives && !block->fetched) {
			step->chunk = i;
			step->gone = true;
		}
	}
}

void events_step_take_parts(struct events_step *step, const struct pg_rows *rows)
{
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		take_part(step, rows, i);
	cut_chunk(step);
}

static void read_block(struct events_step *step, struct step_block *block)
{
	struct error error = { 0 };

	if (block->scan == NULL)
		open_block(step, block);
	if (block->scan != NULL &&
	    scan_collect(block->scan, &block->part, step->page, &error) < 0)
		report_damage(step, block, &error);
	scan_free(&block->scan);
}

void events_step_read(struct events_step *step, const struct query_job *job)
{
	for (size_t i = step->next; i < step->chunk; i++) {
		if (query_job_cancelled(job) || scan_page_full(step->page) ||
		    step->page->stopped)
			return;
		if (step->blocks[i].survives)
			read_block(step, &step->blocks[i]);
	}
}
