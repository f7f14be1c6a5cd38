/* scan.c - columns first, then only the frames that hold candidates */
#include "api/scan.h"

#include "api/event_matcher.h"
#include "api/event_tally.h"
#include "base/mem.h"

/* events between two questions whether to stop */
#define STOP_EVERY 64

struct scan {
	const struct event_filter *filter;
	struct scan_block block;
	struct block_reader *reader;
	uint32_t *rows; /* candidates, in the order of the filter */
	size_t rows_count;
	/* of the reader's events, in the block: NULL when the reader has them all */
	uint32_t *places;
};

void scan_page_deinit(struct scan_page *page)
{
	arena_deinit(&page->arena);
	mem_free(page->hits);
	*page = (struct scan_page){ 0 };
}

bool scan_page_full(const struct scan_page *page)
{
	return page->count >= page->count_max || page->bytes >= page->bytes_max;
}

static int64_t seq_of(const struct scan *scan, uint32_t row)
{
	return scan->block.first_seq + (scan->places == NULL ? row : scan->places[row]);
}

/* of the last run that does not end before the event */
static int64_t ingestion_of(const struct scan_block *block, int64_t seq)
{
	size_t low = 0;
	size_t high = block->runs_count;

	if (block->runs_count == 0)
		return block->ingestion_id;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (seq - block->first_seq < block->runs[middle - 1].end)
			high = middle;
		else
			low = middle;
	}
	return block->runs[low].ingestion_id;
}

static bool is_in_scope(const struct scan *scan, uint32_t row)
{
	int64_t wanted = scan->block.wanted_ingestion;
	int64_t ingestion = 0;

	if (scan->block.runs_count == 0)
		return true;
	ingestion = ingestion_of(&scan->block, seq_of(scan, row));
	return ingestion != 0 && (wanted == 0 || ingestion == wanted);
}

static void find_candidates(struct scan *scan)
{
	uint32_t count = block_reader_count(scan->reader);

	scan->rows = mem_calloc(count, sizeof(*scan->rows));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = scan->filter->oldest_first ? i : count - 1 - i;
		struct block_event event = { 0 };

		block_reader_columns(scan->reader, row, &event);
		if (is_in_scope(scan, row) &&
		    event_filter_match_columns(scan->filter, seq_of(scan, row), &event))
			scan->rows[scan->rows_count++] = row;
	}
}

static struct scan *scan_new(const struct event_filter *filter,
			     const struct scan_block *block,
			     struct block_reader *reader)
{
	struct scan *scan = mem_calloc(1, sizeof(*scan));

	scan->filter = filter;
	scan->block = *block;
	scan->reader = reader;
	return scan;
}

int scan_open(const struct event_filter *filter, const struct scan_block *block,
	      struct slice meta, struct scan **out, struct error *error)
{
	struct block_reader *reader = NULL;

	*out = NULL;
	if (block_reader_open(meta, &reader, error) < 0)
		return -1;
	*out = scan_new(filter, block, reader);
	find_candidates(*out);
	return 0;
}

/* rows of the block, ascending */
static int take_places(struct scan *scan, const struct block_rare *rare,
		       struct error *error)
{
	if (block_reader_count(scan->reader) != rare->count)
		return error_set(error, "rare events: %u instead of %u",
				 block_reader_count(scan->reader), rare->count);
	scan->places = mem_calloc(rare->count, sizeof(*scan->places));
	for (uint32_t i = 0; i < rare->count; i++) {
		uint32_t place = block_rare_row(rare, i);

		if (place >= scan->block.count ||
		    (i > 0 && place <= scan->places[i - 1]))
			return error_set(error, "rare events: row %u is misplaced", i);
		scan->places[i] = place;
	}
	return 0;
}

int scan_open_rare(const struct event_filter *filter, const struct scan_block *block,
		   const struct block_rare *rare, struct scan **out,
		   struct error *error)
{
	struct block_reader *reader = NULL;

	*out = NULL;
	if (block_reader_open(rare->meta, &reader, error) < 0)
		return -1;
	*out = scan_new(filter, block, reader);
	if (take_places(*out, rare, error) < 0) {
		scan_free(out);
		return -1;
	}
	find_candidates(*out);
	return 0;
}

void scan_free(struct scan **scan_ptr)
{
	struct scan *scan = *scan_ptr;

	if (scan == NULL)
		return;
	block_reader_free(&scan->reader);
	mem_free(scan->rows);
	mem_free(scan->places);
	mem_free(scan);
	*scan_ptr = NULL;
}

size_t scan_candidates(const struct scan *scan)
{
	return scan->rows_count;
}

void scan_needs(const struct scan *scan, size_t events, size_t *offset, size_t *len)
{
	size_t begin = SIZE_MAX;
	size_t end = 0;

	if (scan->filter->text.len > 0 || events > scan->rows_count)
		events = scan->rows_count;
	for (size_t i = 0; i < events; i++) {
		struct block_frame frame = { 0 };

		block_reader_frame(scan->reader,
				   block_reader_frame_of(scan->reader, scan->rows[i]),
				   &frame);
		if (frame.offset < begin)
			begin = frame.offset;
		if (frame.offset + frame.len > end)
			end = frame.offset + frame.len;
	}
	*offset = end == 0 ? 0 : begin;
	*len = end == 0 ? 0 : end - begin;
}

static struct slice keep(struct arena *arena, struct slice text)
{
	return text.ptr == NULL ? text : arena_dup(arena, text);
}

static void add_hit(struct scan_page *page, const struct scan_block *block, int64_t seq,
		    const struct block_event *event)
{
	struct scan_hit *hit = NULL;

	mem_grow(&page->hits, &page->capacity, page->count, sizeof(*page->hits));
	hit = &page->hits[page->count++];
	*hit = (struct scan_hit){ .seq = seq,
				  .ingestion_id = ingestion_of(block, seq),
				  .event = *event };
	hit->event.service_name = keep(&page->arena, event->service_name);
	hit->event.host_name = keep(&page->arena, event->host_name);
	hit->event.extra = keep(&page->arena, event->extra);
	hit->event.raw = keep(&page->arena, event->raw);
	page->bytes += event->raw.len + event->extra.len;
}

void scan_count(const struct scan *scan, struct scan_page *page)
{
	for (size_t i = 0; i < scan->rows_count; i++) {
		struct block_event event = { 0 };

		block_reader_columns(scan->reader, scan->rows[i], &event);
		event_tally_add(page->tally, &event);
	}
}

static bool is_match(struct scan_page *page, struct slice raw)
{
	enum match_verdict verdict = MATCH_YES;

	if (page->matcher != NULL)
		verdict = event_matcher_test(page->matcher, raw);
	page->costly += verdict == MATCH_TOO_COSTLY;
	return verdict == MATCH_YES;
}

/* between events, so that each call makes some progress */
static bool must_stop(struct scan_page *page, size_t events)
{
	if (events == 0 || events % STOP_EVERY != 0 || page->stop == NULL)
		return page->stopped;
	page->stopped = page->stopped || page->stop(page->stop_context);
	return page->stopped;
}

int scan_collect(struct scan *scan, const struct block_part *part,
		 struct scan_page *page, struct error *error)
{
	for (size_t i = 0; i < scan->rows_count && !scan_page_full(page); i++) {
		uint32_t row = scan->rows[i];
		struct block_event event = { 0 };

		if (must_stop(page, i))
			return 0;
		page->looked = seq_of(scan, row);
		block_reader_columns(scan->reader, row, &event);
		if (block_reader_raw_part(scan->reader, part, row, &event, error) < 0)
			return -1;
		if (!is_match(page, event.raw))
			continue;
		if (page->tally != NULL)
			event_tally_add(page->tally, &event);
		else
			add_hit(page, &scan->block, seq_of(scan, row), &event);
	}
	return 0;
}
