/* explain.h - asks a language model for an explanation, and checks what it says
 *
 * Threads: the loop thread only.
 * Owner: explain_free ends open calls without their callbacks. A case, with all that it
 *        borrows, must live until its call's callback.
 * Limits: explain_config; an endpoint's answer beyond HTTP_ANSWER_MAX bytes is cut, and
 *         then unreadable. One repair round.
 *
 * The endpoint speaks OpenAI's chat completions (Groq, OpenAI, Ollama, llama.cpp,
 *vLLM).
 *
 *	ask -> 400 or 422: the next lower form of explain_prompt.h, remembered for all
 *	       429, 5xx, no answer: again later, as Retry-After says or with backoff
 *	       an answer: checked; what fails is told to the model, once
 *
 * The key is in no log line and no error.
 */
#ifndef SIFTD_API_EXPLAIN_H
#define SIFTD_API_EXPLAIN_H

#include <event2/event.h>
#include <stdbool.h>

#include "api/explain_case.h"
#include "base/buf.h"
#include "base/error.h"

struct explain;
struct redactor;

struct explain_config {
	const char *url; /* without /chat/completions; NULL: explanations are off */
	const char *model;
	const char *key;     /* NULL: the endpoint wants none */
	int64_t timeout_us;  /* of a call, with its retries and its repair */
	unsigned open_max;   /* calls at a time */
	unsigned tokens_max; /* of an answer */
	unsigned daily_max;  /* calls of an organisation in a day (UTC) */
};

struct explain_result {
	struct slice content; /* JSON, see explain_check.h; ptr NULL: it failed */
	double share;         /* of the claims that are verified */
	const char *error;    /* a sentence for people */
};

/* is called once, never from inside explain_start */
typedef void explain_done_fn(void *context, const struct explain_result *result);

/* strings are copied */
MUST_CHECK int explain_new(struct event_base *base, const struct explain_config *config,
			   const char *version, struct explain **out,
			   struct error *error);
void explain_free(struct explain **explain);
const struct explain_config *explain_configured(const struct explain *explain);
/* takes secrets out of what a case will hold; its owner is explain */
struct redactor *explain_redactor(struct explain *explain);
/* false: open_max calls are open */
MUST_CHECK bool explain_start(struct explain *explain,
			      const struct explain_case *subject, explain_done_fn *done,
			      void *context);
void explain_note_redacted(struct explain *explain, size_t count);
/* counters in the Prometheus text format */
void explain_write_metrics(const struct explain *explain, struct buf *out);

#endif
