/* pg_bootstrap.h - what the daemon needs from the database before its loop runs
 *
 * Threads: start-up only; every call waits.
 * Owner: what is returned is the caller's; the connection stays the caller's too.
 */
#ifndef SIFTD_SINKS_PG_BOOTSTRAP_H
#define SIFTD_SINKS_PG_BOOTSTRAP_H

#include <stdint.h>

#include "base/error.h"
#include "pipeline/learner.h"
#include "sinks/pg_sync.h"
#include "sources/port.h"

/* the project of that name in organisation "default", both made when absent */
MUST_CHECK int pg_bootstrap_project(struct pg_sync *sync, const char *name, int64_t *id,
				    struct error *error);
struct pg_bootstrap_source {
	int64_t project_id;
	const char *name;
	const char *type; /* one of the schema's: "file", "syslog" */
};

/* the ingestion that the configured source feeds, made when absent */
MUST_CHECK int pg_bootstrap_ingestion(struct pg_sync *sync,
				      const struct pg_bootstrap_source *source,
				      int64_t *id, struct error *error);
/* where the streams of a source stand; the caller deinits */
MUST_CHECK int pg_bootstrap_positions(struct pg_sync *sync, const char *host_id,
				      const char *source, struct stored_positions *out,
				      struct error *error);
/* of the columns stream, detail, position_offset, position_inner */
void pg_bootstrap_read_positions(const struct pg_rows *rows,
				 struct stored_positions *out);

/* is called for each stored template, in the order of learning; -1 ends the walk */
typedef int pg_template_fn(void *context, int64_t project_id,
			   const struct learner_event *event, struct error *error);

/* all templates of all projects, and the merges of their groups; event->number is the
 * ordinal of a template, 0 of a merge */
MUST_CHECK int pg_bootstrap_templates(struct pg_sync *sync, pg_template_fn *restore,
				      void *context, struct error *error);

#endif
