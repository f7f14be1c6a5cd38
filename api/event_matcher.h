/* event_matcher.h - whether raw bytes hold a searched text, or match a pattern
 *
 * Threads: one thread at a time. Pure.
 * Owner: event_matcher_free frees; the filter's text is copied.
 * Limits: a pattern's compiled size is PCRE2's own limit of 64 KiB; a match that takes
 *         more than EVENT_MATCHER_STEPS_MAX steps, or EVENT_MATCHER_HEAP_KB, ends with
 *         MATCH_TOO_COSTLY.
 *
 * A text is looked for without regard to the case of ASCII letters. A pattern is Perl
 * compatible (PCRE2), over UTF-8, and case-insensitive unless it says (?-i); bytes that
 * are not UTF-8 match nothing in it.
 */
#ifndef SIFTD_API_EVENT_MATCHER_H
#define SIFTD_API_EVENT_MATCHER_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define EVENT_MATCHER_STEPS_MAX 1000000
#define EVENT_MATCHER_HEAP_KB 8192

struct event_matcher;

enum match_verdict { MATCH_NO, MATCH_YES, MATCH_TOO_COSTLY };

/* the error says where a pattern is wrong */
MUST_CHECK int event_matcher_new(struct slice text, bool is_pattern,
				 struct event_matcher **out, struct error *error);
void event_matcher_free(struct event_matcher **matcher);
enum match_verdict event_matcher_test(struct event_matcher *matcher, struct slice raw);
/* a text that is in everything that the matcher finds (ASCII letters in any case), or
 * an empty one; for the blocks' filters of words */
struct slice event_matcher_needs(const struct event_matcher *matcher);
/* the longest run of bytes that every match of a pattern must hold; what it cannot be
 * sure of it leaves out. Appends to out. */
void event_pattern_literal(struct slice pattern, struct buf *out);

#endif
