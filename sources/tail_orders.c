/* tail_orders.c - flags and offsets behind a mutex, an eventfd to wake the thread */
#include "sources/tail_orders.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int tail_orders_init(struct tail_orders *orders, struct error *error)
{
	*orders = (struct tail_orders){ 0 };
	orders->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (orders->wake_fd < 0)
		return error_set_errno(error, "eventfd");
	pthread_mutex_init(&orders->mutex, NULL);
	return 0;
}

void tail_orders_deinit(struct tail_orders *orders)
{
	(void)close(orders->wake_fd); /* holds no data */
	tail_marks_deinit(&orders->rewind_to);
	table_deinit(&orders->committed);
	pthread_mutex_destroy(&orders->mutex);
}

static void wake(struct tail_orders *orders)
{
	uint64_t one = 1;

	if (write(orders->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return; /* EAGAIN: it is awake already */
}

void tail_orders_woken(struct tail_orders *orders)
{
	uint64_t count = 0;

	if (read(orders->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return; /* EAGAIN: nothing was asked for */
}

void tail_orders_stop(struct tail_orders *orders)
{
	pthread_mutex_lock(&orders->mutex);
	orders->stopping = true;
	pthread_mutex_unlock(&orders->mutex);
	wake(orders);
}

bool tail_orders_stopping(struct tail_orders *orders)
{
	bool stopping = false;

	pthread_mutex_lock(&orders->mutex);
	stopping = orders->stopping;
	pthread_mutex_unlock(&orders->mutex);
	return stopping;
}

void tail_orders_rewind(struct tail_orders *orders, struct tail_marks *marks)
{
	pthread_mutex_lock(&orders->mutex);
	tail_marks_deinit(&orders->rewind_to);
	orders->rewind_to = *marks;
	*marks = (struct tail_marks){ 0 };
	orders->rewind = true;
	pthread_mutex_unlock(&orders->mutex);
	wake(orders);
}

bool tail_orders_take_rewind(struct tail_orders *orders, struct tail_marks *out)
{
	bool due = false;

	pthread_mutex_lock(&orders->mutex);
	due = orders->rewind;
	if (due) {
		*out = orders->rewind_to;
		orders->rewind_to = (struct tail_marks){ 0 };
		orders->rewind = false;
		table_clear(&orders->committed);
	}
	pthread_mutex_unlock(&orders->mutex);
	return due;
}

void tail_orders_committed(struct tail_orders *orders, uint64_t stream, int64_t offset)
{
	uint64_t *place = NULL;

	pthread_mutex_lock(&orders->mutex);
	place = table_get(&orders->committed, stream);
	if (place != NULL)
		*place = (uint64_t)offset;
	pthread_mutex_unlock(&orders->mutex);
}

void tail_orders_await(struct tail_orders *orders, uint64_t stream)
{
	pthread_mutex_lock(&orders->mutex);
	(void)table_put(&orders->committed, stream, NULL); /* 0 bytes so far */
	pthread_mutex_unlock(&orders->mutex);
}

void tail_orders_forget(struct tail_orders *orders, uint64_t stream)
{
	pthread_mutex_lock(&orders->mutex);
	(void)table_remove(&orders->committed, stream); /* may be gone already */
	pthread_mutex_unlock(&orders->mutex);
}

int64_t tail_orders_offset(struct tail_orders *orders, uint64_t stream)
{
	const uint64_t *place = NULL;
	int64_t offset = 0;

	pthread_mutex_lock(&orders->mutex);
	place = table_get(&orders->committed, stream);
	if (place != NULL)
		offset = (int64_t)*place;
	pthread_mutex_unlock(&orders->mutex);
	return offset;
}
