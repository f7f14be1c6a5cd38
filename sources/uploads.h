/* uploads.h - files that come by HTTP in parts, and then are a source like any other
 *
 * What came is in a folder of the daemon until the last of its events is committed:
 * uploads are no part of the spool, since they can be read again from there, and their
 * positions commit with their events as those of files do.
 *
 *	uploads_create -> upload_file_create on a worker -> uploads_end or
 *uploads_remove
 *	-> (uploads_begin -> upload_file_append on a worker -> uploads_end) ...
 *	-> complete: read, committed, removed
 *
 * Threads: the loop thread, but what is said to be a worker's; reading has a thread of
 *its own. Owner: uploads_free, which is also the source's; what uploads_find gives is
 *valid until control returns to the loop. Limits: uploads_config; what was not
 *completed within lifetime_us of its begin is removed.
 */
#ifndef SIFTD_SOURCES_UPLOADS_H
#define SIFTD_SOURCES_UPLOADS_H

#include <event2/event.h>

#include "sources/port.h"
#include "sources/upload_file.h"

#define UPLOADS_SOURCE "uploads"

struct uploads;

struct uploads_config {
	const char *folder; /* made if absent */
	const char *host_id;
	int64_t length_max;
	int64_t bytes_max;         /* of the lengths of all that are there */
	int64_t project_bytes_max; /* of those of one project; 0: no other bound */
	int64_t lifetime_us;
	unsigned count_max;
	unsigned project_count_max; /* 0: no other bound */
};

struct upload {
	struct upload_file file;
	bool busy; /* a worker has its files */
};

struct uploads_stats {
	uint64_t bytes; /* lengths of all that are there */
	uint64_t count;
	uint64_t expired;
	uint64_t
		refused; /* too many, or too large together, for all or for a project */
};

MUST_CHECK int uploads_open(struct event_base *base,
			    const struct uploads_config *config, struct uploads **out,
			    struct error *error);
void uploads_free(struct uploads **uploads);
struct source *uploads_source(struct uploads *uploads);
const struct uploads_config *uploads_limits(const struct uploads *uploads);
const struct uploads_stats *uploads_stats(const struct uploads *uploads);

/* Takes a place for it, with an id of its own: busy, until upload_file_create has made
 * its files and uploads_end is called; when that failed, uploads_remove. 0: taken, 1:
 * there is no room now, -1: error */
MUST_CHECK int uploads_create(struct uploads *uploads, struct upload_file *file,
			      struct error *error);
/* NULL: there is none */
const struct upload *uploads_find(const struct uploads *uploads, struct slice id);
/* a copy for upload_file_append; no other part is taken until uploads_end. The upload
 * is there, not busy and not complete. */
struct upload_file uploads_begin(struct uploads *uploads, const char *id);
/* file: as upload_file_append left it, also when it failed */
void uploads_end(struct uploads *uploads, const struct upload_file *file);
/* of one that is not complete, and whose files no worker has */
void uploads_remove(struct uploads *uploads, const char *id);

#endif
