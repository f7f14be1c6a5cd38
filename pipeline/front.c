/* front.c - lines out of bytes, records out of lines
 *
 *   held: [ open record | partial line ]   bytes of earlier feeds, or empty
 *   input: [ ................. ]           what is left of the last feed
 *
 * The window is held followed by input; the open record lies at its start, and is
 * either wholly in held or, when held is empty, in input: then it is given out without
 * a copy. Blank lines in front of a record are counted and dropped at once. */
#include "pipeline/front.h"

#include <assert.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pipeline/byte_class.h"
#include "pipeline/front_line.h"
#include "pipeline/judge.h"
#include "pipeline/parse.h"
#include "pipeline/shape_cache.h"
#include "pipeline/trace_flow.h"

#define RECORD_BYTES_DEFAULT ((size_t)1024 * 1024)
#define RECORD_LINES_DEFAULT 10000
#define HELD_KEEP_BYTES 4096

struct open_record {
	bool any;
	size_t len;     /* in the window */
	size_t raw_len; /* up to the last line that is not blank, without its end */
	uint64_t first_line;
	uint64_t lines;
	bool one_line; /* blank ones behind it do not count */
	int64_t now_us;
	struct trace_flow trace;
	struct judgement first; /* of its first line */
	struct shape_use use;   /* of its first line */
	bool partial;
	bool wants_more;
};

struct front {
	struct front_config config;
	struct front_stats stats;
	struct arena scratch;
	struct slice input;
	struct ahead ahead;
	int64_t now_us;
	struct buf held;
	size_t given; /* bytes of held that the last record took */
	bool finishing;
	bool headers_shown;
	bool in_long_line;
	uint64_t begin; /* offset of the first byte not given out */
	uint64_t lead;  /* bytes of blank lines there, dropped */
	uint64_t line;  /* lines that ended before the window's next line */
	struct open_record open;
};

struct front *front_new(const struct front_config *config)
{
	struct front *front = mem_calloc(1, sizeof(*front));

	front->config = *config;
	if (front->config.record_bytes_max == 0)
		front->config.record_bytes_max = RECORD_BYTES_DEFAULT;
	if (front->config.record_lines_max == 0)
		front->config.record_lines_max = RECORD_LINES_DEFAULT;
	return front;
}

void front_free(struct front **front)
{
	if (*front == NULL)
		return;
	buf_deinit(&(*front)->held);
	arena_deinit(&(*front)->scratch);
	mem_free(*front);
	*front = NULL;
}

void front_feed(struct front *front, struct slice bytes, int64_t now_us)
{
	assert(front->input.len == 0);
	front->input = bytes;
	front->now_us = now_us;
	front->stats.bytes += bytes.len;
}

void front_finish(struct front *front)
{
	front->finishing = true;
}

void front_close_by_time(struct front *front)
{
	if (front_open_bytes(front) > 0)
		front->stats.closed_by_time++;
	front->finishing = true;
}

static void drop_given(struct front *front)
{
	if (front->given == 0)
		return;
	front->held.len -= front->given;
	memmove(front->held.data, front->held.data + front->given, front->held.len);
	front->given = 0;
}

/* what is left moves into held, as the caller's bytes will go */
static void stash_input(struct front *front)
{
	buf_append_slice(&front->held, front->input);
	front->input = (struct slice){ 0 };
	front->ahead.any = false;
	if (front->held.len == 0 && front->held.capacity > HELD_KEEP_BYTES)
		buf_deinit(&front->held);
}

/* bytes of the line that begins at the window's open.len, wherever they are */
static bool find_line(struct front *front, struct line *line)
{
	size_t max = front->config.record_bytes_max;
	size_t at = front->open.len;
	size_t partial = front->held.len > at ? front->held.len - at : 0;
	size_t skip = front->held.len == 0 ? at : 0;
	struct slice rest = slice_from(front->input, skip);
	/* one byte more than fits, for the line feed */
	size_t room = max + 1 > partial ? max + 1 - partial : 0;
	struct slice window = slice_head(rest, room);
	const char *end = window.len == 0 ? NULL : memchr(window.ptr, '\n', window.len);
	size_t take = end == NULL ? window.len : (size_t)(end + 1 - window.ptr);

	*line = (struct line){ .ended = end != NULL };
	if (end == NULL && partial + rest.len > max) {
		line->piece = true;
		take = max > partial ? max - partial : 0;
	} else if (end == NULL && (!front->finishing || partial + take == 0)) {
		return false;
	}
	if (partial > 0) {
		buf_append(&front->held, rest.ptr, take);
		front->input = slice_from(front->input, take);
		line->full = partial + take;
		line->text = slice_of(front->held.data + at, line->full);
		if (line->piece && line->full > max)
			line->full = line->text.len = max;
	} else {
		line->full = take;
		line->text = slice_head(rest, take);
	}
	trim_line(line);
	return true;
}

/* so that what is known of the line is near when its turn comes */
static void look_ahead(struct front *front, const struct line *line)
{
	struct slice rest = slice_from(front->input, front->open.len + line->full);

	front->ahead.any = false;
	if (front->held.len == 0)
		ahead_line(&front->ahead, front->config.shapes,
			   slice_head(rest, front->config.record_bytes_max + 1));
}

/* false: there is none */
static bool next_line(struct front *front, struct line *line, struct shape_use *use)
{
	const struct ahead *ahead = &front->ahead;

	if (ahead->any && front->held.len == 0 &&
	    ahead->at == front->input.ptr + front->open.len) {
		*line = ahead->line;
		*use = ahead->use;
	} else {
		if (!find_line(front, line))
			return false;
		use->state = SHAPE_NONE;
	}
	look_ahead(front, line);
	return true;
}

static struct slice open_bytes(const struct front *front)
{
	return slice_of(front->held.len > 0 ? front->held.data : front->input.ptr,
			front->open.raw_len);
}

/* a block holds whatever stands in it, until a blank line and a record's beginning */
static bool block_goes_on(const struct open_record *open, const struct judgement *line)
{
	bool behind_blank = open->len > open->raw_len + 2;

	return line->shape != LINE_BLOCK && !(line->begins && behind_blank);
}

/* from the same process, so that other sessions' lines do not mix in */
static bool is_annex_of(const struct front *front, const struct judgement *line,
			struct slice text)
{
	const struct judgement *first = &front->open.first;

	return line->annex && first->scanned &&
	       first->header.severity != SEVERITY_NONE &&
	       slice_equal(header_slice(open_bytes(front), first->header.pid),
			   header_slice(text, line->header.pid));
}

static bool goes_on(struct front *front, const struct judgement *line,
		    struct slice text)
{
	struct open_record *open = &front->open;

	if (open->first.stream != line->stream)
		return false;
	if (open->partial || is_annex_of(front, line, text))
		return true;
	if (open->first.shape == LINE_BLOCK)
		return block_goes_on(open, line);
	if (open->lines == 1 && open->first.scanned && line->scanned &&
	    line->header.timestamp_us == TIMESTAMP_NONE &&
	    line->header.severity != SEVERITY_NONE &&
	    header_begins_pair(open_bytes(front), &open->first.header, text))
		return true;
	if (line->begins || open->first.complete)
		return false;
	if (open->wants_more || trace_flow_goes_on(&open->trace, line))
		return true;
	if (trace_flow_parts(&open->trace, line))
		return false;
	if (line->shape != LINE_PLAIN)
		return true;
	return front->headers_shown && !lines_begin_alike(open_bytes(front), text);
}

static struct timestamp_context context_at(const struct front *front, int64_t now_us)
{
	return (struct timestamp_context){
		.now_us = now_us,
		.zone_offset_s = front->config.zone_offset_s,
	};
}

/* use: of the raw bytes as one line; NULL when they are several */
static void fill_record(struct front *front, struct slice raw,
			const struct header *header, const struct shape_use *use,
			struct record *record)
{
	struct timestamp_context context =
		context_at(front, record->observed_timestamp_us);
	struct parse_input input = {
		.raw = raw,
		.header = header,
		.context = &context,
		.scratch = &front->scratch,
	};

	if (!shape_parse(front->config.shapes, use, &input, record))
		front->stats.invalid_utf8++;
	front->stats.records++;
}

/* gives the open record out; the window then begins behind it */
static void emit(struct front *front, bool cut, struct record *record,
		 struct front_extent *extent)
{
	struct open_record *open = &front->open;
	bool is_held = front->held.len > 0;

	record->observed_timestamp_us = open->now_us;
	fill_record(front, open_bytes(front),
		    open->first.scanned ? &open->first.header : NULL,
		    open->one_line ? &open->use : NULL, record);
	*extent = (struct front_extent){
		.begin = front->begin,
		.end = front->begin + front->lead + open->len,
		.first_line = open->first_line,
		.lines = open->lines,
		.cut = cut,
	};
	front->begin = extent->end;
	front->lead = 0;
	if (is_held)
		front->given = open->len;
	else
		front->input = slice_from(front->input, open->len);
	open->any = false;
	open->len = 0;
	open->raw_len = 0;
}

static void count_line(struct front *front, const struct line *line)
{
	if (line->ended || !line->piece) {
		front->stats.lines++;
		front->line++;
	}
	front->in_long_line = line->piece;
}

/* nothing is open: held is empty, or this line alone */
static void drop_leading(struct front *front, const struct line *line)
{
	front->lead += line->full;
	if (front->held.len > 0)
		buf_clear(&front->held);
	else
		front->input = slice_from(front->input, line->full);
}

static void start_record(struct front *front, const struct line *line,
			 const struct judgement *judged, const struct shape_use *use)
{
	struct open_record *open = &front->open;

	open->any = true;
	open->len = line->full;
	open->raw_len = line->text.len;
	open->first_line = front->line + 1;
	open->lines = 1;
	open->now_us = front->now_us;
	open->trace = trace_flow_begin(judged);
	open->first = *judged;
	open->use = *use;
	open->one_line = true;
	open->partial = judged->partial;
	open->wants_more = judged->wants_more;
	if (judged->begins && judged->shape != LINE_CRASH &&
	    !judge_is_bare_word(line->text, judged))
		front->headers_shown = true;
}

/* the line, which lies behind the open record, becomes part of it */
static void extend_record(struct front *front, const struct line *line, bool blank)
{
	struct open_record *open = &front->open;

	if (!blank) {
		open->raw_len = open->len + line->text.len;
		open->one_line = false;
	}
	if (front->held.len == open->len && front->held.len > 0) {
		buf_append(&front->held, front->input.ptr, line->full);
		front->input = slice_from(front->input, line->full);
	}
	open->len += line->full;
	open->lines++;
}

/* blank lines may follow a full record, as they add nothing to it */
static bool is_full(const struct front *front, const struct line *line, bool blank)
{
	size_t max = front->config.record_bytes_max;

	return front->open.len + line->full > (blank ? 2 * max : max) ||
	       (!blank && front->open.lines >= front->config.record_lines_max);
}

static void count_cut(struct front *front)
{
	if (front->open.lines >= front->config.record_lines_max)
		front->stats.cut_by_lines++;
	else
		front->stats.cut_by_bytes++;
}

static void judge(struct front *front, const struct line *line, struct shape_use *use,
		  struct judgement *judged)
{
	struct timestamp_context context = context_at(front, front->now_us);

	if (!shape_judge(line->piece ? NULL : front->config.shapes, line->text,
			 &context, use, judged))
		judge_line(line->text, &context, &front->scratch, judged);
	if (front->ahead.any)
		shape_fetch(front->config.shapes, &front->ahead.use);
	/* what is cut is parsed as it will be read again: on its own */
	if (line->piece)
		judged->scanned = false;
}

/* true: a record was given out, and the line began the next one */
static bool take_line(struct front *front, const struct line *line,
		      struct shape_use *use, struct record *record,
		      struct front_extent *extent)
{
	struct open_record *open = &front->open;
	struct judgement judged;
	bool forced = front->in_long_line;

	judge(front, line, use, &judged);

	bool blank = judged.shape == LINE_BLANK;

	if (!open->any) {
		if (blank && !line->piece)
			drop_leading(front, line);
		else
			start_record(front, line, &judged, use);
		count_line(front, line);
		return false;
	}

	bool more =
		blank ? !line->piece
		      : !forced && !line->piece && goes_on(front, &judged, line->text);
	bool cut = (more && is_full(front, line, blank)) || (forced && !blank);

	if (more && !cut) {
		extend_record(front, line, blank);
		if (!blank) {
			open->partial = judged.partial;
			open->wants_more = judged.wants_more;
			trace_flow_note(&open->trace, &judged);
		}
		count_line(front, line);
		return false;
	}
	if (cut)
		count_cut(front);
	emit(front, cut, record, extent);
	start_record(front, line, &judged, use);
	count_line(front, line);
	return true;
}

bool front_next(struct front *front, struct record *record, struct front_extent *extent)
{
	struct line line;
	struct shape_use use;

	drop_given(front);
	arena_reset(&front->scratch);
	while (next_line(front, &line, &use)) {
		if (take_line(front, &line, &use, record, extent))
			return true;
	}
	if (!front->finishing) {
		stash_input(front);
		return false;
	}
	if (front->open.any) {
		emit(front, false, record, extent);
		return true;
	}
	front->finishing = false;
	front->begin += front->lead;
	front->lead = 0;
	stash_input(front);
	return false;
}

void front_whole(struct front *front, struct slice bytes, struct slice next,
		 int64_t now_us, struct record *record)
{
	struct timestamp_context context = context_at(front, now_us);
	struct slice text = line_without_end(bytes);
	const struct shape_use *found = NULL;
	struct shape_use use;

	front->stats.bytes += bytes.len;
	front->stats.lines++;
	arena_reset(&front->scratch);
	ahead_record(&front->ahead, front->config.shapes, next, text, &use);
	found = shape_find(front->config.shapes, text, &context, &use);
	if (front->ahead.any)
		shape_fetch(front->config.shapes, &front->ahead.use);
	record->observed_timestamp_us = now_us;
	fill_record(front, text, NULL, found, record);
}

uint64_t front_open_offset(const struct front *front)
{
	return front->begin;
}

size_t front_open_bytes(const struct front *front)
{
	return front->held.len - front->given + front->input.len + (size_t)front->lead;
}

const struct front_stats *front_stats(const struct front *front)
{
	return &front->stats;
}
