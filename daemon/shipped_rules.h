/* shipped_rules.h - the rules that siftd came with, or those of a folder
 *
 * Threads: any, but not the loop's: it compiles.
 * Owner: the caller frees the rules.
 */
#ifndef SIFTD_DAEMON_SHIPPED_RULES_H
#define SIFTD_DAEMON_SHIPPED_RULES_H

#include "base/error.h"
#include "pipeline/rules.h"

/* folder NULL: conf/rules as it was when siftd was built; else all *.yaml of the folder
 */
MUST_CHECK int shipped_rules_load(const char *folder, struct rules **out,
				  struct error *error);

/* their documents, for yaml_docs_free */
MUST_CHECK int shipped_rules_docs(const char *folder, struct yaml_doc **out,
				  struct error *error);

#endif
