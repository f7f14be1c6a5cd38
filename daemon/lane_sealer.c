/* lane_sealer.c - one queue in, one thread, one mailbox out
 *
 *	lane -> queue: block, block, batch, block -> thread -> batches
 *	  ^------------- spare builders <---------------'
 *
 * One thread takes all in order: when it comes to a batch, the batch's blocks are done.
 */
#include "daemon/lane_sealer.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "pipeline/block_extract.h"

/* a block, or a batch */
struct job {
	struct block_builder *builder;
	struct block_encoded *out;
	struct lane_batch *batch;
};

struct lane_sealer {
	pthread_t thread;
	struct mailbox *queue;
	struct mailbox *spares;
	struct mailbox *batches; /* the lane's */
	struct block_sealing sealing;
	struct block_extractor *extractor; /* the thread's */
	atomic_uint batches_open;
	pthread_mutex_t mutex;
	pthread_cond_t drained;
	unsigned jobs; /* put and not done; under the mutex */
};

void lane_batch_free(struct lane_batch **entry)
{
	batch_free(&(*entry)->batch);
	mem_free(*entry);
	*entry = NULL;
}

static void free_builder(void *item)
{
	struct block_builder *builder = item;

	block_builder_free(&builder);
}

static void free_job(void *item)
{
	mem_free(item);
}

static void seal_block(struct lane_sealer *sealer, const struct job *job)
{
	block_extractor_seal(sealer->extractor, job->builder, job->out);
	if (!mailbox_try_put(sealer->spares, job->builder, 1))
		free_builder(job->builder);
}

static void hand_over(struct lane_sealer *sealer, struct lane_batch *entry)
{
	batch_settle(entry->batch);
	if (!mailbox_put(sealer->batches, entry, batch_weight(entry->batch)))
		lane_batch_free(&entry);
	atomic_fetch_sub(&sealer->batches_open, 1);
}

static void *run(void *argument)
{
	struct lane_sealer *sealer = argument;
	struct job *job = NULL;

	while ((job = mailbox_wait(sealer->queue, -1)) != NULL) {
		if (job->batch == NULL)
			seal_block(sealer, job);
		else
			hand_over(sealer, job->batch);
		mem_free(job);
		pthread_mutex_lock(&sealer->mutex);
		sealer->jobs--;
		if (sealer->jobs == 0)
			pthread_cond_signal(&sealer->drained);
		pthread_mutex_unlock(&sealer->mutex);
	}
	return NULL;
}

static void put(struct lane_sealer *sealer, struct job job)
{
	struct job *item = mem_alloc(sizeof(*item));

	*item = job;
	pthread_mutex_lock(&sealer->mutex);
	sealer->jobs++;
	pthread_mutex_unlock(&sealer->mutex);
	/* closed by lane_sealer_free only, when the lane has ended */
	if (!mailbox_put(sealer->queue, item, 1))
		mem_free(item);
}

static struct block_builder *put_block(void *context, struct block_builder *full,
				       struct block_encoded *out)
{
	struct lane_sealer *sealer = context;

	put(sealer, (struct job){ .builder = full, .out = out });
	return mailbox_take(sealer->spares);
}

void lane_sealer_put(struct lane_sealer *sealer, struct batch *batch, uint64_t epoch)
{
	struct lane_batch *entry = mem_alloc(sizeof(*entry));

	*entry = (struct lane_batch){ batch, epoch };
	atomic_fetch_add(&sealer->batches_open, 1);
	put(sealer, (struct job){ .batch = entry });
}

bool lane_sealer_has_batches(const struct lane_sealer *sealer)
{
	return atomic_load(&sealer->batches_open) > 0;
}

void lane_sealer_drain(struct lane_sealer *sealer)
{
	pthread_mutex_lock(&sealer->mutex);
	while (sealer->jobs > 0)
		pthread_cond_wait(&sealer->drained, &sealer->mutex);
	pthread_mutex_unlock(&sealer->mutex);
}

const struct block_sealing *lane_sealer_sealing(const struct lane_sealer *sealer)
{
	return &sealer->sealing;
}

struct lane_sealer *lane_sealer_new(struct mailbox *batches)
{
	struct lane_sealer *sealer = mem_calloc(1, sizeof(*sealer));

	sealer->queue = mailbox_new(SEALER_QUEUE);
	sealer->spares = mailbox_new(SEALER_QUEUE);
	sealer->batches = batches;
	sealer->extractor = block_extractor_new();
	sealer->sealing =
		(struct block_sealing){ .seal = put_block, .context = sealer };
	pthread_mutex_init(&sealer->mutex, NULL);
	pthread_cond_init(&sealer->drained, NULL);
	pthread_create(&sealer->thread, NULL, run, sealer);
	(void)pthread_setname_np(sealer->thread, "lane_seal"); /* a comfort only */
	return sealer;
}

void lane_sealer_free(struct lane_sealer **sealer_ptr)
{
	struct lane_sealer *sealer = *sealer_ptr;

	if (sealer == NULL)
		return;
	mailbox_close(sealer->queue);
	pthread_join(sealer->thread, NULL);
	mailbox_free(&sealer->queue, free_job);
	mailbox_free(&sealer->spares, free_builder);
	block_extractor_free(&sealer->extractor);
	pthread_cond_destroy(&sealer->drained);
	pthread_mutex_destroy(&sealer->mutex);
	mem_free(sealer);
	*sealer_ptr = NULL;
}
