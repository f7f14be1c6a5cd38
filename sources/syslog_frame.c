/* syslog_frame.c - octet counting and non-transparent framing */
#include "sources/syslog_frame.h"

#include <assert.h>

/* longer numbers are no length of a frame */
#define COUNT_DIGITS_MAX 9

enum prefix { PREFIX_PARTIAL, PREFIX_NONE, PREFIX_COUNT };

void syslog_framer_deinit(struct syslog_framer *framer)
{
	buf_deinit(&framer->open);
	buf_deinit(&framer->given);
	*framer = (struct syslog_framer){ 0 };
}

void syslog_framer_feed(struct syslog_framer *framer, struct slice bytes)
{
	assert(framer->input.len == 0);
	framer->input = bytes;
}

/* MSG-LEN SP, and the "<" of the message; *len: of the prefix without "<" */
static enum prefix parse_prefix(struct slice bytes, size_t *len, size_t *count)
{
	size_t at = 0;

	*count = 0;
	while (at < bytes.len && bytes.ptr[at] >= '0' && bytes.ptr[at] <= '9') {
		*count = *count * 10 + (size_t)(bytes.ptr[at] - '0');
		at++;
		if (*count == 0 || at > COUNT_DIGITS_MAX)
			return PREFIX_NONE;
	}
	if (at < bytes.len && (at == 0 || bytes.ptr[at] != ' '))
		return PREFIX_NONE;
	*len = at + 1;
	if (bytes.len < at + 2)
		return PREFIX_PARTIAL;
	return bytes.ptr[at + 1] == '<' ? PREFIX_COUNT : PREFIX_NONE;
}

static bool is_separator(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

static void skip_separators(struct syslog_framer *framer)
{
	size_t n = 0;

	while (n < framer->input.len && is_separator(framer->input.ptr[n]))
		n++;
	framer->input = slice_from(framer->input, n);
}

/* moves input to the open frame, which keeps no more than the bound */
static void keep(struct syslog_framer *framer, size_t len)
{
	size_t held = framer->open.len;
	/* a prefix that turned out to be none may be longer than a tiny bound */
	size_t room =
		held < framer->frame_bytes_max ? framer->frame_bytes_max - held : 0;
	struct slice bytes = slice_head(framer->input, len);
	struct slice kept = slice_head(bytes, room);

	buf_append_slice(&framer->open, kept);
	framer->dropped += bytes.len - kept.len;
	framer->input = slice_from(framer->input, len);
}

/* the prefix is whole in the input, which is the usual case */
static bool begin_in_input(struct syslog_framer *framer)
{
	size_t len = 0;
	size_t count = 0;
	enum prefix prefix = parse_prefix(framer->input, &len, &count);

	if (prefix == PREFIX_PARTIAL)
		return false;
	framer->framing = prefix == PREFIX_COUNT ? SYSLOG_FRAMING_COUNTED
						 : SYSLOG_FRAMING_DELIMITED;
	framer->left = count;
	if (prefix == PREFIX_COUNT)
		framer->input = slice_from(framer->input, len);
	return true;
}

/* the prefix is divided over feeds: it is looked at byte by byte in the open frame */
static bool begin_in_open(struct syslog_framer *framer)
{
	enum prefix prefix = PREFIX_PARTIAL;
	struct slice input = framer->input;
	size_t used = 0;
	size_t len = 0;
	size_t count = 0;

	assert(input.ptr != NULL);
	while (prefix == PREFIX_PARTIAL && used < input.len) {
		buf_append(&framer->open, input.ptr + used, 1);
		prefix = parse_prefix(buf_slice(&framer->open), &len, &count);
		used++;
	}
	if (prefix == PREFIX_PARTIAL) {
		framer->input = slice_from(input, used);
		return false;
	}
	/* the byte that decided belongs to the frame, or may end it */
	framer->open.len--;
	framer->input = slice_from(input, used - 1);
	framer->framing = SYSLOG_FRAMING_DELIMITED;
	if (prefix == PREFIX_COUNT) {
		framer->framing = SYSLOG_FRAMING_COUNTED;
		framer->left = count;
		buf_clear(&framer->open);
	}
	return true;
}

/* false: more bytes are needed to know the framing */
static bool begin_frame(struct syslog_framer *framer)
{
	if (framer->open.len == 0)
		skip_separators(framer);
	if (framer->input.len == 0)
		return false;
	if (framer->open.len == 0 && begin_in_input(framer))
		return true;
	return begin_in_open(framer);
}

static struct slice without_line_end(struct slice s)
{
	if (s.ptr == NULL)
		return s;
	if (s.len > 0 && s.ptr[s.len - 1] == '\n')
		s.len--;
	if (s.len > 0 && s.ptr[s.len - 1] == '\r')
		s.len--;
	return s;
}

/* what is empty but for its line end is none */
static bool give(struct syslog_framer *framer, struct slice raw, struct slice *frame)
{
	if (framer->dropped > 0) {
		framer->truncated_frames++;
		framer->dropped_bytes += framer->dropped;
		*frame = raw;
	} else {
		*frame = without_line_end(raw);
	}
	framer->dropped = 0;
	framer->framing = SYSLOG_FRAMING_UNKNOWN;
	return frame->len > 0;
}

/* the open frame is complete; its bytes stay until the next feed, though the next frame
 * may begin to be kept before that */
static bool give_open(struct syslog_framer *framer, struct slice *frame)
{
	struct buf swap = framer->given;

	framer->given = framer->open;
	framer->open = swap;
	buf_clear(&framer->open);
	return give(framer, buf_slice(&framer->given), frame);
}

/* the frame's last bytes are the next len of the input */
static bool complete(struct syslog_framer *framer, size_t len, struct slice *frame)
{
	struct slice raw = slice_head(framer->input, len);

	if (framer->open.len > 0) {
		keep(framer, len);
		return give_open(framer, frame);
	}
	framer->input = slice_from(framer->input, len);
	if (raw.len > framer->frame_bytes_max) {
		framer->dropped = raw.len - framer->frame_bytes_max;
		raw.len = framer->frame_bytes_max;
	}
	return give(framer, raw, frame);
}

/* bytes in front of the first LF or NUL; all of them when there is none */
static size_t delimiter_at(struct slice s)
{
	const char *lf = NULL;
	const char *nul = NULL;
	size_t at = s.len;

	if (s.ptr == NULL)
		return 0;
	lf = memchr(s.ptr, '\n', s.len);
	if (lf != NULL)
		at = (size_t)(lf - s.ptr);
	nul = memchr(s.ptr, '\0', at);
	return nul == NULL ? at : (size_t)(nul - s.ptr);
}

enum outcome { OUTCOME_MORE, OUTCOME_EMPTY, OUTCOME_FRAME };

static enum outcome given(bool frame)
{
	return frame ? OUTCOME_FRAME : OUTCOME_EMPTY;
}

static enum outcome next_counted(struct syslog_framer *framer, struct slice *frame)
{
	size_t len = framer->left;

	if (framer->input.len >= len)
		return given(complete(framer, len, frame));
	framer->left -= framer->input.len;
	keep(framer, framer->input.len);
	return OUTCOME_MORE;
}

static enum outcome next_delimited(struct syslog_framer *framer, struct slice *frame)
{
	size_t len = delimiter_at(framer->input);
	bool whole = len < framer->input.len;
	enum outcome outcome = OUTCOME_MORE;

	if (!whole) {
		keep(framer, len);
		return OUTCOME_MORE;
	}
	outcome = given(complete(framer, len, frame));
	framer->input = slice_from(framer->input, 1);
	return outcome;
}

bool syslog_framer_next(struct syslog_framer *framer, struct slice *frame)
{
	enum outcome outcome = OUTCOME_EMPTY;

	while (outcome == OUTCOME_EMPTY) {
		if (framer->framing == SYSLOG_FRAMING_UNKNOWN && !begin_frame(framer))
			return false;
		if (framer->framing == SYSLOG_FRAMING_COUNTED)
			outcome = next_counted(framer, frame);
		else
			outcome = next_delimited(framer, frame);
	}
	return outcome == OUTCOME_FRAME;
}

bool syslog_framer_finish(struct syslog_framer *framer, struct slice *frame)
{
	assert(framer->input.len == 0);
	framer->left = 0;
	return give_open(framer, frame);
}
