/* coalesce.h - reads that ask the same at the same time are answered by one run
 *
 * Of those that ask the same, the first runs. Who comes while it runs waits for the
 * next run, which begins when the first has ended and answers all that wait by then: an
 * answer never is of a run that began before its request came, so what a client has
 * written, or saw committed, is in all that it reads afterwards. However many ask, one
 * runs at a time, and each waits for two runs at most. (Proxies call it collapsed
 * forwarding; they hand out the run under way, which may be older than the request.)
 *
 * Two requests ask the same when route, path and query string are equal byte for byte.
 * That is right only for routes whose answer depends on nothing else: see
 * route.is_coalesced. Each request was admitted and counted by itself before.
 *
 * When the one that runs is abandoned, the next of those that it would have answered
 * runs. A refusal is told to all, each with its own request id.
 *
 * Threads: the loop thread only.
 * Owner: coalescer_free frees; requests that are open then are answered by themselves
 *        or abandoned, as if they had never been here.
 * Limits: none of its own: the server bounds how many requests are open.
 */
#ifndef SIFTD_API_COALESCE_H
#define SIFTD_API_COALESCE_H

#include <stdint.h>

struct coalescer;
struct request;

/* seed: so that nobody can choose requests that share a place */
struct coalescer *coalescer_new(uint64_t seed);
void coalescer_free(struct coalescer **coalescer);
/* calls the handler of the request's route, now or when its run begins */
void coalesce(struct coalescer *coalescer, struct request *request);

#endif
