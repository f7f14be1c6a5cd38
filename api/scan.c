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
	struct opened_block *opened;
	uint32_t *rows; /* candidates, in the order of the filter */
	size_t rows_count;
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
	return scan->block.first_seq + opened_block_place(scan->opened, row);
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

static bool is_candidate(const struct scan *scan, uint32_t row)
{
	struct block_reader *reader = scan->opened->reader;
	struct block_event event = { 0 };

	/* most rows of a block have another template, which is told soonest */
	if (!event_filter_match_template(scan->filter,
					 block_reader_template(reader, row)))
		return false;
	block_reader_columns(reader, row, &event);
	return is_in_scope(scan, row) &&
	       event_filter_match_columns(scan->filter, seq_of(scan, row), &event);
}

static void find_candidates(struct scan *scan, size_t wanted)
{
	uint32_t count = block_reader_count(scan->opened->reader);
	size_t capacity = 0;

	for (uint32_t i = 0; i < count && scan->rows_count < wanted; i++) {
		uint32_t row = scan->filter->oldest_first ? i : count - 1 - i;

		if (!is_candidate(scan, row))
			continue;
		mem_grow(&scan->rows, &capacity, scan->rows_count, sizeof(*scan->rows));
		scan->rows[scan->rows_count++] = row;
	}
}

struct scan *scan_new(const struct event_filter *filter, const struct scan_block *block,
		      struct opened_block *opened, size_t wanted)
{
	struct scan *scan = mem_calloc(1, sizeof(*scan));

	scan->filter = filter;
	scan->block = *block;
	scan->opened = opened;
	find_candidates(scan, wanted);
	return scan;
}

void scan_free(struct scan **scan_ptr)
{
	struct scan *scan = *scan_ptr;

	if (scan == NULL)
		return;
	mem_free(scan->rows);
	mem_free(scan);
	*scan_ptr = NULL;
}

size_t scan_candidates(const struct scan *scan)
{
	return scan->rows_count;
}

bool scan_needs(const struct scan *scan, size_t *offset, size_t *len)
{
	const struct block_reader *reader = scan->opened->reader;
	size_t begin = SIZE_MAX;
	size_t end = 0;
	bool needs = false;

	for (size_t i = 0; i < scan->rows_count; i++) {
		struct block_frame frame = { 0 };

		if (opened_block_has_texts(scan->opened, scan->rows[i]))
			continue;
		needs = true;
		block_reader_frame(reader, block_reader_frame_of(reader, scan->rows[i]),
				   &frame);
		if (frame.offset < begin)
			begin = frame.offset;
		if (frame.offset + frame.len > end)
			end = frame.offset + frame.len;
	}
	*offset = end == 0 ? 0 : begin;
	*len = end == 0 ? 0 : end - begin;
	return needs;
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

		block_reader_columns(scan->opened->reader, scan->rows[i], &event);
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
		block_reader_columns(scan->opened->reader, row, &event);
		if (opened_block_raw(scan->opened, part, row, &event, error) < 0)
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
