/* multipart.h - one file out of a multipart/form-data body (RFC 7578)
 *
 * Threads: any; pure. Owner: slices borrow from the body.
 * Limits: boundaries of at most MULTIPART_BOUNDARY_MAX bytes (RFC 2046).
 */
#ifndef SIFTD_API_MULTIPART_H
#define SIFTD_API_MULTIPART_H

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define MULTIPART_BOUNDARY_MAX 70

struct multipart_file {
	struct slice name; /* of the file, as sent; empty when it has none */
	struct slice content;
};

/* the boundary parameter of a Content-Type; ptr NULL when it is not multipart/form-data
 * or has no boundary of legal length */
struct slice multipart_boundary(const char *content_type);
/* the first part whose form field has that name */
MUST_CHECK int multipart_find(struct slice body, struct slice boundary,
			      struct slice field, struct multipart_file *out,
			      struct error *error);

#endif
