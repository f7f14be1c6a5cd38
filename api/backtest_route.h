/* backtest_route.h - POST .../rules/backtest: a rule over what a project has stored
 *
 * Threads: the loop thread only; rules are compiled and judged by the query workers.
 * Limits: api_config.backtests_max at a time (503), and those of backtest.h.
 */
#ifndef SIFTD_API_BACKTEST_ROUTE_H
#define SIFTD_API_BACKTEST_ROUTE_H

struct request;

/* {"source" or "rule", "from", "to"}: a rule as text, or the id of one that is there */
void backtest_route(struct request *request);

#endif
