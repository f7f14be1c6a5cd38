/* event_matcher.c - texts by their rarest place, patterns by PCRE2 */
#include "api/event_matcher.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/mem.h"

struct event_matcher {
	/* lower-cased when it is a plain text */
	struct buf text;
	/* of a pattern, else NULL */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	struct buf literal;
};

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	return c;
}

static char upper(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - ('a' - 'A'));
	return c;
}

static void set_text(struct event_matcher *matcher, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_append_char(&matcher->text, lower(text.ptr[i]));
}

static int compile(struct event_matcher *matcher, struct slice pattern,
		   struct error *error)
{
	int code = 0;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR why[128];

	matcher->code =
		pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
			      PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
				      PCRE2_NEVER_BACKSLASH_C,
			      &code, &at, NULL);
	if (matcher->code == NULL) {
		(void)pcre2_get_error_message(code, why, sizeof(why)); /* it fits */
		return error_set(error, "q is not a pattern: %s, at byte %zu",
				 (const char *)why, (size_t)at);
	}
	/* where memory may not become code, matching is interpreted: slower, the same
	 */
	(void)pcre2_jit_compile(matcher->code, PCRE2_JIT_COMPLETE);
	matcher->data = pcre2_match_data_create(1, NULL);
	matcher->limits = pcre2_match_context_create(NULL);
	if (matcher->data == NULL || matcher->limits == NULL)
		abort(); /* out of memory */
	(void)pcre2_set_match_limit(matcher->limits, EVENT_MATCHER_STEPS_MAX); /* 0 */
	(void)pcre2_set_heap_limit(matcher->limits, EVENT_MATCHER_HEAP_KB);    /* 0 */
	event_pattern_literal(pattern, &matcher->literal);
	return 0;
}

int event_matcher_new(struct slice text, bool is_pattern, struct event_matcher **out,
		      struct error *error)
{
	struct event_matcher *matcher = mem_calloc(1, sizeof(*matcher));

	*out = NULL;
	if (is_pattern && compile(matcher, text, error) < 0) {
		event_matcher_free(&matcher);
		return -1;
	}
	if (!is_pattern)
		set_text(matcher, text);
	*out = matcher;
	return 0;
}

void event_matcher_free(struct event_matcher **matcher_ptr)
{
	struct event_matcher *matcher = *matcher_ptr;

	if (matcher == NULL)
		return;
	buf_deinit(&matcher->text);
	buf_deinit(&matcher->literal);
	pcre2_code_free(matcher->code);
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->limits);
	mem_free(matcher);
	*matcher_ptr = NULL;
}

static bool equal_lowered(const char *bytes, struct slice lowered)
{
	for (size_t i = 0; i < lowered.len; i++) {
		if (lower(bytes[i]) != lowered.ptr[i])
			return false;
	}
	return true;
}

/* the first place from `at` on where a byte or its capital stands, or `end` */
static size_t find_either(struct slice raw, size_t at, char low)
{
	const char *begin = raw.ptr + at;
	const char *first = memchr(begin, low, raw.len - at);
	size_t len = first == NULL ? raw.len - at : (size_t)(first - begin);
	const char *other = upper(low) == low ? NULL : memchr(begin, upper(low), len);

	return other != NULL ? at + (size_t)(other - begin) : at + len;
}

static bool holds(struct slice raw, struct slice text)
{
	size_t last = text.len - 1;

	if (text.len == 0)
		return true;
	/* its last byte is looked for, as log lines share more beginnings */
	for (size_t at = last; at < raw.len; at++) {
		at = find_either(raw, at, text.ptr[last]);
		if (at < raw.len && equal_lowered(raw.ptr + at - last, text))
			return true;
	}
	return false;
}

enum match_verdict event_matcher_test(struct event_matcher *matcher, struct slice raw)
{
	int found = 0;

	if (matcher->code == NULL)
		return holds(raw, buf_slice(&matcher->text)) ? MATCH_YES : MATCH_NO;
	found = pcre2_match(matcher->code, (PCRE2_SPTR)raw.ptr, raw.len, 0, 0,
			    matcher->data, matcher->limits);
	if (found >= 0)
		return MATCH_YES;
	return found == PCRE2_ERROR_NOMATCH ? MATCH_NO : MATCH_TOO_COSTLY;
}

struct slice event_matcher_needs(const struct event_matcher *matcher)
{
	return buf_slice(matcher->code == NULL ? &matcher->text : &matcher->literal);
}

/* k and s have partners beyond ASCII, the Kelvin sign and the long s */
static bool is_sure(char c)
{
	if (lower(c) == 'k' || lower(c) == 's')
		return false;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr(" _-:/=,;@%&<>'\"!~", c));
}

struct literal_scan {
	struct slice pattern;
	size_t at;
	size_t depth; /* of groups, in which nothing is sure */
	struct buf run;
	struct buf best;
};

static void end_run(struct literal_scan *scan)
{
	if (scan->run.len > scan->best.len) {
		buf_clear(&scan->best);
		buf_append_slice(&scan->best, buf_slice(&scan->run));
	}
	buf_clear(&scan->run);
}

/* the character before this one may be missing, or stand more than once */
static void drop_repeated(struct literal_scan *scan)
{
	if (scan->run.len > 0)
		scan->run.len--;
	end_run(scan);
}

/* to what closes an opening [ or {. false: it holds what would take more to understand
 */
static bool skip_to(struct literal_scan *scan, char close)
{
	struct slice rest = slice_from(scan->pattern, scan->at + 1);
	const char *end = rest.len == 0 ? NULL : memchr(rest.ptr, close, rest.len);
	size_t len = end == NULL ? 0 : (size_t)(end - rest.ptr);

	scan->at += 1 + len;
	return len > 0 && rest.ptr[0] != '^' && memchr(rest.ptr, '[', len) == NULL &&
	       memchr(rest.ptr, '\\', len) == NULL;
}

/* false: nothing can be said about the pattern */
static bool scan_escape(struct literal_scan *scan)
{
	char c = '\0';

	end_run(scan);
	if (++scan->at >= scan->pattern.len)
		return false;
	c = scan->pattern.ptr[scan->at];
	/* classes and assertions of one letter, and bytes that stand for themselves */
	return strchr("dDwWsSbBAzZ.[](){}*+?|^$\\/-", c) != NULL && c != '\0';
}

static bool scan_one(struct literal_scan *scan)
{
	char c = scan->pattern.ptr[scan->at];

	switch (c) {
	case '|':
		return scan->depth > 0; /* one of several at the top */
	case '\\':
		return scan_escape(scan);
	case '(':
		scan->depth++;
		end_run(scan);
		return true;
	case ')':
		end_run(scan);
		return scan->depth-- > 0;
	case '[':
		end_run(scan);
		return skip_to(scan, ']');
	case '?':
	case '*':
	case '+':
		drop_repeated(scan);
		return true;
	case '{':
		drop_repeated(scan);
		return skip_to(scan, '}');
	default:
		if (scan->depth == 0 && is_sure(c))
			buf_append_char(&scan->run, c);
		else
			end_run(scan);
		return true;
	}
}

void event_pattern_literal(struct slice pattern, struct buf *out)
{
	struct literal_scan scan = { .pattern = pattern };
	bool sure = true;

	/* options could change what the rest means */
	for (size_t i = 0; i + 1 < pattern.len && sure; i++)
		sure = pattern.ptr[i] != '(' ||
		       (pattern.ptr[i + 1] != '?' && pattern.ptr[i + 1] != '*');
	for (; scan.at < pattern.len && sure; scan.at++)
		sure = scan_one(&scan);
	end_run(&scan);
	if (sure && scan.depth == 0)
		buf_append_slice(out, buf_slice(&scan.best));
	buf_deinit(&scan.run);
	buf_deinit(&scan.best);
}
