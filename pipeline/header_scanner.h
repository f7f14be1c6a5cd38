/* header_scanner.h - the cursor over a line's header, shared by the header_*.c files
 * only
 *
 * Threads: a scanner lives in one call of header_scan.
 *
 * A take_ function stands at `at`, a byte that is no blank. It consumes and returns
 * true, or returns false with the cursor where it was.
 */
#ifndef SIFTD_PIPELINE_HEADER_SCANNER_H
#define SIFTD_PIPELINE_HEADER_SCANNER_H

#include "pipeline/byte_class.h"
#include "pipeline/header.h"

struct header_scanner {
	const char *text;
	const char *at;
	const char *end;
	const struct timestamp_context *context;
	struct header *out;
	enum timestamp_shape shape;      /* of the last stamp */
	enum timestamp_shape best_shape; /* of the one whose time is kept */
	bool stamped;
	bool booted;       /* begins a record, though no stamp of a clock is there */
	bool stamp_is_iso; /* begins the line, has a T: rsyslog's file format */
	char closer;       /* of a bracket that opened before the stamp */
	bool has_priority; /* a syslog daemon sent it */
	bool leveled;
	bool level_colon; /* "ERROR:" */
	bool component;
	unsigned numbers;
	unsigned groups;
};

/* an upper-case word alone is a level anywhere; others need more around them */
enum level_case { LEVEL_UPPER, LEVEL_CAPITALIZED, LEVEL_LOWER };

struct level {
	enum severity severity;
	enum level_case letter_case;
	const char *word;
	size_t len;
};

/* header_word.c */
bool header_read_level(const char *at, const char *end, struct level *level);
bool header_is_level_end(char c);

/* header_level.c */
/* "[INFO]", "(warn)", "[core:error]": bytes with the brackets, or 0 */
size_t header_read_bracketed_level(const struct header_scanner *s, const char *at,
				   struct level *level);
void header_set_level(struct header_scanner *s, const struct level *level);
bool header_take_level(struct header_scanner *s, const char *at);
bool header_take_letter_level(struct header_scanner *s, const char *at);
bool header_take_channel_level(struct header_scanner *s, const char *at, bool *ends);
/* "##[error]" of workflow runners */
bool header_take_mark(struct header_scanner *s, const char *at);
bool header_take_level_ahead(struct header_scanner *s, const char *at);

/* header_fields.c */
const char *header_component_end(const struct header_scanner *s, const char *at);
void header_set_component(struct header_scanner *s, const char *at, const char *to);
bool header_begins_annex(const char *at, const char *end);
bool header_take_named(struct header_scanner *s, const char *at, bool *ends);
bool header_take_column(struct header_scanner *s, const char *at);
bool header_take_name_dash(struct header_scanner *s, const char *at);
bool header_take_separator(struct header_scanner *s, const char *at, bool *ends);
bool header_take_number(struct header_scanner *s, const char *at);
bool header_take_group(struct header_scanner *s, const char *at);
bool header_take_thread(struct header_scanner *s, const char *at);

/* header_daemon.c: headers of one program's own, tried before the general ones */
bool header_take_klog(struct header_scanner *s);
bool header_take_redis(struct header_scanner *s);
bool header_take_kernel(struct header_scanner *s);
bool header_take_weblogic(struct header_scanner *s);
/* begins a record, and has nothing to take */
bool header_take_lambda(struct header_scanner *s);
bool header_take_syslog(struct header_scanner *s);

static inline const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && byte_is(*at, BYTE_BLANK))
		at++;
	return at;
}

static inline const char *field_end(const char *at, const char *end)
{
	while (at < end && !byte_is(*at, BYTE_BLANK))
		at++;
	return at;
}

static inline char byte_at(const struct header_scanner *s, const char *at)
{
	if (at < s->end)
		return *at;
	return '\0';
}

static inline bool blank_or_end(const struct header_scanner *s, const char *at)
{
	return at >= s->end || byte_is(*at, BYTE_BLANK);
}

static inline struct header_span span_of(const struct header_scanner *s,
					 const char *from, const char *to)
{
	return (struct header_span){ (uint32_t)(from - s->text),
				     (uint32_t)(to - from) };
}

static inline bool all_are(const char *at, const char *end, unsigned classes)
{
	for (; at < end; at++) {
		if (!byte_is(*at, classes))
			return false;
	}
	return true;
}

static inline char closer_of(char opener)
{
	switch (opener) {
	case '[':
		return ']';
	case '(':
		return ')';
	case '<':
		return '>';
	case '{':
		return '}';
	default:
		return '\0';
	}
}

#endif
