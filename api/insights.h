/* insights.h - explanations by a language model: making them, and those that were made
 *
 * Threads: the loop thread only.
 * Owner: api.c. insights_free drops what is being made, without answers; it stays
 *        "pending" in the database, and may be begun anew after explain.timeout.
 * Limits: explain_config; of an organisation daily_max a day, counted where they begin.
 *
 * The same evidence, asked for again, is answered from the database. An explanation
 * that was begun is made to its end even when its client goes away.
 */
#ifndef SIFTD_API_INSIGHTS_H
#define SIFTD_API_INSIGHTS_H

#include "api/route.h"
#include "base/error.h"

struct api_context;
struct buf;
struct insights;

/* without explain.url what is made answers 409, and all else works */
MUST_CHECK int insights_new(struct api_context *api, struct insights **out,
			    struct error *error);
void insights_free(struct insights **insights);
void insights_write_metrics(const struct insights *insights, struct buf *out);

route_handler_fn insights_list;
route_handler_fn insights_make;

#endif
