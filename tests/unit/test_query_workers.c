/* test_query_workers.c - jobs run, come back, are cancelled, and end with their pool */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/query_workers.h"
#include "base/compiler.h"

#define JOBS 200

struct work {
	pthread_t thread;
	unsigned done;
	bool cancelled;
	atomic_bool ran;
};

/* held by the test to keep a worker busy */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint at_gate;

static void run_quick(struct query_job *job, void *context)
{
	struct work *work = context;

	(void)job;
	work->thread = pthread_self();
	atomic_store(&work->ran, true);
}

static void run_until_cancelled(struct query_job *job, void *context)
{
	run_quick(job, context);
	while (!query_job_cancelled(job))
		(void)sched_yield(); /* cannot fail on Linux */
}

static void run_at_gate(struct query_job *job, void *context)
{
	run_quick(job, context);
	atomic_fetch_add(&at_gate, 1);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

static void on_done(void *context, bool cancelled)
{
	struct work *work = context;

	work->done++;
	work->cancelled = cancelled;
}

static void loop_until_idle(struct event_base *base, struct query_workers *workers)
{
	while (query_workers_pending(workers) > 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void test_all_jobs_come_back(void **state)
{
	struct event_base *base = event_base_new();
	struct query_workers *workers = query_workers_new(base, 3, JOBS);
	static struct work works[JOBS];

	(void)state;
	for (size_t i = 0; i < JOBS; i++)
		assert_non_null(
			query_workers_submit(workers, run_quick, on_done, &works[i]));
	loop_until_idle(base, workers);
	for (size_t i = 0; i < JOBS; i++) {
		assert_true(works[i].ran);
		assert_int_equal(works[i].done, 1);
		assert_false(works[i].cancelled);
		assert_false(pthread_equal(works[i].thread, pthread_self()));
	}
	query_workers_free(&workers);
	assert_null(workers);
	event_base_free(base);
}

static void test_queue_is_bounded(void **state)
{
	struct event_base *base = event_base_new();
	struct query_workers *workers = query_workers_new(base, 1, 2);
	struct work works[4] = { 0 };

	(void)state;
	atomic_store(&at_gate, 0);
	pthread_mutex_lock(&gate);
	assert_non_null(query_workers_submit(workers, run_at_gate, on_done, &works[0]));
	while (atomic_load(&at_gate) == 0)
		(void)sched_yield(); /* cannot fail on Linux */
	assert_non_null(query_workers_submit(workers, run_quick, on_done, &works[1]));
	assert_non_null(query_workers_submit(workers, run_quick, on_done, &works[2]));
	assert_null(query_workers_submit(workers, run_quick, on_done, &works[3]));
	pthread_mutex_unlock(&gate);
	loop_until_idle(base, workers);
	assert_int_equal(works[2].done, 1);
	assert_int_equal(works[3].done, 0);
	query_workers_free(&workers);
	event_base_free(base);
}

static void test_cancel(void **state)
{
	struct event_base *base = event_base_new();
	struct query_workers *workers = query_workers_new(base, 1, 8);
	struct work running = { 0 };
	struct work waiting = { 0 };
	struct query_job *first = NULL;
	struct query_job *second = NULL;

	(void)state;
	first = query_workers_submit(workers, run_until_cancelled, on_done, &running);
	second = query_workers_submit(workers, run_quick, on_done, &waiting);
	assert_non_null(first);
	assert_non_null(second);
	while (!atomic_load(&running.ran))
		(void)sched_yield(); /* cannot fail on Linux */
	query_job_cancel(second);
	query_job_cancel(first);
	assert_int_equal(running.done, 0); /* not from inside */
	loop_until_idle(base, workers);
	assert_true(running.cancelled);
	assert_true(waiting.cancelled);
	assert_false(waiting.ran);
	query_workers_free(&workers);
	event_base_free(base);
}

static void test_free_ends_all(void **state)
{
	struct event_base *base = event_base_new();
	struct query_workers *workers = query_workers_new(base, 1, 8);
	struct work works[3] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(works); i++)
		assert_non_null(query_workers_submit(workers, run_until_cancelled,
						     on_done, &works[i]));
	query_workers_free(&workers);
	for (size_t i = 0; i < ARRAY_LEN(works); i++) {
		assert_int_equal(works[i].done, 1);
		assert_true(works[i].cancelled);
	}
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_jobs_come_back),
		cmocka_unit_test(test_queue_is_bounded),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_free_ends_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
