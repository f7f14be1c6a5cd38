/* query_workers.h - threads for what would hold the loop up: decoding and searching
 *
 * Threads: all functions are for the loop thread, but query_job_cancelled, which is for
 *          the job's own run function.
 * Owner: a job belongs to the pool; its handle is valid until its done function was
 *        called. The context stays the caller's: after submit it must not touch what
 *        run uses until done.
 * Limits: queue_max jobs wait; then submit returns NULL, and the caller says 503.
 */
#ifndef SIFTD_API_QUERY_WORKERS_H
#define SIFTD_API_QUERY_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct query_workers;
struct query_job;

/* is called on a worker thread; not at all when the job was cancelled in time */
typedef void query_run_fn(struct query_job *job, void *context);
/* is called once on the loop, after run has ended, or will never begin */
typedef void query_done_fn(void *context, bool cancelled);

struct query_workers *query_workers_new(struct event_base *base, unsigned threads,
					size_t queue_max);
/* stops the threads, after their jobs of the moment; then calls done, as cancelled, for
 * all jobs that are left */
void query_workers_free(struct query_workers **workers);
struct query_job *query_workers_submit(struct query_workers *workers, query_run_fn *run,
				       query_done_fn *done, void *context);
/* done is still called, from the loop, later, with cancelled true */
void query_job_cancel(struct query_job *job);
/* for long jobs, to end early */
bool query_job_cancelled(const struct query_job *job);
/* jobs submitted whose done has not been called */
size_t query_workers_pending(const struct query_workers *workers);

#endif
