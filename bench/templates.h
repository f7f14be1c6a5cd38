/* templates.h - the messages that generated logs are made of
 *
 * Threads: templates_new once, then read by any. Owner: templates_free frees.
 */
#ifndef SIFTD_BENCH_TEMPLATES_H
#define SIFTD_BENCH_TEMPLATES_H

#include <stddef.h>

#include "base/buf.h"
#include "bench/random.h"
#include "pipeline/record.h"

/* who writes such messages */
enum family {
	FAMILY_APPLICATION,
	FAMILY_SYSTEM,
	FAMILY_KUBERNETES,
	FAMILY_POSTGRES,
	FAMILY_APACHE,
	FAMILY_REDIS,
	FAMILY_COUNT
};

/* text with {name} for variables */
struct template_text {
	enum severity severity;
	const char *program; /* of FAMILY_SYSTEM; else NULL */
	const char *text;
};

struct template; /* a text taken apart */
struct templates;

struct templates *templates_new(void);
void templates_free(struct templates **templates);
size_t templates_count(const struct templates *templates);
/* the first of a family are taken far more often than the last */
const struct template *templates_choose(const struct templates *templates,
					enum family family, struct random *random);
enum severity template_severity(const struct template *chosen);
/* NULL when a service writes it */
const char *template_program(const struct template *chosen);
/* the message with values; quote: JSON and logfmt strings stay whole, since no text or
 * value has a quote or a backslash */
void template_write(const struct template *chosen, struct random *random,
		    struct buf *out);

#endif
