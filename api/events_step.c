/* events_step.c - testing and reading the blocks of a step */
#include "api/events_step.h"

#include <stdlib.h>

#include "api/step_block.h"
#include "pipeline/block.h"

void events_step_clear(struct events_step *step)
{
	for (size_t i = 0; i < step->count; i++)
		step_block_close(step, &step->blocks[i]);
	step->blocks = NULL;
	step->count = 0;
	step->tested = 0;
	step->candidates = 0;
	step->metas = 0;
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

/* what its columns say; a tally takes all candidates at once */
static void test_block(struct events_step *step, struct step_block *block,
		       size_t wanted)
{
	size_t found = 0;

	if (block->opened == NULL)
		return;
	block->scan = scan_new(step->filter, &block->place, block->opened, wanted);
	found = scan_candidates(block->scan);
	if (step->page->tally != NULL) {
		scan_count(block->scan, step->page);
		found = 0;
	}
	block->survives = found > 0;
	if (found == 0)
		step_block_close(step, block);
	else
		block->fetched =
			!scan_needs(block->scan, &block->part.offset, &block->part_len);
	step->candidates += found;
}

/* how many blocks are fetched at once: few at first, as the first often hold enough;
 * rare events are small, and seldom more than one of them is wanted */
static size_t fetches_of(const struct events_step *step)
{
	size_t count_max = step->metas == 0 ? 2 : step->metas * 3;

	if (count_max > STEP_METAS_MAX - step->metas)
		count_max = STEP_METAS_MAX - step->metas;
	return count_max;
}

/* what else will have to be fetched */
static void look_ahead(struct events_step *step)
{
	size_t metas = 0;
	size_t metas_max = fetches_of(step);

	for (size_t i = step->tested; i < step->count && metas < metas_max; i++) {
		(void)step_block_resolve(step, &step->blocks[i]); /* `lacks` says it */
		metas += step->blocks[i].lacks == STEP_LACKS_META;
	}
}

/* up to as many candidates as the page still needs */
static void test_columns(struct events_step *step, const struct query_job *job)
{
	const struct scan_page *page = step->page;
	size_t wanted = page->tally != NULL ? SIZE_MAX : page->count_max - page->count;

	step->waits = false;
	while (step->tested < step->count && step->candidates < wanted) {
		struct step_block *block = &step->blocks[step->tested];

		if (query_job_cancelled(job))
			return;
		if (!step_block_resolve(step, block)) {
			look_ahead(step);
			step->waits = fetches_of(step) > 0;
			return;
		}
		step->tested++;
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
					 .len = block->part_len,
					 .rare = block->lacks == STEP_LACKS_RARE };
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

/* one whose bytes are there, but for which no turn was yet, lacks nothing more */
static bool is_wanted(const struct step_block *block)
{
	return block->lacks != STEP_LACKS_NOTHING && !block->is_there;
}

static size_t unknown_blocks(const struct events_step *step,
			     struct events_sql_part *parts)
{
	size_t count = 0;

	for (size_t i = step->tested; i < step->count && count < STEP_PARTS_MAX; i++) {
		if (is_wanted(&step->blocks[i]))
			parts[count++] = part_of(&step->blocks[i]);
	}
	return count;
}

size_t events_step_unknown(const struct events_step *step,
			   struct events_sql_part *parts)
{
	if (by_words(step))
		return unknown_words(step, parts);
	return step->waits ? unknown_blocks(step, parts) : 0;
}

/* as with words: those that are not among the rows are gone, and survive */
void events_step_take_metas(struct events_step *step, const struct pg_rows *rows)
{
	for (size_t i = step->tested; i < step->count; i++) {
		struct step_block *block = &step->blocks[i];
		size_t row = 0;

		if (!is_wanted(block))
			continue;
		step->metas += block->lacks == STEP_LACKS_META;
		while (row < pg_rows_count(rows) &&
		       events_sql_int(rows, row, METAS_FIRST_SEQ) !=
			       block->place.first_seq)
			row++;
		block->is_there = row < pg_rows_count(rows);
		if (block->is_there)
			block->bytes = arena_dup(&step->arena,
						 pg_rows_slice(rows, row, METAS_BYTES));
		else
			block->lacks = STEP_LACKS_NOTHING;
		block->survives = !block->is_there;
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
			block->bytes = arena_dup(&step->bodies,
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

/* for a text, from meta that came with the body; a block that was gone when its meta
 * was asked for has nothing to read */
static int open_whole(struct events_step *step, struct step_block *block,
		      struct error *error)
{
	if (block->is_mixed && block->place.runs == NULL)
		return error_set(error, "its runs do not add up");
	if (opened_block_new(block->bytes, &block->own, error) < 0)
		return -1;
	block->scan = scan_new(step->filter, &block->place, block->own, SIZE_MAX);
	return 0;
}

static void read_block(struct events_step *step, struct step_block *block)
{
	struct error error = { 0 };
	int status = 0;

	if (block->scan == NULL)
		status = open_whole(step, block, &error);
	if (status == 0)
		status = scan_collect(block->scan, &block->part, step->page, &error);
	if (status < 0)
		step_block_report(step, block, &error);
	step_block_close(step, block);
}

bool events_step_read_ready(struct events_step *step, const struct query_job *job)
{
	struct events_sql_part parts[STEP_PARTS_MAX];

	if (by_words(step) || events_step_unknown(step, parts) > 0 ||
	    events_step_choose(step, 0, parts) > 0 || !step->is_ready)
		return false;
	events_step_read(step, job);
	return true;
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
