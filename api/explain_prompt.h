/* explain_prompt.h - the request to a language model: a body for POST /chat/completions
 *
 * Threads: any; pure. Owner: appends to the caller's buffer, borrows all else.
 *
 * Source: OpenAI's chat completions, as many servers speak them. Servers differ in what
 * `response_format` they take, so there is a ladder of forms, see explain_call.h.
 *
 * What comes from logs stands in one message, in JSON, between two lines that hold a
 * nonce nobody outside can know: no event can end the data and go on as an instruction.
 */
#ifndef SIFTD_API_EXPLAIN_PROMPT_H
#define SIFTD_API_EXPLAIN_PROMPT_H

#include "api/explain_case.h"
#include "base/buf.h"

/* from the surest down */
enum explain_form {
	EXPLAIN_STRICT, /* a schema that decoding is held to */
	EXPLAIN_SCHEMA, /* a schema */
	EXPLAIN_OBJECT, /* any JSON object */
	EXPLAIN_PLAIN   /* no word of it: some servers know no such field */
};

struct explain_prompt {
	const struct explain_case *subject;
	const char *model;
	const char *nonce;
	enum explain_form form;
	unsigned tokens_max; /* of the answer */
	/* of the repair round: what was answered, and what is wrong with it; or empty
	 */
	struct slice earlier;
	struct slice complaint;
};

void explain_write_prompt(const struct explain_prompt *prompt, struct buf *out);

#endif
