/* problem.h - RFC 9457 problem details
 *
 * Threads: any; pure. Owner: the caller's buffer.
 */
#ifndef SIFTD_API_PROBLEM_H
#define SIFTD_API_PROBLEM_H

#include <stddef.h>

#include "base/buf.h"

#define PROBLEM_TYPE "application/problem+json"
#define PROBLEM_FIELDS_MAX 8

struct problem_field {
	const char *field;
	const char *detail;
};

struct problem {
	int status;
	const char *detail; /* a sentence that a person can act on */
	const char *request_id;
	struct problem_field fields[PROBLEM_FIELDS_MAX];
	size_t fields_count;
};

/* the reason phrase of a status that siftd answers with */
const char *problem_title(int status);
void problem_write(const struct problem *problem, struct buf *out_buf);

#endif
