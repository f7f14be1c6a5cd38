/* roles.h - lets named values of structured logging fill a record's fields
 *
 * Threads: a struct role_filler lives in one parse.
 * Owner: the record borrows the texts it is given.
 */
#ifndef SIFTD_PIPELINE_ROLES_H
#define SIFTD_PIPELINE_ROLES_H

#include <stdbool.h>

#include "pipeline/json_alias.h"
#include "pipeline/timestamp_scan.h"

struct role_filler {
	struct record *record;
	const struct timestamp_context *context;
	unsigned char ranks[ROLE_COUNT]; /* of what fills each role so far */
};

struct role_filler role_filler_init(struct record *record,
				    const struct timestamp_context *context);
/* true: the value became a field of the record; else it is an attribute */
bool role_fill(struct role_filler *filler, struct slice key, struct slice text);
/* how many roles are filled */
unsigned role_filler_count(const struct role_filler *filler);

#endif
