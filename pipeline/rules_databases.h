/* rules_databases.h - the Vectorscan databases of a set of rules; for rules_*.c only
 *
 * Threads: one owner at a time.
 * Owner: the struct rules owns its databases.
 * Limits: as in rules.h.
 */
#ifndef SIFTD_PIPELINE_RULES_DATABASES_H
#define SIFTD_PIPELINE_RULES_DATABASES_H

#include "pipeline/rules_set.h"

/* makes the databases and the scratch of rules whose patterns are read: from the image
 * where it fits, else by compiling */
MUST_CHECK int rules_make_databases(struct rules *rules, struct slice image,
				    struct error *error);

/* whether it takes the expression with HS_FLAG_PREFILTER only, or not at all */
bool rules_is_beyond_vectorscan(const char *expression);

/* all become NULL */
void rules_free_databases(hs_database_t *databases[RULES_DATABASES]);

/* False, and all NULL: the image is empty, damaged, for another key, or this Vectorscan
 * refuses it */
bool rules_image_read(struct slice image, const struct rules_key *key,
		      hs_database_t *databases[RULES_DATABASES]);

#endif
