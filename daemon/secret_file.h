/* secret_file.h - a secret from a file of its own, so that it stands in no
 * configuration
 *
 * Threads: start-up only. Owner: *out is the caller's, by mem_free.
 * Limits: SECRET_FILE_MAX bytes; blanks around it do not count.
 */
#ifndef SIFTD_DAEMON_SECRET_FILE_H
#define SIFTD_DAEMON_SECRET_FILE_H

#include "base/compiler.h"
#include "base/error.h"

#define SECRET_FILE_MAX 4096

/* option: its name, for the error */
MUST_CHECK int secret_file_read(const char *option, const char *path, char **out,
				struct error *error);

#endif
