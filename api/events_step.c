/* events_step.c - testing and reading the blocks of a step */
#include "api/events_step.h"

#include "base/log.h"
#include "pipeline/block.h"

void events_step_clear(struct events_step *step)
{
	for (size_t i = 0; i < step->count; i++)
		scan_free(&step->blocks[i].scan);
	step->blocks = NULL;
	step->count = 0;
	step->tested = 0;
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

static void take_block(struct events_step *step, const struct pg_rows *rows, size_t row)
{
	struct step_block *block = &step->blocks[row];

	*block = (struct step_block){
		.place = { .first_seq = events_sql_int(rows, row, BLOCKS_FIRST_SEQ),
			   .ingestion_id =
				   events_sql_int(rows, row, BLOCKS_INGESTION_ID) },
		.count = (uint32_t)events_sql_int(rows, row, BLOCKS_COUNT),
		.body_len = (size_t)events_sql_int(rows, row, BLOCKS_BODY_LEN),
		.day = arena_dup(&step->arena, pg_rows_slice(rows, row, BLOCKS_DAY)),
		.meta = arena_dup(&step->arena, pg_rows_slice(rows, row, BLOCKS_META)),
		.words_unknown = by_words(step) &&
				 needed_words(step).len >= BLOCK_WORDS_TEXT_MIN,
		.survives = by_words(step),
	};
	block->part_len = by_words(step) ? block->body_len : 0;
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

/* a block that cannot be opened survives no further */
static void open_block(struct events_step *step, struct step_block *block)
{
	struct error error = { 0 };

	if (scan_open(step->filter, &block->place, block->meta, &block->scan, &error) <
	    0)
		report_damage(step, block, &error);
}

/* tests columns, up to as many candidates as the page still needs; a tally takes all of
 * them at once */
static void test_columns(struct events_step *step, const struct query_job *job)
{
	struct scan_page *page = step->page;
	size_t wanted = page->tally != NULL ? SIZE_MAX : page->count_max - page->count;

	for (size_t i = 0; i < step->count && wanted > 0; i++) {
		struct step_block *block = &step->blocks[i];
		size_t found = 0;

		if (query_job_cancelled(job))
			return;
		step->tested = i + 1;
		open_block(step, block);
		if (block->scan == NULL)
			continue;
		if (page->tally != NULL) {
			scan_count(block->scan, page);
			scan_free(&block->scan);
			continue;
		}
		found = scan_candidates(block->scan);
		block->survives = found > 0;
		if (found == 0) {
			scan_free(&block->scan);
			continue;
		}
		scan_needs(block->scan, wanted, &block->part.offset, &block->part_len);
		wanted -= found < wanted ? found : wanted;
	}
}

static struct words_cache_key key_of(const struct events_step *step,
				     const struct step_block *block)
{
	return (struct words_cache_key){ step->project_id, block->place.first_seq,
					 block->count };
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
					 .count = block->count,
					 .day = block->day,
					 .offset = block->part.offset,
					 .len = block->part_len };
}

size_t events_step_unknown(const struct events_step *step,
			   struct events_sql_part *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < step->count && count < STEP_PARTS_MAX; i++) {
		if (step->blocks[i].words_unknown)
			parts[count++] = part_of(&step->blocks[i]);
	}
	return count;
}

/* those that were asked for and are not among the rows are gone, which reading finds
 * out: they survive */
void events_step_take_words(struct events_step *step, const struct pg_rows *rows)
{
	struct events_sql_part parts[STEP_PARTS_MAX];
	size_t asked = events_step_unknown(step, parts);
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

	for (step->chunk = step->next; step->chunk < step->tested; step->chunk++) {
		const struct step_block *block = &step->blocks[step->chunk];

		if (!block->survives)
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
