/* tus_fields.h - the header fields of the tus protocol, read and written
 *
 * Threads: the loop thread only. Owner: nothing is kept.
 */
#ifndef SIFTD_API_TUS_FIELDS_H
#define SIFTD_API_TUS_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/request.h"
#include "sources/upload_file.h"

#define TUS_VERSION "1.0.0"
#define TUS_ALGORITHMS "sha1,sha256"

/* of any answer; file: NULL where none is meant */
void tus_set_fields(struct request *request, const struct upload_file *file);
/* to look at an upload is for everybody. false: answered */
MUST_CHECK bool tus_is_spoken(struct request *request);
/* false: there is no such field, or it is no number from 0 on */
MUST_CHECK bool tus_read_number(const struct request *request, const char *name,
				int64_t *out);

#endif
