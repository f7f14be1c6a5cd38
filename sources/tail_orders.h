/* tail_orders.h - what the loop thread tells the thread of a file_tail source
 *
 * Threads: any; a mutex guards all of it. Owner: tail_orders_deinit frees.
 * Limits: committed offsets are kept for the streams that the thread asked for.
 */
#ifndef SIFTD_SOURCES_TAIL_ORDERS_H
#define SIFTD_SOURCES_TAIL_ORDERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "sources/tail_mark.h"

struct tail_orders {
	pthread_mutex_t mutex;
	int wake_fd; /* readable when there is something new to look at */
	bool stopping;
	bool rewind;
	struct tail_marks rewind_to;
	struct table committed; /* stream -> offset */
};

MUST_CHECK int tail_orders_init(struct tail_orders *orders, struct error *error);
void tail_orders_deinit(struct tail_orders *orders);

/* on the loop */
void tail_orders_stop(struct tail_orders *orders);
/* the marks become the thread's */
void tail_orders_rewind(struct tail_orders *orders, struct tail_marks *marks);
void tail_orders_committed(struct tail_orders *orders, uint64_t stream, int64_t offset);

/* on the source's thread */
bool tail_orders_stopping(struct tail_orders *orders);
/* true: go back to these marks, now the caller's; commits asked for are forgotten */
bool tail_orders_take_rewind(struct tail_orders *orders, struct tail_marks *out);
void tail_orders_await(struct tail_orders *orders, uint64_t stream);
void tail_orders_forget(struct tail_orders *orders, uint64_t stream);
int64_t tail_orders_offset(struct tail_orders *orders, uint64_t stream);
void tail_orders_woken(struct tail_orders *orders);

#endif
