/* test_coalesce.c - which run answers which request; requests and handler are made here
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/coalesce.h"
#include "api/http_conn.h"
#include "api/request.h"

#define REQUESTS 6
#define ANSWERED 200
#define NOT_YET (-1)
#define GONE 0

/* one of the test's requests, as its client sees it */
struct asked {
	struct request request; /* first: it is found by it */
	struct http_head head;
	int status;
	unsigned run; /* that answered it */
};

static struct asked asked[REQUESTS];
static struct request_list list;
static struct coalescer *coalescer;
static struct asked *running; /* the last that a run began for, unless it answered */
static unsigned runs;
static bool answers_at_once;

static struct asked *of(const struct request *request)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		if (&asked[i].request == request)
			return &asked[i];
	}
	fail_msg("a request of nobody");
	return NULL;
}

/* what coalesce.c needs of request.c and http_conn.c */

const struct http_head *http_conn_head(const struct http_conn *conn)
{
	return (const struct http_head *)(const void *)conn;
}

void *request_alloc(struct request *request, size_t size)
{
	return arena_alloc(&request->arena, size);
}

void request_on_end(struct request *request, request_end_fn *end, void *context)
{
	request->end = end;
	request->end_context = context;
}

static void end_as(struct asked *one, int status)
{
	request_end_fn *end = one->request.end;

	one->request.end = NULL;
	if (end != NULL)
		end(one->request.end_context,
		    &(struct request_end){ &one->request, status, NULL });
	one->status = status;
}

void request_end_alike(struct request *request, const struct request_end *end)
{
	assert_null(request->end);
	of(request)->run = of(end->request)->run;
	end_as(of(request), end->status);
}

static void handle(struct request *request)
{
	running = of(request);
	running->run = ++runs;
	if (answers_at_once)
		end_as(running, ANSWERED);
}

static const struct route routes[] = {
	{ ROUTE_GET, true, "/a", ACCESS_READER, LIMIT_READ, handle },
	{ ROUTE_GET, true, "/b", ACCESS_READER, LIMIT_READ, handle },
};

static void ask(size_t index, const struct route *route, const char *query)
{
	struct asked *one = &asked[index];

	one->head = (struct http_head){ .path = slice_str(route->pattern),
					.query = slice_str(query) };
	one->request = (struct request){ .route = route, .list = &list };
	one->request.conn = (struct http_conn *)(void *)&one->head;
	one->status = NOT_YET;
	coalesce(coalescer, &one->request);
}

static void answer(void)
{
	struct asked *one = running;

	running = NULL;
	end_as(one, ANSWERED);
}

static void expect(size_t index, int status, unsigned run)
{
	if (asked[index].status != status || asked[index].run != run)
		fail_msg("request %zu: status %d of run %u, expected %d of %u", index,
			 asked[index].status, asked[index].run, status, run);
}

static int setup(void **state)
{
	(void)state;
	memset(asked, 0, sizeof(asked));
	list = (struct request_list){ 0 };
	coalescer = coalescer_new(7);
	running = NULL;
	runs = 0;
	answers_at_once = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	coalescer_free(&coalescer);
	for (size_t i = 0; i < REQUESTS; i++)
		arena_deinit(&asked[i].request.arena);
	return 0;
}

/* who comes while a run is under way is answered by the next, never by that one */
static void test_the_next_run_answers_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		ask(i, &routes[0], "x=1");
	assert_int_equal(runs, 1);
	answer();
	expect(0, ANSWERED, 1);
	expect(1, NOT_YET, 2);
	ask(4, &routes[0], "x=1");
	answer();
	for (size_t i = 1; i < 4; i++)
		expect(i, ANSWERED, 2);
	expect(4, NOT_YET, 3);
	answer();
	expect(4, ANSWERED, 3);
	assert_int_equal(list.stats.coalesced, 2);
	/* nothing is under way: a run of its own */
	ask(5, &routes[0], "x=1");
	answer();
	expect(5, ANSWERED, 4);
}

static void test_other_questions_run_apart(void **state)
{
	(void)state;
	ask(0, &routes[0], "x=1");
	ask(1, &routes[0], "x=2");
	ask(2, &routes[1], "x=1");
	assert_int_equal(runs, 3);
	for (size_t i = 0; i < 3; i++) {
		end_as(&asked[i], ANSWERED);
		expect(i, ANSWERED, (unsigned)i + 1);
	}
	assert_int_equal(list.stats.coalesced, 0);
}

/* the client of the one that runs goes away: the next of its company runs */
static void test_the_one_that_runs_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		ask(i, &routes[0], "");
	answer();
	ask(3, &routes[0], "");
	assert_ptr_equal(running, &asked[1]);
	end_as(&asked[1], GONE);
	assert_ptr_equal(running, &asked[2]);
	assert_int_equal(runs, 3);
	answer();
	expect(2, ANSWERED, 3);
	expect(3, ANSWERED, 3); /* came before that run began */
}

static void test_those_that_wait_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		ask(i, &routes[0], "");
	end_as(&asked[2], GONE); /* waits */
	answer();
	end_as(&asked[3], GONE); /* of the run's company */
	answer();
	expect(1, ANSWERED, 2);
	expect(4, ANSWERED, 2);
	assert_int_equal(asked[2].status, GONE);
	assert_int_equal(asked[3].status, GONE);
	assert_int_equal(list.stats.coalesced, 1);
}

static void test_answers_at_once(void **state)
{
	(void)state;
	ask(0, &routes[0], "");
	ask(1, &routes[0], "");
	ask(2, &routes[0], "");
	answers_at_once = true;
	answer();
	expect(1, ANSWERED, 2);
	expect(2, ANSWERED, 2);
	ask(3, &routes[0], "");
	expect(3, ANSWERED, 3);
}

/* the server stops: what is open ends without anybody being told of it */
static void test_freed_while_some_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		ask(i, &routes[0], i < 2 ? "" : "y");
	coalescer_free(&coalescer);
	for (size_t i = 0; i < 4; i++)
		end_as(&asked[i], GONE);
	assert_int_equal(runs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_next_run_answers_all, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_other_questions_run_apart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_one_that_runs_goes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_those_that_wait_go, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_answers_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_freed_while_some_wait, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
