/* insight_case.h - gathers what an explanation is made from: facts and events
 *
 * Threads: the loop thread only.
 * Owner: all lies in the request's arena, and ends with the request.
 * Limits: EXPLAIN_EVENTS_MAX events: of a group the first and the last ones in the
 *         scope, of a finding its evidence. Everything passed through the redactor.
 */
#ifndef SIFTD_API_INSIGHT_CASE_H
#define SIFTD_API_INSIGHT_CASE_H

#include "api/explain_case.h"
#include "api/request.h"

struct redactor;

/* which group or finding */
struct insight_wanted {
	enum explain_kind kind;
	bool by_key;  /* a group, by a fingerprint of its own */
	uint64_t key; /* of by_key */
	int64_t id;   /* else */
};

struct insight_case {
	struct explain_case subject;
	int64_t id;    /* of the group or finding */
	int64_t count; /* of its events in the scope */
	size_t redacted;
};

typedef void insight_case_fn(struct request *request, const struct insight_case *found,
			     void *context);

/* calls done later, unless the request was answered: 404 when there is none, 503 ... */
void insight_case_gather(struct request *request, const struct insight_wanted *wanted,
			 struct redactor *redactor, insight_case_fn *done,
			 void *context);

#endif
