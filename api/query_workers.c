/* query_workers.c - a queue of jobs, threads that run them, a mailbox that brings them
 * back to the loop
 */
#include "api/query_workers.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mailbox.h"
#include "base/mem.h"

/* jobs brought back in one turn of the loop */
#define DONE_PER_TURN 16

struct query_job {
	struct query_workers *workers;
	struct query_job *next; /* in the queue */
	query_run_fn *run;
	query_done_fn *done;
	void *context;
	atomic_bool cancelled;
};

struct query_workers {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	/* guarded by the mutex */
	struct query_job *first;
	struct query_job **last; /* where the next one is linked in */
	size_t waiting;
	atomic_bool stopping;
	size_t queue_max;
	/* the loop's */
	size_t pending;
	struct mailbox *ended;
	struct event *readable;
	pthread_t *threads;
	unsigned threads_count;
};

/* the oldest job, or NULL when the pool stops */
static struct query_job *wait_for_job(struct query_workers *workers)
{
	struct query_job *job = NULL;

	pthread_mutex_lock(&workers->mutex);
	while (workers->first == NULL && !atomic_load(&workers->stopping))
		pthread_cond_wait(&workers->filled, &workers->mutex);
	if (!atomic_load(&workers->stopping)) {
		job = workers->first;
		workers->first = job->next;
		if (workers->first == NULL)
			workers->last = &workers->first;
		workers->waiting--;
	}
	pthread_mutex_unlock(&workers->mutex);
	return job;
}

static void *worker_main(void *context)
{
	struct query_workers *workers = context;
	struct query_job *job = NULL;

	while ((job = wait_for_job(workers)) != NULL) {
		if (!query_job_cancelled(job))
			job->run(job, job->context);
		/* never closed, and it holds as many as there can be */
		if (!mailbox_put(workers->ended, job, 1))
			abort();
	}
	return NULL;
}

static void end_job(struct query_job *job)
{
	job->workers->pending--;
	job->done(job->context, query_job_cancelled(job));
	mem_free(job);
}

static void on_ended(evutil_socket_t fd, short what, void *context)
{
	struct query_workers *workers = context;
	struct query_job *job = NULL;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < DONE_PER_TURN; i++) {
		job = mailbox_take(workers->ended);
		if (job == NULL)
			return;
		end_job(job);
	}
}

struct query_workers *query_workers_new(struct event_base *base, unsigned threads,
					size_t queue_max)
{
	struct query_workers *workers = mem_calloc(1, sizeof(*workers));

	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->filled, NULL);
	workers->last = &workers->first;
	workers->queue_max = queue_max;
	workers->ended = mailbox_new(SIZE_MAX);
	workers->readable = event_new(base, mailbox_fd(workers->ended),
				      EV_READ | EV_PERSIST, on_ended, workers);
	if (workers->readable == NULL || event_add(workers->readable, NULL) < 0)
		abort(); /* out of memory */
	workers->threads = mem_calloc(threads, sizeof(*workers->threads));
	while (workers->threads_count < threads &&
	       pthread_create(&workers->threads[workers->threads_count], NULL,
			      worker_main, workers) == 0)
		workers->threads_count++;
	if (workers->threads_count == 0) {
		(void)fputs("siftd: cannot start a query worker\n",
			    stderr); /* last words */
		abort();
	}
	return workers;
}

static void stop_threads(struct query_workers *workers)
{
	pthread_mutex_lock(&workers->mutex);
	atomic_store(&workers->stopping, true);
	pthread_cond_broadcast(&workers->filled);
	pthread_mutex_unlock(&workers->mutex);
	for (unsigned i = 0; i < workers->threads_count; i++)
		pthread_join(workers->threads[i], NULL);
}

void query_workers_free(struct query_workers **workers_ptr)
{
	struct query_workers *workers = *workers_ptr;
	struct query_job *job = NULL;

	if (workers == NULL)
		return;
	stop_threads(workers);
	while ((job = mailbox_take(workers->ended)) != NULL)
		end_job(job);
	while ((job = workers->first) != NULL) {
		workers->first = job->next;
		end_job(job);
	}
	event_free(workers->readable);
	mailbox_free(&workers->ended, NULL);
	pthread_cond_destroy(&workers->filled);
	pthread_mutex_destroy(&workers->mutex);
	mem_free(workers->threads);
	mem_free(workers);
	*workers_ptr = NULL;
}

struct query_job *query_workers_submit(struct query_workers *workers, query_run_fn *run,
				       query_done_fn *done, void *context)
{
	struct query_job *job = NULL;

	pthread_mutex_lock(&workers->mutex);
	if (workers->waiting < workers->queue_max && !atomic_load(&workers->stopping)) {
		job = mem_calloc(1, sizeof(*job));
		job->workers = workers;
		job->run = run;
		job->done = done;
		job->context = context;
		*workers->last = job;
		workers->last = &job->next;
		workers->waiting++;
		workers->pending++;
		pthread_cond_signal(&workers->filled);
	}
	pthread_mutex_unlock(&workers->mutex);
	return job;
}

void query_job_cancel(struct query_job *job)
{
	atomic_store(&job->cancelled, true);
}

bool query_job_cancelled(const struct query_job *job)
{
	return atomic_load(&job->cancelled) || atomic_load(&job->workers->stopping);
}

size_t query_workers_pending(const struct query_workers *workers)
{
	return workers->pending;
}
