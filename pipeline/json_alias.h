/* json_alias.h - which field of a record a key of structured logging means
 *
 * Threads: any; pure. Used for JSON members and logfmt pairs alike.
 */
#ifndef SIFTD_PIPELINE_JSON_ALIAS_H
#define SIFTD_PIPELINE_JSON_ALIAS_H

#include <stdbool.h>

#include "base/slice.h"
#include "pipeline/record.h"

enum alias_role {
	ROLE_NONE,
	ROLE_TIMESTAMP,
	ROLE_SEVERITY,
	ROLE_SERVICE,
	ROLE_MESSAGE,
	ROLE_HOST,
	/* the value stays an attribute, and is one under the role's own name too */
	ROLE_REQUEST_ID,
	ROLE_TRACE_ID,
	ROLE_SPAN_ID,
	ROLE_USER_ID,
	ROLE_HTTP_STATUS,
	ROLE_HTTP_METHOD,
	ROLE_PID,
	ROLE_COUNT
};

/* numbers mean different levels to different libraries: the key tells which */
enum level_scale {
	SCALE_PINO_OR_SYSLOG,
	SCALE_PYTHON,
	SCALE_OTEL,
	SCALE_SYSLOG,
	SCALE_WORDS /* no number is a level */
};

#define ALIAS_RANK_NONE 255
/* keys of this rank and above say more than their role: kept as attributes too */
#define ALIAS_RANK_VAGUE 3
/* keys of this rank and above mean anything outside of JSON */
#define ALIAS_RANK_LETTER 9

struct alias {
	const char *name; /* lower case */
	enum alias_role role;
	unsigned char rank; /* of several, the lowest counts */
	enum level_scale scale;
};

/* of a key, nested ones joined by dots, in any case; NULL when it is no alias */
const struct alias *alias_of_key(struct slice key);
/* the attribute that the role gives its value to, or ptr NULL when it is a field */
struct slice alias_attribute(enum alias_role role);
/* the value is what the role asks for: digits, an HTTP method */
bool alias_fits(enum alias_role role, struct slice value);
enum severity severity_of_number(struct slice digits, enum level_scale scale);

#endif
