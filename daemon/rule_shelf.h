/* rule_shelf.h - the rules of projects that have some of their own, as lanes use them
 *
 * Threads: rule_shelf_take, any; all else the loop thread. Compiling is done by the
 *query workers; only rule_shelf_load, at start, waits for it. Owner: rule_shelf_free; a
 *set lives on while a lane or a batch has it. Limits: one project is compiled at a
 *time. Rules that do not compile any more (another siftd took them) leave the project
 *with what it had, and are told in the log.
 *
 *	every seconds, and when the interface changed something: a version that is not
 *ours?
 *	  -> compile the shipped rules and the project's as one set -> put it on the
 *shelf
 *	  -> lanes see the generation, and judge by it from their next chunk on
 */
#ifndef SIFTD_DAEMON_RULE_SHELF_H
#define SIFTD_DAEMON_RULE_SHELF_H

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/rules.h"

struct event_base;
struct pg_pool;
struct query_workers;
struct rule_shelf;

/* folder NULL: the shipped rules */
struct rule_shelf *rule_shelf_new(const char *folder);
/* what the database has now; waits for it */
MUST_CHECK int rule_shelf_load(struct rule_shelf *shelf, const char *conninfo,
			       struct error *error);
/* begins to follow the database */
void rule_shelf_follow(struct rule_shelf *shelf, struct event_base *base,
		       struct pg_pool *pool, struct query_workers *workers);
/* stops following; before the pool and the workers go */
void rule_shelf_rest(struct rule_shelf *shelf);
void rule_shelf_free(struct rule_shelf **shelf);
/* context: the shelf. The project's rules, to be freed; NULL: it has none of its own */
struct rules *rule_shelf_take(void *context, int64_t project_id);
const _Atomic uint64_t *rule_shelf_generation(const struct rule_shelf *shelf);
/* something changed: looks now */
void rule_shelf_poke(void *context);
/* counters, as metrics.h */
void rule_shelf_write_metrics(const struct rule_shelf *shelf, struct buf *out);

#endif
