/* gone_files.h - forgets the positions of files that are gone for good
 *
 * Threads: the loop thread; folders are read on a query worker.
 * Owner: gone_files_free, once the query workers have ended.
 * Limits: GONE_FILES_MAX positions a step, one step or statement at a time.
 *
 * Files belong to a host: each daemon looks after those of its own sources, each
 * rollup.interval. A position that no flush has moved for retention.positions_age, and
 * whose file is gone (file_gone.h), goes; its ledger is added to that of its source's
 * other files that are gone. One whose source is not configured stays.
 */
#ifndef SIFTD_DAEMON_GONE_FILES_H
#define SIFTD_DAEMON_GONE_FILES_H

#include "base/buf.h"

#define GONE_FILES_MAX 256

struct config;
struct event_base;
struct gone_files;
struct pg_pool;
struct query_workers;

struct gone_files_deps {
	struct event_base *base;
	struct pg_pool *pool;
	struct query_workers *workers;
	const struct config *config;
	const char *host_id;
};

struct gone_files *gone_files_new(const struct gone_files_deps *deps);
void gone_files_free(struct gone_files **gone);
/* counters, as metrics.h */
void gone_files_write_metrics(const struct gone_files *gone, struct buf *out);

#endif
