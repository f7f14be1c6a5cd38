/* kept_answers.h - answers of reads, kept until something is committed
 *
 * Before a read runs, PostgreSQL is asked for its snapshot: which transactions have
 * committed (pg_current_snapshot: the next id, and the ids that are under way). While
 * that is the same, all that statements see is the same, down to the last row, whoever
 * may have written it; so an answer that was made from the database alone is still the
 * answer, and is given again. A commit by anybody ends all that is kept. Nothing is
 *ever older than the request that it answers.
 *
 * A handler that takes part is two functions: the route's asks, and hands over the one
 * that makes the answer, which ends with kept_answers_reply:
 *
 *	void groups_list(struct request *request)
 *	{
 *		kept_answers_ask(request, list_anew);
 *	}
 *
 * That is right only where path and query string say all that the answer depends on,
 *but for the database. Problems are never kept.
 *
 * Threads: the loop thread only.
 * Owner: kept_answers_free frees; answers are copied.
 * Limits: bytes_max of answers, 0: none, then nothing is asked; those not asked for the
 *         longest time make room. An answer larger than an eighth of it is not kept.
 */
#ifndef SIFTD_API_KEPT_ANSWERS_H
#define SIFTD_API_KEPT_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "api/request.h"
#include "base/buf.h"

struct kept_answers;

/* seed: so that nobody can choose questions that share a place */
struct kept_answers *kept_answers_new(size_t bytes_max, uint64_t seed);
void kept_answers_free(struct kept_answers **kept);
/* answers with what is kept, or calls make, now or later */
void kept_answers_ask(struct request *request, route_handler_fn *make);
/* the answer is good for so many microseconds from the time when the request asked,
 * even when nothing is committed; 0 or less: it is not to be kept */
void kept_answers_limit(struct request *request, int64_t good_us);
/* as request_reply_json with 200, and keeps it */
void kept_answers_reply(struct request *request);
void kept_answers_write_metrics(const struct kept_answers *kept, struct buf *out);

/* the parts that need no request, for the above and for tests */

/* what PostgreSQL says now; all that was kept by another snapshot is forgotten. Returns
 * a number for it, which no other snapshot has had */
uint64_t kept_answers_see(struct kept_answers *kept, struct slice snapshot);
/* ptr NULL: not kept. Valid until the next call */
struct slice kept_answers_find(struct kept_answers *kept, struct slice question,
			       int64_t now_us);
/* seen: as kept_answers_see said when the question came; when another snapshot was seen
 * since then, it is not kept */
void kept_answers_put(struct kept_answers *kept, uint64_t seen, struct slice question,
		      struct slice text, int64_t until_us);

#endif
