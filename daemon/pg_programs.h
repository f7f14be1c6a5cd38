/* pg_programs.h - where PostgreSQL's server programs are installed
 *
 * Threads: any. Owner: the caller frees the text with mem_free.
 */
#ifndef SIFTD_DAEMON_PG_PROGRAMS_H
#define SIFTD_DAEMON_PG_PROGRAMS_H

#include "base/error.h"

/* the folder that holds postgres and initdb: of the major version, or with 0 of the
 * newest one. Looked for where Debian and Red Hat put them, then in PATH (which tells
 * no version: any is taken). */
MUST_CHECK int pg_programs_find(unsigned major, char **out, struct error *error);

#endif
