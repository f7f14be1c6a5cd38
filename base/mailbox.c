/* mailbox.c - a mutex, two condition variables, and an eventfd for event loops */
#include "base/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

struct entry {
	void *item;
	size_t weight;
};

struct mailbox {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	pthread_cond_t drained;
	struct entry *ring;
	size_t head;
	size_t count;
	size_t capacity;
	size_t weight;
	size_t weight_max;
	int fd;
	bool closed;
};

struct mailbox *mailbox_new(size_t weight_max)
{
	struct mailbox *mailbox = mem_calloc(1, sizeof(*mailbox));
	pthread_condattr_t attr;

	pthread_mutex_init(&mailbox->mutex, NULL);
	pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* known clock */
	pthread_cond_init(&mailbox->filled, &attr);
	pthread_cond_init(&mailbox->drained, &attr);
	pthread_condattr_destroy(&attr);
	mailbox->weight_max = weight_max;
	mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return mailbox;
}

void mailbox_free(struct mailbox **mailbox_ptr, mailbox_free_fn *free_item)
{
	struct mailbox *mailbox = *mailbox_ptr;
	void *item = NULL;

	if (mailbox == NULL)
		return;
	while ((item = mailbox_take(mailbox)) != NULL) {
		if (free_item != NULL)
			free_item(item);
	}
	(void)close(mailbox->fd); /* nothing was written that could be lost */
	pthread_cond_destroy(&mailbox->filled);
	pthread_cond_destroy(&mailbox->drained);
	pthread_mutex_destroy(&mailbox->mutex);
	mem_free(mailbox->ring);
	mem_free(mailbox);
	*mailbox_ptr = NULL;
}

static void signal_fd(struct mailbox *mailbox)
{
	uint64_t one = 1;

	/* EAGAIN means the counter is full, hence readable already */
	if (write(mailbox->fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return;
}

static void drain_fd(struct mailbox *mailbox)
{
	uint64_t value = 0;

	/* EAGAIN means it was not set */
	if (read(mailbox->fd, &value, sizeof(value)) < 0 && errno != EAGAIN)
		return;
}

static bool has_room(const struct mailbox *mailbox, size_t weight)
{
	return mailbox->count == 0 || mailbox->weight + weight <= mailbox->weight_max;
}

static void grow(struct mailbox *mailbox)
{
	size_t capacity = mailbox->capacity == 0 ? 16 : mailbox->capacity * 2;
	struct entry *ring = mem_calloc(capacity, sizeof(*ring));

	for (size_t i = 0; i < mailbox->count; i++)
		ring[i] = mailbox->ring[(mailbox->head + i) % mailbox->capacity];
	mem_free(mailbox->ring);
	mailbox->ring = ring;
	mailbox->head = 0;
	mailbox->capacity = capacity;
}

static void push(struct mailbox *mailbox, void *item, size_t weight)
{
	if (mailbox->count == mailbox->capacity)
		grow(mailbox);
	mailbox->ring[(mailbox->head + mailbox->count) % mailbox->capacity] =
		(struct entry){ item, weight };
	mailbox->weight += weight;
	if (mailbox->count++ == 0)
		signal_fd(mailbox);
	pthread_cond_signal(&mailbox->filled);
}

static void *pop(struct mailbox *mailbox)
{
	struct entry entry = { 0 };

	if (mailbox->count == 0)
		return NULL;
	entry = mailbox->ring[mailbox->head];
	mailbox->head = (mailbox->head + 1) % mailbox->capacity;
	mailbox->weight -= entry.weight;
	if (--mailbox->count == 0)
		drain_fd(mailbox);
	pthread_cond_broadcast(&mailbox->drained);
	return entry.item;
}

bool mailbox_put(struct mailbox *mailbox, void *item, size_t weight)
{
	bool put = false;

	pthread_mutex_lock(&mailbox->mutex);
	while (!mailbox->closed && !has_room(mailbox, weight))
		pthread_cond_wait(&mailbox->drained, &mailbox->mutex);
	put = !mailbox->closed;
	if (put)
		push(mailbox, item, weight);
	pthread_mutex_unlock(&mailbox->mutex);
	return put;
}

bool mailbox_try_put(struct mailbox *mailbox, void *item, size_t weight)
{
	bool put = false;

	pthread_mutex_lock(&mailbox->mutex);
	put = !mailbox->closed && has_room(mailbox, weight);
	if (put)
		push(mailbox, item, weight);
	pthread_mutex_unlock(&mailbox->mutex);
	return put;
}

void *mailbox_take(struct mailbox *mailbox)
{
	void *item = NULL;

	pthread_mutex_lock(&mailbox->mutex);
	item = pop(mailbox);
	pthread_mutex_unlock(&mailbox->mutex);
	return item;
}

static struct timespec deadline_after(int timeout_ms)
{
	struct timespec when = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &when); /* cannot fail */
	when.tv_sec += timeout_ms / 1000;
	when.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000;
	}
	return when;
}

void *mailbox_wait(struct mailbox *mailbox, int timeout_ms)
{
	struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
	void *item = NULL;
	int status = 0;

	pthread_mutex_lock(&mailbox->mutex);
	while (mailbox->count == 0 && !mailbox->closed && status == 0) {
		if (timeout_ms < 0)
			status = pthread_cond_wait(&mailbox->filled, &mailbox->mutex);
		else
			status = pthread_cond_timedwait(&mailbox->filled,
							&mailbox->mutex, &deadline);
	}
	item = pop(mailbox);
	pthread_mutex_unlock(&mailbox->mutex);
	return item;
}

void mailbox_close(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->mutex);
	mailbox->closed = true;
	pthread_cond_broadcast(&mailbox->filled);
	pthread_cond_broadcast(&mailbox->drained);
	pthread_mutex_unlock(&mailbox->mutex);
}

bool mailbox_closed(struct mailbox *mailbox)
{
	bool closed = false;

	pthread_mutex_lock(&mailbox->mutex);
	closed = mailbox->closed;
	pthread_mutex_unlock(&mailbox->mutex);
	return closed;
}

int mailbox_fd(const struct mailbox *mailbox)
{
	return mailbox->fd;
}

size_t mailbox_weight(struct mailbox *mailbox)
{
	size_t weight = 0;

	pthread_mutex_lock(&mailbox->mutex);
	weight = mailbox->weight;
	pthread_mutex_unlock(&mailbox->mutex);
	return weight;
}
