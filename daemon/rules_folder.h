/* rules_folder.h - where the rules are
 *
 * Threads: start-up only. Owner: the caller frees with rules_folder_free.
 */
#ifndef SIFTD_DAEMON_RULES_FOLDER_H
#define SIFTD_DAEMON_RULES_FOLDER_H

#include "base/error.h"

/* the configured folder, else the one that was installed with siftd, else conf/rules of
 * the source tree that the binary was built in; an error names those that were tried */
MUST_CHECK int rules_folder_find(const char *configured, char **out,
				 struct error *error);
void rules_folder_free(char **folder);

#endif
