/* kafka_orders.c - flags and positions behind a mutex, an eventfd to wake the thread */
#include "sources/kafka_orders.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int kafka_orders_init(struct kafka_orders *orders, struct error *error)
{
	*orders = (struct kafka_orders){ 0 };
	orders->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (orders->wake_fd < 0)
		return error_set_errno(error, "eventfd");
	pthread_mutex_init(&orders->mutex, NULL);
	return 0;
}

void kafka_orders_deinit(struct kafka_orders *orders)
{
	(void)close(orders->wake_fd); /* holds no data */
	stored_positions_deinit(&orders->answer);
	stored_positions_deinit(&orders->rewind_to);
	table_deinit(&orders->committed);
	pthread_mutex_destroy(&orders->mutex);
}

void kafka_orders_wake(struct kafka_orders *orders)
{
	uint64_t one = 1;

	if (write(orders->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return; /* EAGAIN: it is awake already */
}

void kafka_orders_woken(struct kafka_orders *orders)
{
	uint64_t count = 0;

	if (read(orders->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return; /* EAGAIN: nothing was asked for */
}

void kafka_orders_advance(struct kafka_orders *orders, enum kafka_life life)
{
	pthread_mutex_lock(&orders->mutex);
	orders->life = life;
	pthread_mutex_unlock(&orders->mutex);
	kafka_orders_wake(orders);
}

enum kafka_life kafka_orders_life(struct kafka_orders *orders)
{
	enum kafka_life life = KAFKA_RUNNING;

	pthread_mutex_lock(&orders->mutex);
	life = orders->life;
	pthread_mutex_unlock(&orders->mutex);
	return life;
}

void kafka_orders_answer(struct kafka_orders *orders,
			 struct stored_positions *positions)
{
	pthread_mutex_lock(&orders->mutex);
	stored_positions_deinit(&orders->answer);
	orders->answer = *positions;
	orders->has_answer = true;
	*positions = (struct stored_positions){ 0 };
	pthread_mutex_unlock(&orders->mutex);
	kafka_orders_wake(orders);
}

void kafka_orders_rewind(struct kafka_orders *orders,
			 const struct stored_positions *positions)
{
	pthread_mutex_lock(&orders->mutex);
	stored_positions_deinit(&orders->rewind_to);
	orders->rewind_to = stored_positions_copy(positions);
	orders->rewind = true;
	table_clear(&orders->committed);
	pthread_mutex_unlock(&orders->mutex);
	kafka_orders_wake(orders);
}

void kafka_orders_committed(struct kafka_orders *orders, uint64_t stream,
			    int64_t offset)
{
	pthread_mutex_lock(&orders->mutex);
	*table_put(&orders->committed, stream, NULL) = (uint64_t)offset;
	pthread_mutex_unlock(&orders->mutex);
	kafka_orders_wake(orders);
}

bool kafka_orders_take_answer(struct kafka_orders *orders, struct stored_positions *out)
{
	bool has = false;

	pthread_mutex_lock(&orders->mutex);
	has = orders->has_answer;
	if (has) {
		*out = orders->answer;
		orders->answer = (struct stored_positions){ 0 };
		orders->has_answer = false;
	}
	pthread_mutex_unlock(&orders->mutex);
	return has;
}

bool kafka_orders_take_rewind(struct kafka_orders *orders, struct stored_positions *out)
{
	bool due = false;

	pthread_mutex_lock(&orders->mutex);
	due = orders->rewind;
	if (due) {
		*out = orders->rewind_to;
		orders->rewind_to = (struct stored_positions){ 0 };
		orders->rewind = false;
	}
	pthread_mutex_unlock(&orders->mutex);
	return due;
}

void kafka_orders_take_committed(struct kafka_orders *orders, struct table *out)
{
	pthread_mutex_lock(&orders->mutex);
	*out = orders->committed;
	orders->committed = (struct table){ 0 };
	pthread_mutex_unlock(&orders->mutex);
}
