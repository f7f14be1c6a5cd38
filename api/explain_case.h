/* explain_case.h - what a language model is told of a group or a finding, and the
 * sections that it is to answer in
 *
 * Threads: any; pure. Owner: a case borrows all its texts.
 * Limits: EXPLAIN_EVENTS_MAX events, EXPLAIN_TEXT_MAX bytes of each.
 */
#ifndef SIFTD_API_EXPLAIN_CASE_H
#define SIFTD_API_EXPLAIN_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

#define EXPLAIN_EVENTS_MAX 12
#define EXPLAIN_TEXT_MAX ((size_t)2000)
/* part of what an explanation is cached by: rises when the words or the rules change */
#define EXPLAIN_VERSION 1

enum explain_kind { EXPLAIN_GROUP, EXPLAIN_FINDING };

struct explain_section {
	const char *id;
	const char *title;
	const char *ask;
	unsigned min, max;   /* claims */
	bool needs_evidence; /* each claim must cite; else it is advice */
	bool has_confidence; /* 0 to 100, of each claim */
};

struct explain_event {
	int64_t seq;
	struct slice time;    /* RFC 3339; ptr NULL: none */
	struct slice level;   /* ptr NULL: none */
	struct slice service; /* ptr NULL: none */
	struct slice text;    /* without secrets; UTF-8: the bytes a quote must be of */
};

struct explain_case {
	enum explain_kind kind;
	struct slice facts; /* JSON, without secrets */
	struct explain_event events[EXPLAIN_EVENTS_MAX];
	size_t events_count;
};

/* a copy whose texts lie in the arena */
void explain_case_copy(const struct explain_case *from, struct arena *arena,
		       struct explain_case *to);
const struct explain_section *explain_sections(enum explain_kind kind, size_t *count);

#endif
