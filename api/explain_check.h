/* explain_check.h - holds what a language model wrote against what it was shown
 *
 * Threads: any; pure. Owner: what is written is appended to the caller's buffers.
 * Limits: EXPLAIN_CLAIM_MAX bytes of a claim, EXPLAIN_CITATIONS_MAX citations of it,
 * and as many claims as its section takes; what is beyond is left out.
 *
 * A citation holds when its seq was among the events shown, and its quote, of
 * EXPLAIN_QUOTE_MIN bytes or more, stands in the very bytes shown of that event. A
 * claim is verified when it has citations, all of them hold, and its text names no seq
 * that was not shown. Citations that do not hold are not passed on.
 */
#ifndef SIFTD_API_EXPLAIN_CHECK_H
#define SIFTD_API_EXPLAIN_CHECK_H

#include <stdbool.h>

#include "api/explain_case.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define EXPLAIN_CLAIM_MAX 1000
#define EXPLAIN_CITATIONS_MAX 8
#define EXPLAIN_QUOTE_MIN 4

struct explain_verdict {
	unsigned claims; /* of the sections that need evidence */
	unsigned verified;
	unsigned missing; /* claims that sections should have, and do not */
};

/* answer: the model's text, JSON with or without words around it. Appends to content
 * {"sections": [{"id", "title", "claims": [{"text", "confidence", "verified",
 * "citations": [{"seq", "quote"}]}]}], "evidence_cited": [seq...], "verified_share"};
 * verified is null for advice without citations. Appends to complaint what is wrong,
 * for the repair round. -1: it is no such object, and nothing was appended but to
 * complaint */
MUST_CHECK int explain_check(const struct explain_case *subject, struct slice answer,
			     struct explain_verdict *verdict, struct buf *content,
			     struct buf *complaint);
/* 1 when there is nothing to verify */
double explain_share(const struct explain_verdict *verdict);

#endif
