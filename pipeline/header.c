/* header.c - two phases: the last stamp near the line's start, then what a header holds
 * behind it (levels, numbers, bracket groups, a component), until a byte of prose.
 * The cursor only moves forward. */
#include "pipeline/header.h"

#include "base/compiler.h"
#include "pipeline/header_scanner.h"

#define FIELDS_BETWEEN_MAX 4
#define PIPES_MAX 4

/* "Jan 2", "Sun, 6 Nov": most words are told from them by their case or fourth byte */
static bool may_be_day_or_month(const struct header_scanner *s, const char *at)
{
	return s->end - at > 8 && byte_is(at[0], BYTE_UPPER) &&
	       byte_is(at[1], BYTE_LOWER) && byte_is(at[2], BYTE_LOWER) &&
	       (at[3] == ' ' || at[3] == ',' || byte_is(at[3], BYTE_LOWER));
}

static size_t read_bare_stamp(const struct header_scanner *s, const char *at,
			      struct timestamp_match *match)
{
	if (byte_is(*at, BYTE_ALPHA) && !may_be_day_or_month(s, at))
		return 0;
	return timestamp_scan(slice_of(at, (size_t)(s->end - at)), s->context, match);
}

/* a stamp, bare or in brackets; bytes consumed */
static size_t read_stamp(struct header_scanner *s, const char *at,
			 struct timestamp_match *match)
{
	/* Cisco marks clocks that are not set */
	if (*at == '*' && at + 1 < s->end && byte_is(at[1], BYTE_UPPER)) {
		size_t len = read_bare_stamp(s, at + 1, match);

		return len > 0 ? len + 1 : 0;
	}
	if (byte_is(*at, BYTE_ALNUM))
		return read_bare_stamp(s, at, match);

	char closer = closer_of(*at);
	if (closer == '\0')
		return 0;

	const char *inside = skip_blanks(at + 1, s->end);
	size_t len = timestamp_scan(slice_of(inside, (size_t)(s->end - inside)),
				    s->context, match);

	if (len == 0)
		return 0;
	inside += len;
	if (byte_at(s, inside) == closer)
		return (size_t)(inside + 1 - at);
	s->closer = closer;
	return (size_t)(inside - at);
}

static void take_stamp(struct header_scanner *s, const char *at, size_t len,
		       const struct timestamp_match *match)
{
	/* of several, the one that says most; a later one of the same kind wins */
	if (match->us != TIMESTAMP_NONE &&
	    (s->out->timestamp_us == TIMESTAMP_NONE || match->shape >= s->best_shape)) {
		s->out->timestamp_us = match->us;
		s->best_shape = match->shape;
	}
	if (match->us == TIMESTAMP_NONE)
		s->out->absurd = span_of(s, at, at + len);
	s->stamp_is_iso = at == s->text && match->shape == TIMESTAMP_FULL &&
			  len >= 20 && at[10] == 'T';
	s->shape = match->shape;
	s->stamped = true;
	s->at = at + len;
}

/* the field holds a level, or - behind a stamp - what only stands behind stamps */
static bool field_stops_stamps(const struct header_scanner *s, const char *at,
			       const char *to)
{
	struct level level;

	if (s->stamped && (to[-1] == ':' || memchr(at, '|', (size_t)(to - at)) != NULL))
		return true;
	if (byte_is(*at, BYTE_UPPER))
		return header_read_level(at, to, &level) &&
		       level.letter_case == LEVEL_UPPER &&
		       header_is_level_end(byte_at(s, at + level.len));
	return !byte_is(*at, BYTE_ALNUM) &&
	       header_read_bracketed_level(s, at, &level) > 0;
}

static void find_stamps(struct header_scanner *s)
{
	const char *limit = s->end - s->text > HEADER_BYTES_MAX
				    ? s->text + HEADER_BYTES_MAX
				    : s->end;
	const char *at = s->text;
	unsigned others = 0;
	unsigned words = 0;

	for (unsigned items = 0; items < HEADER_ITEMS_MAX; items++) {
		struct timestamp_match match;

		at = skip_blanks(at, limit);
		if (at >= limit)
			return;

		size_t len = read_stamp(s, at, &match);

		if (len > 0) {
			take_stamp(s, at, len, &match);
			at = s->at;
			others = 0;
			continue;
		}
		if (s->stamped && *at == '[')
			return;

		const char *to = field_end(at, s->end);

		if (++others > FIELDS_BETWEEN_MAX || field_stops_stamps(s, at, to))
			return;
		/* prose that mentions a time is no header; it begins with a word */
		if (s->stamped ? all_are(at, to, BYTE_LOWER)
			       : (words > 0 || others == 1) &&
					 all_are(at, to, BYTE_ALPHA) && ++words > 1)
			return;
		at = to;
	}
}

static void set_pipe_field(struct header_scanner *s, const char *at, const char *to)
{
	struct level level;

	if (!s->leveled && header_read_level(at, to, &level) && at + level.len == to) {
		header_set_level(s, &level);
	} else if (byte_is(*at, BYTE_DIGIT)) {
		if (s->out->pid.len == 0)
			s->out->pid = span_of(s, at, to);
	} else if (!s->component) {
		header_set_component(s, at, to);
	}
}

/* "| INFO | main | message": blank-free fields, each ended by a pipe */
static bool take_pipes(struct header_scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);

	if (byte_at(s, at) != '|')
		return false;
	at++;
	for (unsigned fields = 0; fields < PIPES_MAX; fields++) {
		const char *from = skip_blanks(at, s->end);
		const char *to = from;

		while (to < s->end && *to != '|' && !byte_is(*to, BYTE_BLANK))
			to++;

		const char *pipe = skip_blanks(to, s->end);

		if (byte_at(s, pipe) != '|')
			break;
		if (to > from)
			set_pipe_field(s, from, to);
		at = pipe + 1;
	}
	s->at = at;
	at = skip_blanks(at, s->end);
	if (at < s->end && header_take_name_dash(s, at) && byte_at(s, s->at) == '-')
		s->at++;
	return true;
}

static bool take_closer(struct header_scanner *s, const char *at, bool *ends)
{
	if (s->closer == '\0' || *at != s->closer)
		return false;
	s->closer = '\0';
	s->at = at + 1;
	*ends = s->leveled && s->component;
	return true;
}

static bool take_late_stamp(struct header_scanner *s, const char *at)
{
	struct timestamp_match match;
	size_t len = s->stamped ? 0 : read_stamp(s, at, &match);

	if (len == 0)
		return false;
	take_stamp(s, at, len, &match);
	return true;
}

/* an item that begins with a letter */
static bool take_word(struct header_scanner *s, const char *at, bool *ends)
{
	if (s->leveled && s->component)
		return false;
	if (header_take_level(s, at) || header_take_letter_level(s, at) ||
	    header_take_channel_level(s, at, ends) || header_take_named(s, at, ends))
		return true;
	return header_take_column(s, at) || header_take_thread(s, at) ||
	       header_take_name_dash(s, at) || header_take_level_ahead(s, at);
}

/* one item of the header; false: none is here. *ends: the body follows it. */
static bool take_item(struct header_scanner *s, const char *at, bool *ends)
{
	if (take_late_stamp(s, at))
		return true;
	if (byte_is(*at, BYTE_ALPHA))
		return take_word(s, at, ends);
	if (byte_is(*at, BYTE_DIGIT) || *at == '#')
		return header_take_number(s, at) || header_take_mark(s, at) ||
		       header_take_level_ahead(s, at);
	return take_closer(s, at, ends) || header_take_mark(s, at) ||
	       header_take_separator(s, at, ends) || header_take_number(s, at) ||
	       header_take_level(s, at) || header_take_named(s, at, ends) ||
	       header_take_group(s, at);
}

static void take_items(struct header_scanner *s)
{
	bool ends = false;
	const char *last = s->at;

	for (unsigned items = 0; items < HEADER_ITEMS_MAX && !ends; items++) {
		const char *at = skip_blanks(s->at, s->end);

		if (at >= s->end)
			break;
		if (!take_item(s, at, &ends))
			return;
		last = at;
	}
	/* a line that is all header says something with its last word */
	if (skip_blanks(s->at, s->end) == s->end &&
	    byte_is(byte_at(s, last), BYTE_ALNUM) && s->stamped && !s->component)
		s->at = last;
}

static uint8_t judge_confidence(const struct header_scanner *s)
{
	unsigned percent = 30;

	if (s->out->timestamp_us != TIMESTAMP_NONE)
		percent += s->best_shape >= TIMESTAMP_SYSLOG ? 35 : 20;
	if (s->leveled)
		percent += 20;
	if (s->component)
		percent += 10;
	return (uint8_t)percent;
}

static void scan_general(struct header_scanner *s)
{
	find_stamps(s);
	if (s->stamped) {
		if ((s->has_priority || s->shape == TIMESTAMP_SYSLOG ||
		     s->stamp_is_iso) &&
		    header_take_syslog(s))
			return;
		if (take_pipes(s))
			return;
	}
	take_items(s);
}

static void scan(struct slice line, const struct timestamp_context *context,
		 bool has_priority, struct header *header)
{
	struct header_scanner s = {
		.text = line.ptr,
		.at = line.ptr,
		.end = line.ptr + line.len,
		.context = context,
		.out = header,
		.has_priority = has_priority,
	};

	*header = (struct header){ .timestamp_us = TIMESTAMP_NONE };
	while (s.end > s.text && s.end[-1] == '\r')
		s.end--;
	if (s.end == s.text)
		return;
	if (!(byte_is(*s.at, BYTE_UPPER) &&
	      (header_take_klog(&s) || header_take_lambda(&s))) &&
	    !(byte_is(*s.at, BYTE_DIGIT) && header_take_redis(&s)) &&
	    !(*s.at == '[' && header_take_kernel(&s)) &&
	    !(*s.at == '#' && header_take_weblogic(&s)))
		scan_general(&s);
	header->found = s.stamped || s.booted || (s.leveled && s.at > s.text);
	header->confidence = judge_confidence(&s);
	if (header->found)
		header->body = (uint32_t)(skip_blanks(s.at, s.end) - s.text);
}

void header_scan(struct slice line, const struct timestamp_context *context,
		 struct header *header)
{
	scan(line, context, false, header);
}

void header_scan_syslog(struct slice line, const struct timestamp_context *context,
			struct header *header)
{
	scan(line, context, true, header);
}

bool header_begins_pair(struct slice first, const struct header *header,
			struct slice second)
{
	const char *at = first.ptr + header->body;
	const char *end = first.ptr + first.len;
	const char *to = field_end(at, end);
	struct level level;

	if (header->timestamp_us == TIMESTAMP_NONE ||
	    header->severity != SEVERITY_NONE || header->body >= first.len)
		return false;
	/* "a.b.Class method" */
	if (memchr(at, '.', (size_t)(to - at)) == NULL ||
	    !all_are(at, to, BYTE_IDENT) || end - to < 2 ||
	    !all_are(to + 1, end, BYTE_IDENT))
		return false;
	return second.len > 0 &&
	       header_read_level(second.ptr, second.ptr + second.len, &level) &&
	       level.letter_case == LEVEL_UPPER && level.len < second.len &&
	       second.ptr[level.len] == ':';
}

/* the word may stand behind what a line prefix was told to hold: user@db, application
 */
bool header_is_annex(struct slice line, const struct header *header)
{
	const char *at = line.ptr + header->body;
	const char *end = line.ptr + line.len;

	if (header->timestamp_us == TIMESTAMP_NONE || header->severity != SEVERITY_NONE)
		return false;
	for (unsigned fields = 0; fields <= 2 && at < end; fields++) {
		if (header_begins_annex(at, end))
			return true;
		at = skip_blanks(field_end(at, end), end);
	}
	return false;
}
