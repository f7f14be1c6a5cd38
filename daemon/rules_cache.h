/* rules_cache.h - the rules of a folder, whose compiled form is kept in the state
 * directory
 *
 * Threads: any, but not the loop's: it reads files and may compile.
 * Owner: the caller frees the rules, and holds the lock of the state directory.
 * Limits: the file holds the last set only, in at most RULES_IMAGE_MAX bytes; a larger
 *         one is not kept.
 */
#ifndef SIFTD_DAEMON_RULES_CACHE_H
#define SIFTD_DAEMON_RULES_CACHE_H

#include "base/error.h"
#include "pipeline/rules.h"

/* state_dir/rules.image is used where it fits these rules, this Vectorscan and this
 * kind of processor; else it is written anew. That it cannot be is no error */
MUST_CHECK int rules_cache_load(const char *folder, const char *state_dir,
				struct rules **out, struct error *error);

#endif
